//! The object store for callers.

use bytes::Bytes;
use enginehouse_capabilities::{ByteStream, ObjectEntry, ObjectPage, ObjectUri};
use futures::Stream;

use super::{Error, Result, intake};
use crate::app::App;

/// Where results and uploads are kept in the bucket of ours: each under the id of its run, or of its session.
const KEPT: [&str; 2] = ["runs/", "uploads/"];

/// Hides what runs and sessions of others keep, where callers are told apart. All else in the store is everybody's.
///
/// # Errors
/// [`Error::NotFound`] for what is another's, [`Error::Invalid`] for a prefix that is of more than one.
pub async fn visible(app: &App, owner: &str, uri: &ObjectUri) -> Result<()> {
    if app.config.callers.header.is_none() || uri.bucket() != app.config.bucket() {
        return Ok(());
    }
    let key = uri.key();
    let (is_run, rest) = match (key.strip_prefix("runs/"), key.strip_prefix("uploads/")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        // Also a prefix of the two, such as the whole bucket.
        _ if KEPT.iter().any(|kept| kept.starts_with(key)) => (true, ""),
        _ => return Ok(()),
    };
    let Some((id, _)) = rest.split_once('/').filter(|(id, _)| !id.is_empty()) else {
        return Err(Error::Invalid(format!(
            "{uri} is of more than one caller: name a prefix of one run, or of one session"
        )));
    };
    let whose = match (is_run, id.parse()) {
        (true, Ok(run)) => app.store.owner(run).await?,
        (true, Err(_)) => None,
        (false, _) => app.store.session(id).await?.map(|row| row.owner),
    };
    if whose.as_deref() == Some(owner) { Ok(()) } else { Err(Error::NotFound(format!("there is no object {uri}"))) }
}

/// The objects under a prefix, one page.
pub async fn list(app: &App, owner: &str, prefix: &str, after: Option<&str>) -> Result<ObjectPage> {
    let prefix = prefix.parse()?;
    visible(app, owner, &prefix).await?;
    Ok(app.objects.list(&prefix, after).await?)
}

/// One object as a stream, with what is known about it.
pub async fn get(app: &App, owner: &str, uri: &str) -> Result<(ObjectEntry, ByteStream)> {
    let uri: ObjectUri = uri.parse()?;
    visible(app, owner, &uri).await?;
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
    if uri.bucket() == app.config.bucket() && KEPT.iter().any(|prefix| uri.key().starts_with(prefix)) {
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
