//! Files that callers bring.

use bytes::Bytes;
use enginehouse_capabilities::{ByteStream, ObjectUri};
use enginehouse_runtime::ObjectSource;
use futures::{Stream, StreamExt, TryStreamExt};

use super::{Error, Result, ids, inspect};
use crate::{app::App, store::SourceRef};

/// A file to keep.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The session whose source it becomes.
    pub session: String,
    /// As its owner calls it.
    pub name: String,
    /// What its owner says about it.
    pub hints: inspect::Hints,
}

/// Streams a file into the store under a key of its own, finds out what is in it, and makes it the session's source.
///
/// # Errors
/// [`Error::TooLarge`] beyond the operator's limit, [`Error::Invalid`] where it cannot be read as what it is; then nothing
/// of it is kept.
pub async fn add(
    app: &App,
    upload: Upload,
    body: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
) -> Result<ObjectSource> {
    let session = ids::session(&upload.session)?;
    let name = ids::file(&upload.name)?;
    let id = ulid::Ulid::generate().to_string().to_lowercase();
    let uri = ObjectUri::new(app.config.bucket(), &format!("uploads/{session}/{id}/{name}"))?;
    let limit = app.config.limits.upload_mib * 1024 * 1024;
    app.objects.write(&uri, limited(body, limit)).await.map_err(|error| too_large(error, limit))?;
    let described = inspect::object(app.objects.as_ref(), &uri, &upload.hints).await;
    let source = match described {
        Ok(source) => source,
        Err(error) => {
            app.objects.delete(&uri).await?;
            return Err(error);
        }
    };
    app.store.add_upload(session, &name, &source).await?;
    let named = SourceRef::Object { uri: source.uri.clone(), format: None, properties: Default::default() };
    app.store.set_sources(session, &[named]).await?;
    Ok(source)
}

/// Marks the error of a body that went over the limit on its way through the store.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than it may be")]
struct OverLimit;

fn limited(body: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static, limit: u64) -> ByteStream {
    let mut seen = 0_u64;
    body.and_then(move |piece| {
        seen = seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        std::future::ready(if seen > limit { Err(std::io::Error::other(OverLimit)) } else { Ok(piece) })
    })
    .boxed()
}

fn too_large(error: enginehouse_capabilities::Error, limit: u64) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(inner) = cause {
        let held = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if held.is_some_and(|held| held.is::<OverLimit>()) || inner.is::<OverLimit>() {
            let mib = limit / (1024 * 1024);
            return Error::TooLarge(format!("an upload has at most {mib} MiB here (the setting `limits.upload-mib`)"));
        }
        cause = inner.source();
    }
    error.into()
}
