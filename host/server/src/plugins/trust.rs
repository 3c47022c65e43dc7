//! Whose components may serve.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::Context as _;
use bytes::Bytes;
use enginehouse_protocols::signature::Publishers;
use enginehouse_runtime::LoadError;

use super::{Error, Result};
use crate::config;

#[derive(Debug)]
pub(super) struct Trust {
    publishers: Publishers,
    /// Without a signature only these may, by digest; none: any may.
    signed_but_for: Option<BTreeSet<String>>,
}

impl Trust {
    /// Reads the publishers' keys. `bundled` are the components that came with the server, by digest.
    ///
    /// # Errors
    /// Where a key cannot be used, or signatures are required and there is none.
    pub(super) fn read(settings: &config::Plugins, bundled: BTreeSet<String>) -> anyhow::Result<Self> {
        let keys = settings.publishers.iter().map(|(name, file)| {
            let key = std::fs::read_to_string(file);
            let key = key.with_context(|| format!("cannot read {} (`plugins.publishers.{name}`)", file.display()))?;
            Ok((name.clone(), key))
        });
        let keys: BTreeMap<String, String> = keys.collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(
            !settings.require_signature || !keys.is_empty(),
            "`plugins.require-signature` is set and `plugins.publishers` names nobody: add their public keys"
        );
        let publishers = Publishers::new(keys).context("`plugins.publishers` cannot be used")?;
        Ok(Self { publishers, signed_but_for: settings.require_signature.then_some(bundled) })
    }

    /// Refuses a component that may not serve. A key that was taken out of the configuration no longer counts.
    pub(super) async fn check(self: &Arc<Self>, digest: &str, wasm: &Bytes, signature: Option<&[u8]>) -> Result<()> {
        match &self.signed_but_for {
            Some(bundled) if !bundled.contains(digest) => self.publisher(wasm, signature).await.map(drop),
            _ => Ok(()),
        }
    }

    /// Who signed a component; none where it needs no signature and has none. One that does not count is refused either way: who
    /// sends it wants it looked at.
    pub(super) async fn publisher(self: &Arc<Self>, wasm: &Bytes, signature: Option<&[u8]>) -> Result<Option<String>> {
        let Some(signature) = signature.map(<[u8]>::to_vec) else {
            return match self.signed_but_for {
                Some(_) => {
                    Err(Error::Unsigned("it came with none; hand in its `.sig`, or sign the artifact".to_owned()))
                }
                None => Ok(None),
            };
        };
        let (this, wasm) = (Arc::clone(self), wasm.clone());
        let verify = move || this.publishers.verify(&wasm, &signature).map(str::to_owned);
        let verified = tokio::task::spawn_blocking(verify).await;
        let verified =
            verified.map_err(|error| LoadError::Host(format!("the signature could not be read: {error}")))?;
        verified.map(Some).map_err(|error| Error::Unsigned(error.to_string()))
    }
}
