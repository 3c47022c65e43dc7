//! Request bodies on their way to disk.

use std::io;

use futures::TryStreamExt;
use s3s::{
    TrailingHeaders,
    checksum::ChecksumHasher,
    dto::{Checksum, StreamingBlob},
    s3_error,
};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::fault::Result;

/// The digests that a request promises, in its headers or behind its body.
pub(super) struct Promised {
    pub(super) headers: axum::http::HeaderMap,
    pub(super) trailers: Option<TrailingHeaders>,
}

const DIGESTS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// Writes a body to a draft, and checks it against what was promised. On an error the draft is gone.
pub(super) async fn receive(draft: NamedTempFile, body: Option<StreamingBlob>, promised: Promised) -> Result<TempPath> {
    let (file, path) = draft.into_parts();
    let mut file = BufWriter::with_capacity(256 * 1024, tokio::fs::File::from_std(file));
    let mut digests = promised.hasher();
    if let Some(body) = body {
        let mut body = body.map_err(|e| s3_error!(io::Error::other(e), IncompleteBody));
        while let Some(chunk) = body.try_next().await? {
            digests.update(&chunk);
            file.write_all(&chunk).await?;
        }
    }
    file.flush().await?;
    promised.check(&digests.finalize())?;
    Ok(path)
}

impl Promised {
    fn hasher(&self) -> ChecksumHasher {
        let wants = |name: &str| {
            let trailer = self.headers.get("x-amz-trailer").and_then(|value| value.to_str().ok()).unwrap_or_default();
            self.headers.contains_key(name) || trailer.split(',').any(|one| one.trim().eq_ignore_ascii_case(name))
        };
        let [crc32, crc32c, crc64nvme, sha1, sha256] = DIGESTS.map(wants);
        ChecksumHasher {
            crc32: crc32.then(Default::default),
            crc32c: crc32c.then(Default::default),
            crc64nvme: crc64nvme.then(Default::default),
            sha1: sha1.then(Default::default),
            sha256: sha256.then(Default::default),
        }
    }

    fn check(&self, found: &Checksum) -> Result<()> {
        let trailers = self.trailers.as_ref().and_then(TrailingHeaders::take).unwrap_or_default();
        let found = [
            &found.checksum_crc32,
            &found.checksum_crc32c,
            &found.checksum_crc64nvme,
            &found.checksum_sha1,
            &found.checksum_sha256,
        ];
        for (name, found) in DIGESTS.into_iter().zip(found) {
            let promised = self.headers.get(name).or_else(|| trailers.get(name));
            if promised.map(|value| value.as_bytes()) != found.as_ref().map(String::as_bytes) {
                return Err(s3_error!(BadDigest, "the body does not match its {name}").into());
            }
        }
        Ok(())
    }
}
