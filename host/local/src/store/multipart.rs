//! Uploads in parts.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::PathBuf,
    time::SystemTime,
};

use s3s::{
    dto::{CompletedPart, ETag, Part, Timestamp},
    s3_error,
};
use tempfile::TempPath;

use super::{
    fault::Result,
    layout::{Layout, Replace, tag},
};

/// One upload: a folder with a file a part. Every method blocks.
pub(super) struct Upload {
    folder: PathBuf,
}

impl Upload {
    /// Begins an upload and answers its id. It is bound to its bucket and key.
    pub(super) fn create(layout: &Layout, bucket: &str, key: &str) -> Result<String> {
        layout.writable(bucket, key)?;
        layout.find(bucket, key)?;
        let id = hex::encode(rand::random::<[u8; 16]>());
        let folder = layout.uploads().join(&id);
        fs::create_dir(&folder)?;
        fs::write(folder.join("target"), format!("{bucket}/{key}"))?;
        Ok(id)
    }

    /// The upload of that id, if it is for that object.
    pub(super) fn find(layout: &Layout, id: &str, bucket: &str, key: &str) -> Result<Self> {
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(s3_error!(NoSuchUpload).into());
        }
        let folder = layout.uploads().join(id);
        match fs::read_to_string(folder.join("target")) {
            Ok(target) if target == format!("{bucket}/{key}") => Ok(Self { folder }),
            Ok(_) => Err(s3_error!(NoSuchUpload).into()),
            Err(e) if e.kind() == ErrorKind::NotFound => Err(s3_error!(NoSuchUpload).into()),
            Err(e) => Err(e.into()),
        }
    }

    /// Keeps a part, in place of an earlier one of its number.
    pub(super) fn keep(&self, number: i32, draft: TempPath) -> Result<ETag> {
        if !(1..=10_000).contains(&number) {
            return Err(s3_error!(InvalidArgument, "a part's number is 1 to 10000").into());
        }
        let tag = tag(&fs::metadata(&draft)?);
        draft.persist(self.part(number)).map_err(|e| e.error)?;
        Ok(tag)
    }

    /// The parts that are there, in order.
    pub(super) fn parts(&self) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let metadata = entry.metadata()?;
            parts.push(Part {
                part_number: Some(number),
                e_tag: Some(tag(&metadata)),
                last_modified: Some(Timestamp::from(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH))),
                size: i64::try_from(metadata.len()).ok(),
                ..Part::default()
            });
        }
        parts.sort_unstable_by_key(|part| part.part_number);
        Ok(parts)
    }

    /// Puts the parts together and publishes the object. The parts stay until all is done, so that it can be tried again.
    pub(super) fn complete(
        self,
        layout: &Layout,
        bucket: &str,
        key: &str,
        parts: &[CompletedPart],
        replace: Replace,
    ) -> Result<ETag> {
        if parts.is_empty() {
            return Err(s3_error!(MalformedXML, "an upload has one part at least").into());
        }
        if !parts.iter().map(|part| part.part_number).is_sorted_by(|one, next| one < next) {
            return Err(s3_error!(InvalidPartOrder).into());
        }
        let mut draft = layout.draft()?;
        for part in parts {
            let path = self.part(part.part_number.unwrap_or_default());
            let mut file = File::open(path).map_err(|e| s3_error!(e, InvalidPart))?;
            if part.e_tag.as_ref().is_some_and(|expected| tag_of(&file).is_none_or(|found| found != *expected)) {
                return Err(s3_error!(InvalidPart).into());
            }
            io::copy(&mut file, draft.as_file_mut())?;
        }
        let tag = tag(&draft.as_file().metadata()?);
        layout.publish(draft.into_temp_path(), bucket, key, replace)?;
        self.abort()?;
        Ok(tag)
    }

    /// Forgets the upload and its parts.
    pub(super) fn abort(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.folder)?)
    }

    fn part(&self, number: i32) -> PathBuf {
        self.folder.join(format!("{number:05}"))
    }
}

fn tag_of(file: &File) -> Option<ETag> {
    file.metadata().ok().map(|metadata| tag(&metadata))
}
