//! Files that callers bring.

use bytes::Bytes;
use enginehouse_capabilities::ObjectUri;
use enginehouse_runtime::ObjectSource;
use futures::Stream;

use super::{Result, ids, inspect, intake};
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
/// [`super::Error::TooLarge`] beyond the operator's limit, [`super::Error::Invalid`] where it cannot be read as what it is; then nothing
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
    app.objects.write(&uri, intake::bounded(app, body)).await.map_err(intake::explain)?;
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
