//! Writing one object: at once where it is small, in parts where it is not.

use aws_sdk_s3::{
    config::Builder,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::{Bytes, BytesMut};
use enginehouse_capabilities::{ByteStream, Error, ObjectUri, Result};
use futures::TryStreamExt;

use super::{Buckets, S3Objects};
use crate::{failure::Failure, retry::OnlyThrottled};

/// The size of a part, and the most that is written at once. S3 wants 5 MiB at least.
const PART: usize = 8 << 20;

/// Dropped before it is complete, it takes its parts back, so that a caller who hangs up leaves nothing.
pub(super) struct Upload<'a> {
    store: &'a S3Objects,
    uri: &'a ObjectUri,
    /// Whether there may be nothing yet.
    is_new: bool,
    /// None as long as nothing was sent in parts.
    id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl<'a> Upload<'a> {
    pub(super) fn new(store: &'a S3Objects, uri: &'a ObjectUri) -> Self {
        Self { store, uri, is_new: false, id: None, parts: Vec::new() }
    }

    /// The same, and refused where there is an object.
    pub(super) fn of_new(store: &'a S3Objects, uri: &'a ObjectUri) -> Self {
        let mut upload = Self::new(store, uri);
        upload.is_new = true;
        upload
    }

    /// Sends the whole body and answers its size.
    pub(super) async fn run(mut self, body: ByteStream) -> Result<u64> {
        let sent = self.send(body).await;
        if sent.is_err()
            && let Some(id) = self.id.take()
        {
            // What is told is why the write failed; parts that stay are cleared by the bucket's own rules.
            let _ = abort(self.store.clone(), self.uri.clone(), id).await;
        }
        sent
    }

    async fn send(&mut self, mut body: ByteStream) -> Result<u64> {
        let (mut total, mut waiting) = (0, BytesMut::new());
        while let Some(mut chunk) = body
            .try_next()
            .await
            .map_err(|e| Error::other(format!("the body of `{}` broke off; nothing was written", self.uri), e))?
        {
            total += chunk.len() as u64;
            // One byte more than a part: so the last part is never empty.
            while waiting.len() + chunk.len() > PART {
                waiting.extend_from_slice(&chunk.split_to(PART - waiting.len()));
                waiting = self.part(waiting).await?;
            }
            waiting.extend_from_slice(&chunk);
        }
        match self.id.is_some() {
            true => {
                self.part(waiting).await?;
                self.complete().await?;
            }
            false => self.put(waiting.freeze()).await?,
        }
        Ok(total)
    }

    async fn put(&self, content: Bytes) -> Result<()> {
        let put = || {
            let request = self.store.client.put_object().bucket(self.uri.bucket()).key(self.uri.key());
            let request = request.set_if_none_match(self.condition()).body(content.clone().into());
            request.customize().config_override(self.retries()).send()
        };
        let mut done = put().await.map_err(Failure::from);
        if self.needs_bucket(&done) {
            self.make_bucket().await?;
            done = put().await.map_err(Failure::from);
        }
        done.map(drop).map_err(|failure| self.failed(failure))
    }

    /// Sends a part, and gives its memory back for the next: parts would else come and go faster than allocators let go of them.
    async fn part(&mut self, content: BytesMut) -> Result<BytesMut> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => self.begin().await?,
        };
        let content = content.freeze();
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let request = self.store.client.upload_part().bucket(self.uri.bucket()).key(self.uri.key());
        let part = request.upload_id(id).part_number(number).body(content.clone().into()).send().await;
        let part = part.map_err(self.store.failed("write", self.uri))?;
        self.parts.push(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build());
        let mut memory = content.try_into_mut().unwrap_or_default();
        memory.clear();
        Ok(memory)
    }

    async fn begin(&mut self) -> Result<String> {
        let create =
            || self.store.client.create_multipart_upload().bucket(self.uri.bucket()).key(self.uri.key()).send();
        let mut begun = create().await.map_err(Failure::from);
        if self.needs_bucket(&begun) {
            self.make_bucket().await?;
            begun = create().await.map_err(Failure::from);
        }
        let id = begun.map_err(self.store.failed("write", self.uri))?.upload_id;
        self.id.clone_from(&id);
        id.ok_or_else(|| Error::Unavailable(format!("{} began an upload without an id", self.store)))
    }

    async fn complete(&mut self) -> Result<()> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        let request = self.store.client.complete_multipart_upload().bucket(self.uri.bucket()).key(self.uri.key());
        let request = request.set_upload_id(self.id.clone()).set_if_none_match(self.condition());
        let request = request.multipart_upload(parts).customize().config_override(self.retries());
        request.send().await.map_err(|e| self.failed(e.into()))?;
        self.id = None;
        Ok(())
    }

    fn condition(&self) -> Option<String> {
        self.is_new.then(|| "*".to_owned())
    }

    /// Sent again after its answer was lost, what was written by the first try would look like another's.
    fn retries(&self) -> Builder {
        match self.is_new {
            true => Builder::new().retry_classifier(OnlyThrottled),
            false => Builder::new(),
        }
    }

    fn failed(&self, failure: Failure) -> Error {
        match self.is_new && failure.is_condition_failed() {
            true => {
                Error::Conflict(format!("{} has an object `{}` already; nothing was written", self.store, self.uri))
            }
            false => failure.told_of(&self.store.name, "write", self.uri),
        }
    }

    fn needs_bucket<T>(&self, done: &Result<T, Failure>) -> bool {
        self.store.buckets == Buckets::Make && done.as_ref().is_err_and(Failure::is_no_such_bucket)
    }

    async fn make_bucket(&self) -> Result<()> {
        let made = self.store.client.create_bucket().bucket(self.uri.bucket()).send().await;
        match made.map_err(Failure::from) {
            Err(failure) if failure.is_made_already() => Ok(()),
            made => made.map(drop).map_err(self.store.failed("make the bucket of", self.uri)),
        }
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(abort(self.store.clone(), self.uri.clone(), id));
        }
    }
}

async fn abort(store: S3Objects, uri: ObjectUri, id: String) -> Result<()> {
    let request = store.client.abort_multipart_upload().bucket(uri.bucket()).key(uri.key()).upload_id(id);
    request.send().await.map(drop).map_err(store.failed("clear up after", &uri))
}
