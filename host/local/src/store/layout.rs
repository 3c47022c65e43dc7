//! Where objects lie on disk.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use enginehouse_capabilities::ObjectUri;
use rustix::{fs::OFlags, io::Errno};
use s3s::{dto::ETag, s3_error};
use tempfile::{NamedTempFile, TempPath};

use super::fault::{Fault, Result};

/// A multipart upload that nobody completed is kept this long.
const UPLOAD_KEPT: Duration = Duration::from_hours(24);

/// The folder of the store. Every method blocks.
///
/// Only the host and its clients write here, so looking at a path part by part before opening it is enough to keep
/// symbolic links out; the last part is opened without following one all the same.
#[derive(Clone)]
pub(super) struct Layout {
    root: Arc<Path>,
}

impl Layout {
    /// Makes what is missing and clears what an earlier process left half-written.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let layout = Self { root: fs::canonicalize(root)?.into() };
        let staging = layout.staging();
        match fs::remove_dir_all(&staging) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => fs::create_dir(&staging)?,
        }
        fs::create_dir_all(layout.uploads())?;
        for entry in fs::read_dir(layout.uploads())? {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            if age > UPLOAD_KEPT {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(layout)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where multipart uploads keep their parts. No bucket's name starts with a dot.
    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join(".uploads")
    }

    fn staging(&self) -> PathBuf {
        self.root.join(".staging")
    }

    /// The folder of a bucket that is there.
    pub(super) fn bucket(&self, bucket: &str) -> Result<PathBuf> {
        let path = self.root.join(uri(bucket, "")?.bucket());
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(path),
            Err(e) if !is_missing(&e) => Err(e.into()),
            _ => Err(s3_error!(NoSuchBucket).into()),
        }
    }

    /// Opens an object for reading.
    pub(super) fn object(&self, bucket: &str, key: &str) -> Result<(File, Metadata)> {
        let path = self.find(bucket, key)?.ok_or_else(|| s3_error!(NoSuchKey))?;
        // Between the look and here a special file could have taken its place: neither follow nor wait for it.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| match is_missing(&e) {
            true => Fault::from(s3_error!(NoSuchKey)),
            false => e.into(),
        })?;
        let metadata = file.metadata()?;
        if metadata.is_file() { Ok((file, metadata)) } else { Err(s3_error!(NoSuchKey).into()) }
    }

    /// The file of an object; none where there is no such object.
    pub(super) fn find(&self, bucket: &str, key: &str) -> Result<Option<PathBuf>> {
        let is_file = |metadata: &Metadata| metadata.is_file() && !key.ends_with('/');
        Ok(self.look(bucket, key)?.filter(|(_, metadata)| is_file(metadata)).map(|(path, _)| path))
    }

    /// The folder with the keys that start with `prefix`, which is empty or ends in `/`; none where there is none.
    pub(super) fn folder(&self, bucket: &str, prefix: &str) -> Result<Option<PathBuf>> {
        Ok(self.look(bucket, prefix)?.filter(|(_, metadata)| metadata.is_dir()).map(|(path, _)| path))
    }

    /// A new file that vanishes unless it is [published](Self::publish).
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        // Sandboxes read objects as another user; the data folder above is what keeps other users out.
        tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(self.staging())
    }

    /// Makes a draft the object: at once and whole.
    pub(super) fn publish(&self, draft: TempPath, bucket: &str, key: &str, replace: Replace) -> Result<()> {
        let uri = uri(bucket, key)?;
        let (folders, name) = uri.key().rsplit_once('/').unwrap_or(("", uri.key()));
        let path = self.make_folders(bucket, folders)?.join(name);
        // What is left of deleted objects must not block a key.
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) && remove_empty(&path).is_err() {
            return Err(
                s3_error!(InvalidRequest, "objects lie as files here, and there are some under `{key}/`").into()
            );
        }
        let done = match replace {
            Replace::Yes => draft.persist(&path),
            Replace::No => draft.persist_noclobber(&path),
        };
        done.map_err(|e| match e.error.kind() {
            ErrorKind::AlreadyExists => s3_error!(PreconditionFailed, "there is an object of this key").into(),
            _ => e.error.into(),
        })
    }

    /// The folder of that key below the bucket; makes what is missing.
    pub(super) fn make_folders(&self, bucket: &str, key: &str) -> Result<PathBuf> {
        uri(bucket, key)?;
        let mut path = self.bucket(bucket)?;
        for part in key.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            match fs::create_dir(&path) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists && fs::symlink_metadata(&path)?.is_dir() => {}
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    return Err(s3_error!(
                        InvalidRequest,
                        "objects lie as files here, and `{part}` of this key is one"
                    )
                    .into());
                }
                done => done?,
            }
        }
        Ok(path)
    }

    /// What lies at a key. A symbolic link on the way or at the end is nothing.
    fn look(&self, bucket: &str, key: &str) -> Result<Option<(PathBuf, Metadata)>> {
        let uri = uri(bucket, key)?;
        let mut path = self.bucket(bucket)?;
        let mut metadata = fs::symlink_metadata(&path)?;
        for part in uri.key().split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() || metadata.is_file() => metadata,
                Ok(_) => return Ok(None),
                Err(e) if is_missing(&e) => return Ok(None),
                Err(e) => return Err(e.into()),
            };
        }
        Ok(Some((path, metadata)))
    }
}

/// What to do with the object that is there already.
#[derive(Clone, Copy)]
pub(super) enum Replace {
    Yes,
    No,
}

/// Changes whenever the object does: a new object is a new inode, one changed in place has another time or size.
pub(super) fn tag(metadata: &Metadata) -> ETag {
    let time = format!("{:x}{:08x}", metadata.mtime(), metadata.mtime_nsec());
    ETag::Strong(format!("{time}-{:x}-{:x}", metadata.ino(), metadata.len()))
}

/// Removes a folder that holds nothing but folders.
pub(super) fn remove_empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        remove_empty(&entry.path())?;
    }
    fs::remove_dir(folder)
}

fn uri(bucket: &str, key: &str) -> Result<ObjectUri> {
    ObjectUri::new(bucket, key).map_err(|e| s3_error!(InvalidArgument, "{e}").into())
}

fn is_missing(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
        || e.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}
