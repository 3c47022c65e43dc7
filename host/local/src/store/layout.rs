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

/// The name of the folder of drafts and parts among the results of a run. Nothing in it is an object.
pub(crate) const DRAFTS: &str = ".enginehouse-drafts";

/// The folder of the store, or the two folders of a run. Every method blocks.
///
/// Only those write here who may read all of it, so looking at a path part by part before opening it is enough to keep
/// symbolic links out; the last part is opened without following one all the same.
#[derive(Clone)]
pub(super) struct Layout {
    /// Where objects are written, and looked for first.
    root: Arc<Path>,
    /// What a run was given: looked at next, never written.
    given: Option<Arc<Path>>,
    /// The prefix that a run may write; none where everything may be written.
    output: Option<Arc<ObjectUri>>,
    /// Drafts and parts, on the file system of all that may be written. Objects never lie here.
    drafts: Arc<Path>,
}

impl Layout {
    /// Makes what is missing and clears what an earlier process left half-written.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let root = fs::canonicalize(root)?;
        // No bucket's name starts with a dot.
        let drafts = root.join(".drafts").into();
        let layout = Self { root: root.into(), given: None, output: None, drafts };
        let staging = layout.staging();
        match fs::remove_dir_all(&staging) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => fs::create_dir_all(&staging)?,
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

    /// What a run was given in one folder, and what it writes in another: a single store to whoever asks, in which only
    /// the prefix `output` may be written. Its folder is there.
    pub(super) fn of_run(given: &Path, written: &Path, output: &ObjectUri) -> io::Result<Self> {
        let output = output.as_prefix();
        let drafts = written.join(output.bucket()).join(output.key()).join(DRAFTS);
        let layout = Self {
            root: written.into(),
            given: Some(given.into()),
            output: Some(output.into()),
            drafts: drafts.into(),
        };
        fs::create_dir_all(layout.staging())?;
        fs::create_dir_all(layout.uploads())?;
        Ok(layout)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Every folder with objects, in the order in which they are looked at.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&*self.root).chain(self.given.as_deref())
    }

    /// Where multipart uploads keep their parts.
    pub(super) fn uploads(&self) -> PathBuf {
        self.drafts.join("uploads")
    }

    fn staging(&self) -> PathBuf {
        self.drafts.join("staging")
    }

    /// Whether it is ours, and so no object and no folder of objects.
    pub(super) fn is_ours(&self, path: &Path) -> bool {
        path.starts_with(&self.drafts)
    }

    /// Whether drafts lie somewhere in this folder, which must then stay.
    fn must_stay(&self, folder: &Path) -> bool {
        self.drafts.starts_with(folder)
    }

    /// The folders of a bucket that is there.
    pub(super) fn bucket(&self, bucket: &str) -> Result<Vec<PathBuf>> {
        let uri = uri(bucket, "")?;
        let mut found = Vec::new();
        for path in self.roots().map(|root| root.join(uri.bucket())) {
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => found.push(path),
                Err(e) if !is_missing(&e) => return Err(e.into()),
                _ => {}
            }
        }
        if found.is_empty() { Err(s3_error!(NoSuchBucket).into()) } else { Ok(found) }
    }

    /// Refuses what may not be written, in words: whether it could be is up to the file system.
    pub(super) fn writable(&self, bucket: &str, key: &str) -> Result<()> {
        let uri = uri(bucket, key)?;
        match &self.output {
            Some(output) if !output.covers(&uri) => {
                Err(s3_error!(AccessDenied, "`{uri}` is read-only for this run: write below `{output}`").into())
            }
            Some(_) if self.is_ours(&self.root.join(bucket).join(key)) => {
                Err(s3_error!(InvalidArgument, "`{DRAFTS}` is no part of a key").into())
            }
            _ => Ok(()),
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
        let mut found = self.look(bucket, key)?.into_iter();
        let file = found.find(|(_, metadata)| metadata.is_file() && !key.ends_with('/'));
        Ok(file.map(|(path, _)| path))
    }

    /// The folders with the keys that start with `prefix`, which is empty or ends in `/`.
    pub(super) fn folders(&self, bucket: &str, prefix: &str) -> Result<Vec<PathBuf>> {
        let found = self.look(bucket, prefix)?.into_iter();
        Ok(found.filter(|(_, metadata)| metadata.is_dir()).map(|(path, _)| path).collect())
    }

    /// A new file that vanishes unless it is [published](Self::publish).
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        // Sandboxes read objects as another user; the data folder above is what keeps other users out.
        tempfile::Builder::new().permissions(Permissions::from_mode(0o644)).tempfile_in(self.staging())
    }

    /// Makes a draft the object: at once and whole.
    pub(super) fn publish(&self, draft: TempPath, bucket: &str, key: &str, replace: Replace) -> Result<()> {
        self.writable(bucket, key)?;
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

    /// Removes an object, or the empty folder of a key that ends in `/`. What is not there is no error.
    pub(super) fn remove(&self, bucket: &str, key: &str) -> Result<()> {
        self.writable(bucket, key)?;
        let is_given = |path: &Path| self.given.as_deref().is_some_and(|given| path.starts_with(given));
        let done = match self.find(bucket, key)? {
            Some(file) if is_given(&file) => {
                return Err(s3_error!(AccessDenied, "`{key}` is a source of this run").into());
            }
            Some(file) => fs::remove_file(file),
            None if key.ends_with('/') => {
                let folders = self.folders(bucket, key)?;
                let mut own = folders.iter().filter(|folder| !is_given(folder) && !self.must_stay(folder));
                own.try_for_each(|folder| remove_empty(folder))
            }
            None => Ok(()),
        };
        match done {
            Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// The folder of that key below the bucket; makes what is missing.
    pub(super) fn make_folders(&self, bucket: &str, key: &str) -> Result<PathBuf> {
        uri(bucket, key)?;
        self.bucket(bucket)?;
        let mut path = self.root.join(bucket);
        for part in key.split('/').filter(|part| !part.is_empty()) {
            path.push(part);
            // The way to the output is there already, and clients walk it.
            if !self.must_stay(&path) {
                self.writable(bucket, key)?;
            }
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

    /// What lies at a key, in any of the roots.
    fn look(&self, bucket: &str, key: &str) -> Result<Vec<(PathBuf, Metadata)>> {
        let uri = uri(bucket, key)?;
        let found = self.bucket(bucket)?.into_iter().map(|bucket| below(bucket, uri.key()));
        let found = found.filter_map(std::result::Result::transpose).collect::<io::Result<Vec<_>>>()?;
        Ok(found.into_iter().filter(|(path, _)| !self.is_ours(path)).collect())
    }
}

/// What lies at `key` in the folder of a bucket. A symbolic link on the way or at the end is nothing.
fn below(mut path: PathBuf, key: &str) -> io::Result<Option<(PathBuf, Metadata)>> {
    let mut metadata = fs::symlink_metadata(&path)?;
    for part in key.split('/').filter(|part| !part.is_empty()) {
        path.push(part);
        metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() || metadata.is_file() => metadata,
            Ok(_) => return Ok(None),
            Err(e) if is_missing(&e) => return Ok(None),
            Err(e) => return Err(e),
        };
    }
    Ok(Some((path, metadata)))
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
