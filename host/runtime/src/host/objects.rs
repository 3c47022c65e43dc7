//! `objects`: the object store, within the attempt.

use bytes::Bytes;
use enginehouse_capabilities::{AttemptScope, Error, ObjectUri, Result};
use futures::{FutureExt as _, StreamExt as _, future};

use super::{View, at_most};
use crate::bindings::enginehouse::supervisor::objects::{Entry, Host, Page};

/// The most bytes of one read or write.
const MAX_BYTES: usize = 1 << 20;
/// The most bytes of a page's continuation.
const MAX_AFTER: usize = 4 << 10;

impl Host for View {
    async fn head(&mut self, uri: String) -> Result<Entry> {
        let uri = self.uri("objects.head", &uri, readable)?;
        Ok(self.capabilities.objects.head(&uri).await?.into())
    }

    async fn list(&mut self, prefix: String, after: Option<String>) -> Result<Page> {
        let prefix = self.uri("objects.list", &prefix, readable)?;
        if !prefix.is_prefix() {
            return Err(Error::Invalid(format!(
                "`{prefix}` is no prefix; end it with `/`, or ask for the object's head"
            )));
        }
        at_most("`after`", after.as_deref().map_or(0, str::len), MAX_AFTER)?;
        Ok(self.capabilities.objects.list(&prefix, after.as_deref()).await?.into())
    }

    async fn read(&mut self, uri: String, offset: u64, length: u32) -> Result<Vec<u8>> {
        let uri = self.uri("objects.read", &uri, readable)?;
        at_most("a read", length as usize, MAX_BYTES)?;
        Ok(self.capabilities.objects.read(&uri, offset, length.into()).await?.into())
    }

    async fn write(&mut self, uri: String, body: Vec<u8>) -> Result<()> {
        let uri = self.uri("objects.write", &uri, |scope, uri| scope.scratch.covers(uri) && !uri.is_prefix())?;
        at_most("a write", body.len(), MAX_BYTES)?;
        let body = future::ready(Ok(Bytes::from(body))).into_stream().boxed();
        self.capabilities.objects.write(&uri, body).await.map(|_| ())
    }
}

/// Inputs, results and the plugin's own files.
fn readable(scope: &AttemptScope, uri: &ObjectUri) -> bool {
    scope.inputs.iter().chain([&scope.output, &scope.scratch]).any(|allowed| allowed.covers(uri))
}
