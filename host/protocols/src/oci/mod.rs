//! Pulls a component from an OCI registry, as `wkg oci push` and `oras push` put it there.
//!
//! The registry is taken to be hostile. Everything it sends is bounded in size and time and held against its SHA-256;
//! plain HTTP is spoken on this machine alone; credentials go to the registry that they are for, and to the token service
//! which that registry names, and a redirect never carries them to another host. Names that resolve to private addresses
//! are not told apart: there TLS is the guard.
//!
//! The HTTP here is our own: `oci-client` 0.18 reads manifests, tokens and errors of any size into memory, follows
//! redirects to plain HTTP, and panics at a token that is not a header's value.

mod credentials;
mod error;
mod manifest;
mod reference;
mod registry;
mod token;

use std::{fmt, time::Duration};

use bytes::Bytes;

pub use self::{credentials::Credentials, error::Error};
use self::{reference::Place, registry::Registry};

/// The annotation of a manifest that holds the detached signature of its component: base64 of 64 bytes.
///
/// An annotation and not a layer of its own, since other Wasm clients take an artifact with exactly one layer only:
/// `oras push HOST/NAME:TAG --annotation dev.enginehouse.signature="$(base64 -w0 plugin.wasm.sig)" plugin.wasm:application/wasm`.
pub const SIGNATURE: &str = "dev.enginehouse.signature";

/// What was pulled.
#[derive(Clone)]
pub struct Pulled {
    /// The layer, whose SHA-256 is the one in the manifest. Nothing has looked whether it is a valid component.
    pub wasm: Bytes,
    /// The reference as it was given.
    pub reference: String,
    /// `sha256:` and 64 hexadecimal digits, of the manifest: `HOST/NAME@` and this name the same bytes for ever.
    pub manifest_digest: String,
    /// What stands in the annotation [`SIGNATURE`], as it is: base64, which
    /// [`Publishers::verify`](crate::signature::Publishers::verify) reads. Not checked here.
    pub signature: Option<Vec<u8>>,
}

/// How much a pull may take. Above these it ends with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the component. Manifests have a bound of their own, 4 MiB.
    pub most_bytes: u64,
    /// From the first look at the credentials to the last byte. Within it, ten seconds without a connection, or thirty without
    /// a byte, end the pull as well.
    pub time: Duration,
}

impl Default for Limits {
    /// 64 MiB in five minutes.
    fn default() -> Self {
        Self { most_bytes: 64 << 20, time: Duration::from_secs(300) }
    }
}

/// Pulls the component that `reference` names: `HOST[:PORT]/NAME:TAG`, or `HOST[:PORT]/NAME@sha256:…`, which goes first
/// where both are given. Without either the tag is `latest`; the host is never left out.
///
/// A tag is looked up once: what is pulled is what the manifest's digest names, and the digest is of the bytes that came.
/// The artifact has to have exactly one layer, of type `application/wasm` or `application/vnd.wasm.content.layer.v1+wasm`.
///
/// Dropping the future ends the pull; a credential helper that hangs stays behind, on a thread of its own.
pub async fn pull(reference: &str, credentials: &Credentials, limits: Limits) -> Result<Pulled, Error> {
    let place = Place::parse(reference)?;
    let late = || Error::Unavailable {
        registry: place.registry.clone(),
        reason: format!("the pull was not done after {} s", limits.time.as_secs_f32()),
    };
    tokio::time::timeout(limits.time, pull_from(&place, credentials, limits)).await.map_err(|_| late())?
}

async fn pull_from(place: &Place, credentials: &Credentials, limits: Limits) -> Result<Pulled, Error> {
    let login = credentials::login(credentials, place).await?;
    let mut registry = Registry::new(place, login)?;
    let (manifest, manifest_digest) = registry.manifest().await?;
    let layer =
        manifest::layer(&manifest).map_err(|found| Error::NotAComponent { reference: place.given.clone(), found })?;
    let wasm = registry.blob(&layer.digest, layer.size, limits.most_bytes).await?;
    Ok(Pulled { wasm, reference: place.given.clone(), manifest_digest, signature: layer.signature })
}

impl fmt::Debug for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulled")
            .field("wasm", &format_args!("{} bytes", self.wasm.len()))
            .field("reference", &self.reference)
            .field("manifest_digest", &self.manifest_digest)
            .field("signed", &self.signature.is_some())
            .finish()
    }
}
