//! The S3 operations that the store answers; all others are `NotImplemented`.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, ErrorKind},
};

use async_trait::async_trait;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, dto::*, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{
    body::{Promised, receive},
    fault,
    layout::{Layout, Replace, remove_empty, tag},
    listing::{Page, Query, list},
    multipart::Upload,
};

/// The most keys of one page.
const PAGE: i32 = 1000;

/// S3 over the files of a layout.
pub(super) struct Files {
    layout: Layout,
}

impl Files {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// Runs `work` where it may block.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Layout) -> fault::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let layout = self.layout.clone();
        let done = tokio::task::spawn_blocking(move || work(&layout)).await.map_err(S3Error::internal_error)?;
        Ok(done?)
    }

    async fn page(&self, input: ListObjectsV2Input) -> S3Result<Page> {
        if input.delimiter.as_deref().is_some_and(|delimiter| !matches!(delimiter, "" | "/")) {
            return Err(s3_error!(NotImplemented, "the only delimiter here is `/`"));
        }
        let most = usize::try_from(input.max_keys.unwrap_or(PAGE).min(PAGE))
            .map_err(|_| s3_error!(InvalidArgument, "max-keys is not negative"))?;
        let query = Query {
            prefix: input.prefix.unwrap_or_default(),
            rolled_up: input.delimiter.is_some_and(|delimiter| !delimiter.is_empty()),
            after: input.continuation_token.max(input.start_after).unwrap_or_default(),
            most,
        };
        self.on_disk(move |layout| list(layout, &input.bucket, &query)).await
    }

    async fn delete(&self, bucket: String, key: String) -> S3Result<()> {
        self.on_disk(move |layout| layout.remove(&bucket, &key)).await
    }
}

