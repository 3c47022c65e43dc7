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
        let uri = self.readable("objects.head", &uri)?;
        Ok(self.capabilities.objects.head(&uri).await?.into())
    }

    async fn list(&mut self, prefix: String, after: Option<String>) -> Result<Page> {
        let prefix = self.readable("objects.list", &prefix)?;
        if !prefix.is_prefix() {
            return Err(Error::Invalid(format!(
                "`{prefix}` is no prefix; end it with `/`, or ask for the object's head"
            )));
        }
        at_most("`after`", after.as_deref().map_or(0, str::len), MAX_AFTER)?;
        Ok(self.capabilities.objects.list(&prefix, after.as_deref()).await?.into())
    }

    async fn read(&mut self, uri: String, offset: u64, length: u32) -> Result<Vec<u8>> {
        let uri = self.readable("objects.read", &uri)?;
        at_most("a read", length as usize, MAX_BYTES)?;
        Ok(self.capabilities.objects.read(&uri, offset, length.into()).await?.into())
    }

    async fn write(&mut self, uri: String, body: Vec<u8>) -> Result<()> {
        let uri = self.uri("objects.write", &uri, |scope, uri| scope.scratch.covers(uri) && !uri.is_prefix())?;
        self.own.grants.allow_write(&self.cx.framework, "objects.write", &uri)?;
        self.spend("objects.write")?;
        at_most("a write", body.len(), MAX_BYTES)?;
        let body = future::ready(Ok(Bytes::from(body))).into_stream().boxed();
        self.capabilities.objects.write(&uri, body).await.map(|_| ())
    }
}

impl View {
    /// Inputs, results and the plugin's own files, where they are granted.
    fn readable(&self, function: &str, uri: &str) -> Result<ObjectUri> {
        let of_attempt = |scope: &AttemptScope, uri: &ObjectUri| {
            scope.inputs.iter().chain([&scope.output, &scope.scratch]).any(|allowed| allowed.covers(uri))
        };
        let uri = self.uri(function, uri, of_attempt)?;
        self.own.grants.allow_read(&self.cx.framework, function, &uri)?;
        self.spend(function)?;
        Ok(uri)
    }
}
