//! The object store for callers.

use bytes::Bytes;
use enginehouse_capabilities::{ByteStream, ObjectEntry, ObjectPage, ObjectUri};
use futures::Stream;

use super::{Error, Result, intake};
use crate::app::App;

/// The objects under a prefix, one page.
pub async fn list(app: &App, prefix: &str, after: Option<&str>) -> Result<ObjectPage> {
    Ok(app.objects.list(&prefix.parse()?, after).await?)
}

/// One object as a stream, with what is known about it.
pub async fn get(app: &App, uri: &str) -> Result<(ObjectEntry, ByteStream)> {
    let uri: ObjectUri = uri.parse()?;
    let entry = app.objects.head(&uri).await?;
    Ok((entry, app.objects.stream(&uri).await?))
}

/// Writes an object, where the store is open to callers.
///
/// # Errors
/// [`Error::Conflict`] for what runs and uploads keep: results are what the program wrote, and nothing else;
/// [`Error::TooLarge`] beyond the operator's limit on uploads.
pub async fn put(
    app: &App,
    uri: &str,
    body: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
) -> Result<ObjectEntry> {
    let uri: ObjectUri = uri.parse()?;
    if !app.objects.open_to_callers() {
        return Err(Error::Unsupported(format!("{} is not written through this API: use its own tools", app.objects)));
    }
    let kept = ["runs/", "uploads/"];
    if uri.bucket() == app.config.bucket() && kept.iter().any(|prefix| uri.key().starts_with(prefix)) {
        return Err(Error::Conflict(format!(
            "{uri} lies where runs and uploads are kept: choose another key or bucket"
        )));
    }
    if uri.is_prefix() {
        return Err(Error::Invalid(format!("{uri} is a prefix: name an object")));
    }
    app.objects.write(&uri, intake::bounded(app, body)).await.map_err(intake::explain)?;
    Ok(app.objects.head(&uri).await?)
}
