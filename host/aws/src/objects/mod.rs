//! Objects in S3, or in what speaks like it.

mod config;
mod preflight;
mod upload;

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use async_trait::async_trait;
use aws_sdk_s3::{
    Client,
    presigning::PresigningConfig,
    primitives::{ByteStream as SdkStream, ByteStreamError, DateTime},
};
use bytes::{Bytes, BytesMut};
use enginehouse_capabilities::{ByteStream, Error, MAX_PRESIGNED, ObjectEntry, ObjectPage, ObjectUri, Objects, Result};
use futures::{StreamExt, stream};

pub use self::config::{Buckets, S3Access, S3Config};
use self::upload::Upload;
use crate::{
    account::{Account, Service},
    failure::Failure,
};

/// [`Objects`] over `aws-sdk-s3`.
///
/// Retries are the SDK's, but for [`create`](Objects::create): what may have been written is not written again. At most one part of a body (8 MiB) is in memory, so an object has at most 78 GiB.
#[derive(Clone)]
pub struct S3Objects {
    client: Client,
    buckets: Buckets,
    open_to_callers: bool,
    name: String,
}

impl S3Objects {
    /// A client of one endpoint. Speaks to nobody yet.
    pub fn new(config: &S3Config) -> Self {
        Self {
            client: config.client(),
            buckets: config.buckets,
            open_to_callers: config.open_to_callers,
            name: config.name(),
        }
    }

    /// The buckets that an account reaches, in its region. Speaks to nobody yet.
    ///
    /// Needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject`, `s3:ListBucket` and `s3:AbortMultipartUpload`. Without `s3:ListBucket`
    /// what is missing is `Denied`, since S3 then does not tell.
    pub fn of_account(account: &Account, access: S3Access) -> Self {
        Self {
            // AWS itself wants the bucket in the host name; what stands in for it seldom has such names.
            client: config::client(&account.config_of(Service::S3), account.is_elsewhere(Service::S3)),
            buckets: access.buckets,
            open_to_callers: access.open_to_callers,
            name: account.name("S3", Service::S3),
        }
    }

