//! An object store on this machine: an S3 endpoint on loopback over a folder of files.
//!
//! An object `s3://bucket/key` is the file `<root>/bucket/key` and nothing else, so what engines put there by a rename is
//! an object at once, and an object can be handed to a sandbox as a hard link. The protocol and its signatures are the
//! crate `s3s`; the files are ours, because ready-made backends keep metadata in files beside the objects, which go stale
//! when a file changes on disk and have no room for a long key.
//!
//! A sandbox has the same over two folders: what its program was given, and what it writes.
//!
//! What differs from S3:
//! - A key is laid out as a path: `a` and `a/b` cannot both be objects (400), and a part of a key has at most 255 bytes.
//! - A key has no empty part, `.` or `..` (400). `PUT key/` without a body makes a folder, which is never listed.
//! - Symbolic links and other special files are no objects: never followed, never listed.
//! - User metadata, content types, tags, versions and ACLs are not kept. An ETag is made of time and size, it is no MD5.
//! - The only delimiter of a list is `/`, and the only condition of a write `If-None-Match: *`.
//! - A write is whole or not at all for every reader; after a power failure it is as durable as the file system made it.

mod body;
mod credentials;
mod endpoint;
mod fault;
mod layout;
mod listing;
mod multipart;
mod sandboxed;
mod service;

use std::{fmt, io, net::SocketAddr, path::Path};

use enginehouse_capabilities::{Error, Result};
use s3s::service::S3Service;
use tokio::net::TcpListener;

use self::{credentials::Credentials, layout::Layout, service::service};
pub(crate) use self::{layout::DRAFTS, sandboxed::serve_sandbox};

/// The region that the store answers for.
pub const REGION: &str = "us-east-1";

/// The object store of one data folder. One process at a time may have it open.
pub struct EmbeddedStore {
    layout: Layout,
    credentials: Credentials,
    service: S3Service,
}

/// What a client needs to speak to the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://127.0.0.1:<port>`; buckets are the first part of the path.
    pub url: String,
    /// Any region works; this one is expected.
    pub region: String,
    /// Names the key pair; no secret.
    pub access_key: String,
    /// Never shown by `Debug`.
    pub secret_key: String,
}

impl EmbeddedStore {
    /// Opens the store in a data folder, which it makes where it is missing: objects in `<data>/objects`, the key pair in
    /// `<data>/store-key.json`. Half-written objects of an earlier process are cleared away.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the key pair is not readable or open to other users, else what the file system said.
    pub async fn open(data: &Path) -> Result<Self> {
        let data = data.to_owned();
        let (layout, credentials) = tokio::task::spawn_blocking(move || {
            let layout = Layout::open(&data.join("objects"))
                .map_err(|e| Error::other(format!("cannot open the object store in {}", data.display()), e))?;
            Ok::<_, Error>((layout, Credentials::load(&data.join("store-key.json"))?))
        })
        .await
        .map_err(|e| Error::other("opening the object store was interrupted", e))??;
        let service = service(layout.clone(), &credentials);
        Ok(Self { layout, credentials, service })
    }

    /// Where the files lie: the object `s3://bucket/key` is `<root>/bucket/key`. A file or folder on the same file system
    /// can be renamed into it. Names that start with a dot are the store's own.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// What a client needs, given the address that the store is served on.
    pub fn endpoint(&self, address: SocketAddr) -> Endpoint {
        Endpoint {
            url: format!("http://{address}"),
            region: REGION.to_owned(),
            access_key: self.credentials.access_key.clone(),
            secret_key: self.credentials.secret_key.clone(),
        }
    }

    /// Answers S3 requests on `listener` until the future is dropped.
    ///
    /// # Errors
    /// A listener beyond loopback is refused: the traffic is not encrypted.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        service::serve(self.service.clone(), listener).await
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("root", &self.root()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url).field("access_key", &self.access_key).finish_non_exhaustive()
    }
}
