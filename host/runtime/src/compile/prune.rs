//! Keeps the folder of compiled plugins from growing with every version there ever was.

use std::{
    cmp::Reverse,
    fs::{self, File},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

/// How files of compiled plugins end.
pub(super) const ENDING: &str = "cwasm";
/// What nobody used for so long is deleted,
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// and of the rest what was used longest ago, beyond this many bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Notes that a file was used, and deletes the files beside it that were not used lately. What fails is logged only: the next
/// load looks again.
pub(super) fn used(path: &Path) {
    let noted = File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = noted.and_then(|()| prune(path, MAX_AGE, MAX_BYTES)) {
        tracing::warn!(%error, path = %path.display(), "old compiled plugins beside this one could not be deleted");
    }
}

fn prune(used: &Path, max_age: Duration, max_bytes: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in used.parent().map(fs::read_dir).transpose()?.into_iter().flatten() {
        let path = entry?.path();
        // Another process may delete it at the same moment.
        if path.extension().is_some_and(|ending| ending == ENDING)
            && let Ok(found) = fs::metadata(&path)
        {
            files.push((found.modified()?, found.len(), path));
        }
    }
    files.sort_by_key(|(used, ..)| Reverse(*used));
    let now = SystemTime::now();
    let mut bytes = 0_u64;
    for (last, length, path) in files {
        bytes = bytes.saturating_add(length);
        let is_old = now.duration_since(last).is_ok_and(|age| age > max_age);
        if (is_old || bytes > max_bytes) && path != used {
            fs::remove_file(&path).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A folder with files of 100 bytes, used so many days ago.
    fn folder(files: &[(&str, u32)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, days) in files {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - DAY * *days).unwrap();
        }
        folder
    }

    fn left(folder: &tempfile::TempDir) -> Vec<String> {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_not_used_for_a_month_goes() {
        let folder = folder(&[("a.cwasm", 0), ("b.cwasm", 29), ("c.cwasm", 31), ("d.cwasm", 90), ("key", 900)]);
        used(&folder.path().join("d.cwasm"));
        assert_eq!(left(&folder), ["a.cwasm", "b.cwasm", "d.cwasm", "key"]);
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let folder = folder(&[("a.cwasm", 3), ("b.cwasm", 1), ("c.cwasm", 2), ("key", 9)]);
        prune(&folder.path().join("b.cwasm"), 30 * DAY, 250).unwrap();
        assert_eq!(left(&folder), ["b.cwasm", "c.cwasm", "key"]);
        prune(&folder.path().join("c.cwasm"), 30 * DAY, 10).unwrap();
        assert_eq!(left(&folder), ["c.cwasm", "key"], "never what is in use");
    }

    #[test]
    fn a_folder_that_is_gone_is_no_failure() {
        let folder = folder(&[]);
        used(&folder.path().join("gone/x.cwasm"));
    }
}
