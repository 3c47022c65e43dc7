//! Giving a program its inputs: the store's own files, linked into a folder that is mounted read-only.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use enginehouse_capabilities::{Error, ObjectUri, Result};

use super::folder::create_folder;

/// Links each input, or all that lies under it, to `<inputs>/<bucket>/<key>`. A file that `other` users may not read is
/// copied where the program is one of them.
pub(super) fn link(store: &Path, inputs: &Path, uris: &[ObjectUri], other: bool) -> Result<()> {
    for uri in uris {
        let key = uri.key().trim_end_matches('/');
        let from = store.join(uri.bucket()).join(key);
        let failed = |error| Error::other(format!("could not give the program `{uri}`"), error);
        let found = match fs::symlink_metadata(&from) {
            // Without the last `/` too: people name a folder of files like that.
            Ok(found) if found.is_dir() => place(&from, &inputs.join(uri.bucket()).join(key), inputs, other),
            Ok(found) if found.is_file() && !uri.is_prefix() => {
                let to = inputs.join(uri.bucket()).join(key);
                to.parent()
                    .map_or(Ok(()), |parent| folders(inputs, parent))
                    .and_then(|()| give(&from, &to, other))
                    .map(|()| 1)
            }
            Ok(_) => Ok(0),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(0),
            Err(error) => Err(error),
        };
        if found.map_err(failed)? == 0 {
            return Err(Error::NotFound(format!("there is no object at `{uri}`")));
        }
    }
    Ok(())
}

/// Links every file below `from`; answers how many. Links that somebody planted in the store are passed over.
pub(super) fn place(from: &Path, to: &Path, inputs: &Path, other: bool) -> io::Result<u64> {
    let mut count = 0;
    let mut next = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = next.pop() {
        let mut made = false;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let (from, below) = (entry.path(), to.join(entry.file_name()));
            if kind.is_dir() {
                next.push((from, below));
            } else if kind.is_file() {
                if !made {
                    folders(inputs, &to)?;
                    made = true;
                }
                give(&from, &below, other)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn give(from: &Path, to: &Path, other: bool) -> io::Result<()> {
    let readable = fs::symlink_metadata(from)?.permissions().mode() & 0o004 != 0;
    if readable || !other {
        match fs::hard_link(from, to) {
            Ok(()) => return Ok(()),
            // Two inputs may overlap.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::CrossesDevices | io::ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error),
        }
    }
    fs::copy(from, to)?;
    fs::set_permissions(to, Permissions::from_mode(0o644))
}

/// Makes `folder` and what is missing above it, readable for the program.
fn folders(inputs: &Path, folder: &Path) -> io::Result<()> {
    let mut below = inputs.to_owned();
    for part in folder.strip_prefix(inputs).map_err(io::Error::other)?.components() {
        below.push(part);
        create_folder(&below, 0o755)?;
    }
    Ok(())
}