#[async_trait]
impl S3 for Files {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.on_disk(move |layout| {
            let bucket = &req.input.bucket;
            // As in us-east-1: making one's own bucket again is no error.
            if layout.bucket(bucket).is_ok() {
                return Ok(());
            }
            layout.writable(bucket, "")?;
            match fs::create_dir(layout.root().join(bucket)) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => layout.bucket(bucket).map(drop),
                made => Ok(made?),
            }
        })
        .await?;
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.on_disk(move |layout| {
            layout.bucket(&req.input.bucket)?;
            layout.writable(&req.input.bucket, "")?;
            match remove_empty(&layout.root().join(&req.input.bucket)) {
                Err(e) if e.kind() == ErrorKind::DirectoryNotEmpty => Err(s3_error!(BucketNotEmpty).into()),
                removed => Ok(removed?),
            }
        })
        .await?;
        Ok(S3Response::new(DeleteBucketOutput {}))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.on_disk(move |layout| layout.bucket(&req.input.bucket)).await?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.on_disk(move |layout| layout.bucket(&req.input.bucket)).await?;
        // None stands for us-east-1.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self
            .on_disk(|layout| {
                let mut buckets = BTreeMap::new();
                for root in layout.roots() {
                    for entry in fs::read_dir(root)? {
                        let entry = entry?;
                        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                        if entry.file_type()?.is_dir() && s3s::path::check_bucket_name(&name) {
                            let made = Timestamp::from(entry.metadata()?.modified()?);
                            let bucket =
                                Bucket { name: Some(name.clone()), creation_date: Some(made), bucket_region: None };
                            buckets.entry(name).or_insert(bucket);
                        }
                    }
                }
                Ok(buckets)
            })
            .await?;
        let buckets = buckets.into_values().collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let input: ListObjectsV2Input = req.input.clone().into();
        let page = self.page(ListObjectsV2Input { start_after: req.input.marker.clone(), ..input }).await?;
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(req.input.bucket),
            prefix: req.input.prefix,
            delimiter: req.input.delimiter,
            marker: req.input.marker,
            max_keys: Some(req.input.max_keys.unwrap_or(PAGE)),
            is_truncated: Some(page.truncated),
            next_marker: page.last.filter(|_| page.truncated),
            contents: Some(page.objects),
            common_prefixes: Some(page.prefixes),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let page = self.page(req.input.clone()).await?;
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(req.input.bucket),
            prefix: req.input.prefix,
            delimiter: req.input.delimiter,
            start_after: req.input.start_after,
            continuation_token: req.input.continuation_token,
            max_keys: Some(req.input.max_keys.unwrap_or(PAGE)),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            is_truncated: Some(page.truncated),
            next_continuation_token: page.last.filter(|_| page.truncated),
            contents: Some(page.objects),
            common_prefixes: Some(page.prefixes),
            ..Default::default()
        }))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let (_, metadata) = self.on_disk(move |layout| layout.object(&req.input.bucket, &req.input.key)).await?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(metadata.len()).ok(),
            last_modified: metadata.modified().ok().map(Timestamp::from),
            e_tag: Some(tag(&metadata)),
            ..Default::default()
        }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let GetObjectInput { bucket, key, range, .. } = req.input;
        let (file, metadata) = self.on_disk(move |layout| layout.object(&bucket, &key)).await?;
        let whole = metadata.len();
        let part = match range {
            Some(range) => range.check(whole)?,
            None => 0..whole,
        };
        let mut file = tokio::fs::File::from_std(file);
        file.seek(io::SeekFrom::Start(part.start)).await.map_err(S3Error::internal_error)?;
        let length = part.end - part.start;
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(ReaderStream::with_capacity(file.take(length), 256 * 1024))),
            content_length: i64::try_from(length).ok(),
            content_range: range.map(|_| format!("bytes {}-{}/{whole}", part.start, part.end.saturating_sub(1))),
            last_modified: metadata.modified().ok().map(Timestamp::from),
            e_tag: Some(tag(&metadata)),
            ..Default::default()
        }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, body, content_length, if_match, if_none_match, .. } = req.input;
        if key.ends_with('/') {
            if content_length != Some(0) {
                return Err(s3_error!(InvalidRequest, "a key that ends in `/` is a folder and has no body"));
            }
            self.on_disk(move |layout| layout.make_folders(&bucket, &key)).await?;
            return Ok(S3Response::new(PutObjectOutput::default()));
        }
        let replace = replace(if_match.as_ref(), if_none_match.as_ref())?;
        let place = (bucket.clone(), key.clone());
        let draft = self
            .on_disk(move |layout| {
                layout.writable(&place.0, &place.1)?;
                layout.find(&place.0, &place.1)?;
                Ok(layout.draft()?)
            })
            .await?;
        let draft = receive(draft, body, Promised { headers: req.headers, trailers: req.trailing_headers }).await?;
        let e_tag = self
            .on_disk(move |layout| {
                let tag = tag(&fs::metadata(&draft)?);
                layout.publish(draft, &bucket, &key, replace)?;
                Ok(tag)
            })
            .await?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(e_tag), ..Default::default() }))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let CopyObjectInput { bucket, key, copy_source, .. } = req.input;
        let CopySource::Bucket { bucket: from_bucket, key: from_key, .. } = copy_source else {
            return Err(s3_error!(NotImplemented, "the source of a copy is `bucket/key` here"));
        };
        let metadata = self
            .on_disk(move |layout| {
                let (mut source, _) = layout.object(&from_bucket, &from_key)?;
                let mut draft = layout.draft()?;
                io::copy(&mut source, draft.as_file_mut())?;
                let metadata = draft.as_file().metadata()?;
                layout.publish(draft.into_temp_path(), &bucket, &key, Replace::Yes)?;
                Ok(metadata)
            })
            .await?;
        let copy_object_result = Some(CopyObjectResult {
            e_tag: Some(tag(&metadata)),
            last_modified: metadata.modified().ok().map(Timestamp::from),
            ..Default::default()
        });
        Ok(S3Response::new(CopyObjectOutput { copy_object_result, ..Default::default() }))
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.delete(req.input.bucket, req.input.key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = req.input;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for ObjectIdentifier { key, .. } in delete.objects {
            match self.delete(bucket.clone(), key.clone()).await {
                Ok(()) => deleted.push(DeletedObject { key: Some(key), ..Default::default() }),
                Err(e) => errors.push(Error {
                    code: Some(e.code().as_str().to_owned()),
                    message: e.message().map(str::to_owned),
                    key: Some(key),
                    version_id: None,
                }),
            }
        }
        let deleted = (delete.quiet != Some(true)).then_some(deleted);
        Ok(S3Response::new(DeleteObjectsOutput { deleted, errors: Some(errors), ..Default::default() }))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, .. } = req.input;
        let place = (bucket.clone(), key.clone());
        let id = self.on_disk(move |layout| Upload::create(layout, &place.0, &place.1)).await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput { bucket, key, upload_id, part_number, body, .. } = req.input;
        let (upload, draft) =
            self.on_disk(move |layout| Ok((Upload::find(layout, &upload_id, &bucket, &key)?, layout.draft()?))).await?;
        let draft = receive(draft, body, Promised { headers: req.headers, trailers: req.trailing_headers }).await?;
        let e_tag = self.on_disk(move |_| upload.keep(part_number, draft)).await?;
        Ok(S3Response::new(UploadPartOutput { e_tag: Some(e_tag), ..Default::default() }))
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let ListPartsInput { bucket, key, upload_id, .. } = req.input;
        let place = (bucket.clone(), key.clone(), upload_id.clone());
        let parts = self.on_disk(move |layout| Upload::find(layout, &place.2, &place.0, &place.1)?.parts()).await?;
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            is_truncated: Some(false),
            parts: Some(parts),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, if_match, if_none_match, .. } =
            req.input;
        let replace = replace(if_match.as_ref(), if_none_match.as_ref())?;
        let parts = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let place = (bucket.clone(), key.clone());
        let e_tag = self
            .on_disk(move |layout| {
                let (bucket, key) = (place.0.as_str(), place.1.as_str());
                Upload::find(layout, &upload_id, bucket, key)?.complete(layout, bucket, key, &parts, replace)
            })
            .await?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(e_tag),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let AbortMultipartUploadInput { bucket, key, upload_id, .. } = req.input;
        self.on_disk(move |layout| Upload::find(layout, &upload_id, &bucket, &key)?.abort()).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// What the conditions of a write allow.
fn replace(if_match: Option<&ETagCondition>, if_none_match: Option<&ETagCondition>) -> S3Result<Replace> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Replace::Yes),
        (None, Some(ETagCondition::Any)) => Ok(Replace::No),
        _ => Err(s3_error!(NotImplemented, "the only condition of a write here is `If-None-Match: *`")),
    }
}
