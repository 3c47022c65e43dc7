//! The object store and the catalog.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use enginehouse_capabilities::{
    ByteStream, Catalog, Error, Names, ObjectEntry, ObjectPage, ObjectUri, Objects, Result, Table,
};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future};

use super::{State, World};

/// Entries a page, so that results take more than one.
const PAGE: usize = 1;

#[async_trait]
impl Objects for World {
    async fn head(&self, uri: &ObjectUri) -> Result<ObjectEntry> {
        let body = body(&mut *self.fair()?, uri)?;
        Ok(entry(uri, &body))
    }

    async fn list(&self, prefix: &ObjectUri, after: Option<&str>) -> Result<ObjectPage> {
        let state = self.fair()?;
        let later = |uri: &ObjectUri| after.is_none_or(|after| uri.key() > after);
        let mut found = state.objects.iter().filter(|(uri, _)| prefix.covers(uri) && later(uri));
        let entries: Vec<_> = found.by_ref().take(PAGE).map(|(uri, body)| entry(uri, body)).collect();
        let last = entries.last().map(|entry| entry.uri.key().to_owned());
        let next = found.next().and(last);
        Ok(ObjectPage { entries, next })
    }

    async fn read(&self, uri: &ObjectUri, offset: u64, length: u64) -> Result<Bytes> {
        let body = body(&mut *self.fair()?, uri)?;
        let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(body.len());
        Ok(body.slice(within(offset)..within(offset.saturating_add(length))))
    }

    async fn stream(&self, uri: &ObjectUri) -> Result<ByteStream> {
        let body = body(&mut *self.fair()?, uri)?;
        Ok(future::ready(Ok(body)).into_stream().boxed())
    }

    async fn write(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        let whole = collected(body).await?;
        let bytes = whole.len() as u64;
        let mut state = self.fair()?;
        state.take(whole.len())?;
        state.objects.insert(uri.clone(), whole);
        Ok(bytes)
    }

    async fn create(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        let whole = collected(body).await?;
        let bytes = whole.len() as u64;
        let mut state = self.fair()?;
        if state.objects.contains_key(uri) {
            return Err(Error::Conflict(format!("there is an object `{uri}` already")));
        }
        state.take(whole.len())?;
        state.objects.insert(uri.clone(), whole);
        Ok(bytes)
    }

    async fn delete(&self, uri: &ObjectUri) -> Result<()> {
        self.fair()?.objects.remove(uri);
        Ok(())
    }
}

async fn collected(body: ByteStream) -> Result<Bytes> {
    let whole = body.try_fold(BytesMut::new(), async |mut whole, piece| {
        whole.extend_from_slice(&piece);
        Ok(whole)
    });
    Ok(whole.await.map_err(|error| Error::other("the body broke off", error))?.freeze())
}

#[async_trait]
impl Catalog for World {
    async fn databases(&self, _: Option<&str>) -> Result<Names> {
        self.fair().map(|_| Names::default())
    }

    async fn tables(&self, _: &str, _: Option<&str>) -> Result<Names> {
        self.fair().map(|_| Names::default())
    }

    async fn table(&self, database: &str, name: &str) -> Result<Table> {
        Err(self.fair()?.miss(format!("the table `{database}.{name}`")))
    }
}

fn body(state: &mut State, uri: &ObjectUri) -> Result<Bytes> {
    let found = state.objects.get(uri).cloned();
    found.ok_or_else(|| state.miss(format!("the object `{uri}`")))
}

fn entry(uri: &ObjectUri, body: &Bytes) -> ObjectEntry {
    ObjectEntry { uri: uri.clone(), bytes: body.len() as u64, modified: 1_700_000_000_000 }
}
