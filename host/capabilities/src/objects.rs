//! The object store.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::{Error, ObjectUri, Result};

/// The longest that a presigned address may live: seven days.
pub const MAX_PRESIGNED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A body that is never wholly in memory.
pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Where it is.
    pub uri: ObjectUri,
    /// Its size.
    pub bytes: u64,
    /// Milliseconds since the Unix epoch.
    pub modified: u64,
}

/// Some of the objects under a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectPage {
    /// At most 1,000, in key order.
    pub entries: Vec<ObjectEntry>,
    /// Hand it back to get the next page; none on the last.
    pub next: Option<String>,
}

/// Objects under `s3://bucket/key`.
///
/// A write is whole or not at all: a reader sees the old object or the new one, never a part. Every method answers
/// `Unavailable` where the store cannot be reached and `NotFound` where object or bucket is missing.
#[async_trait]
pub trait Objects: Send + Sync + fmt::Debug + fmt::Display {
    /// What is known about one object. A prefix is no object: `NotFound`.
    async fn head(&self, uri: &ObjectUri) -> Result<ObjectEntry>;

    /// The objects under a prefix, in key order, one page. `after` is the `next` of the page before.
    async fn list(&self, prefix: &ObjectUri, after: Option<&str>) -> Result<ObjectPage>;

    /// At most `length` bytes from `offset`; fewer at the end, none beyond it.
    async fn read(&self, uri: &ObjectUri, offset: u64, length: u64) -> Result<Bytes>;

    /// The whole object as a stream.
    async fn stream(&self, uri: &ObjectUri) -> Result<ByteStream>;

    /// Writes one object, replacing what is there; makes the bucket where it is missing and the backend may. Answers the
    /// bytes written. A stream that fails leaves nothing behind.
    async fn write(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64>;

    /// Writes one object where there is none, like [`write`](Self::write).
    ///
    /// # Errors
    /// [`Error::Conflict`] where there is one already, also one that another writer finished first; it stays as it is. Where the store
    /// does not say how it went (`Unavailable`, `TimedOut`), the object may have been written: look before you try again.
    async fn create(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64>;

    /// An address that anybody can read the object from over HTTP, without credentials, for so long. Whether the object is there is not
    /// looked at. It may end earlier, with the credentials that signed it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no time at all, and for more than [`MAX_PRESIGNED`]; [`Error::Unconfigured`] where the store has no such
    /// addresses.
    async fn presign(&self, _uri: &ObjectUri, _lifetime: Duration) -> Result<String> {
        Err(Error::Unconfigured(format!("{self} gives no addresses to read from; read the object through this server")))
    }

    /// Deletes one object; none there is no error.
    async fn delete(&self, uri: &ObjectUri) -> Result<()>;

    /// Whether callers of the HTTP API may write here: so with the embedded backend.
    fn open_to_callers(&self) -> bool {
        false
    }
}