    fn failed<E: Into<Failure>>(&self, verb: &str, uri: &ObjectUri) -> impl FnOnce(E) -> Error {
        move |e| e.into().told_of(&self.name, verb, uri)
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn head(&self, uri: &ObjectUri) -> Result<ObjectEntry> {
        must_be_there(uri)?;
        let request = self.client.head_object().bucket(uri.bucket()).key(uri.key());
        let head = request.send().await.map_err(self.failed("find", uri))?;
        Ok(ObjectEntry {
            uri: uri.clone(),
            bytes: size(head.content_length()),
            modified: milliseconds(head.last_modified()),
        })
    }

    async fn list(&self, prefix: &ObjectUri, after: Option<&str>) -> Result<ObjectPage> {
        let prefix = prefix.as_prefix();
        let request = self.client.list_objects_v2().bucket(prefix.bucket()).prefix(prefix.key()).max_keys(1000);
        let page = request.set_continuation_token(after.map(str::to_owned)).send().await;
        let page = page.map_err(self.failed("list", &prefix))?;
        let entries = page.contents().iter().filter_map(|object| {
            // Other writers may leave folder markers and keys such as `a//b`: neither is an object here.
            let uri = ObjectUri::new(prefix.bucket(), object.key()?).ok().filter(|uri| !uri.is_prefix())?;
            Some(ObjectEntry { uri, bytes: size(object.size()), modified: milliseconds(object.last_modified()) })
        });
        Ok(ObjectPage { entries: entries.collect(), next: page.next_continuation_token().map(str::to_owned) })
    }

    async fn read(&self, uri: &ObjectUri, offset: u64, length: u64) -> Result<Bytes> {
        must_be_there(uri)?;
        // HTTP has no range of no bytes, and servers differ on positions beyond what a signed number holds.
        let Some(last) = length.checked_sub(1).map(|more| offset.saturating_add(more).min(FURTHEST)) else {
            return self.head(uri).await.map(|_| Bytes::new());
        };
        if offset > FURTHEST {
            return self.head(uri).await.map(|_| Bytes::new());
        }
        let request = self.client.get_object().bucket(uri.bucket()).key(uri.key());
        match request.range(format!("bytes={offset}-{last}")).send().await.map_err(Failure::from) {
            Ok(found) => {
                gather(found.body, size(found.content_length).min(length)).await.map_err(self.failed("read", uri))
            }
            Err(failure) if failure.is_beyond_the_end() => Ok(Bytes::new()),
            Err(failure) => Err(self.failed("read", uri)(failure)),
        }
    }

    async fn stream(&self, uri: &ObjectUri) -> Result<ByteStream> {
        must_be_there(uri)?;
        let request = self.client.get_object().bucket(uri.bucket()).key(uri.key());
        let body = request.send().await.map_err(self.failed("read", uri))?.body;
        // A body that broke off says so once: asked again, it might say so for ever.
        let next = |(store, uri, body): (Self, ObjectUri, Option<SdkStream>)| async move {
            let mut body = body?;
            Some(match body.next().await? {
                Ok(chunk) => (Ok(chunk), (store, uri, Some(body))),
                Err(e) => (Err(std::io::Error::other(store.failed("read", &uri)(e))), (store, uri, None)),
            })
        };
        Ok(stream::unfold((self.clone(), uri.clone(), Some(body)), next).boxed())
    }

    async fn write(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        must_be_writable(uri)?;
        Upload::new(self, uri).run(body).await
    }

    async fn create(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        must_be_writable(uri)?;
        Upload::of_new(self, uri).run(body).await
    }

    async fn presign(&self, uri: &ObjectUri, lifetime: Duration) -> Result<String> {
        must_be_there(uri)?;
        if lifetime.is_zero() || lifetime > MAX_PRESIGNED {
            let days = MAX_PRESIGNED.as_secs() / 86_400;
            return Err(Error::Invalid(format!("an address lives for a second at least and {days} days at most")));
        }
        let config = PresigningConfig::expires_in(lifetime).map_err(|e| Error::other("cannot sign an address", e))?;
        let request = self.client.get_object().bucket(uri.bucket()).key(uri.key());
        let signed = request.presigned(config).await.map_err(self.failed("sign an address of", uri))?;
        Ok(signed.uri().to_owned())
    }

    async fn delete(&self, uri: &ObjectUri) -> Result<()> {
        if uri.is_prefix() {
            return Err(Error::Invalid(format!("`{uri}` is a prefix: list it and delete its objects one by one")));
        }
        let request = self.client.delete_object().bucket(uri.bucket()).key(uri.key());
        match request.send().await.map_err(Failure::from) {
            Err(failure) if failure.is_no_such_key() => Ok(()),
            done => done.map(drop).map_err(self.failed("delete", uri)),
        }
    }

    fn open_to_callers(&self) -> bool {
        self.open_to_callers
    }
}

impl fmt::Debug for S3Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Objects").field("name", &self.name).field("buckets", &self.buckets).finish_non_exhaustive()
    }
}

impl fmt::Display for S3Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A body in one piece. The SDK's own way holds it twice, in pieces and whole.
async fn gather(mut body: SdkStream, expected: u64) -> Result<Bytes, ByteStreamError> {
    let mut whole = BytesMut::with_capacity(usize::try_from(expected).unwrap_or_default());
    while let Some(chunk) = body.try_next().await? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// No object is this large; positions are signed in some servers.
const FURTHEST: u64 = i64::MAX as u64 - 1;

fn must_be_there(uri: &ObjectUri) -> Result<()> {
    match uri.is_prefix() {
        true => Err(Error::NotFound(format!("`{uri}` is a prefix and no object: list it"))),
        false => Ok(()),
    }
}

fn must_be_writable(uri: &ObjectUri) -> Result<()> {
    match uri.is_prefix() {
        true => Err(Error::Invalid(format!("`{uri}` is a prefix: name the object to write under it"))),
        false => Ok(()),
    }
}

fn size(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}

fn milliseconds(time: Option<&DateTime>) -> u64 {
    let since = time.and_then(|time| std::time::SystemTime::try_from(*time).ok()?.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
}
