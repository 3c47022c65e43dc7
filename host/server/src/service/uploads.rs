//! Files that callers bring.

use bytes::Bytes;
use enginehouse_capabilities::ObjectUri;
use enginehouse_runtime::ObjectSource;
use futures::{Stream, StreamExt};

use super::{Result, ids, inspect, intake, sessions, transcode};
use crate::{app::App, store::SourceRef};

/// A file to keep.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Who sends it.
    pub owner: String,
    /// The session whose source it becomes.
    pub session: String,
    /// As its owner calls it.
    pub name: String,
    /// What its owner says about it.
    pub hints: inspect::Hints,
    /// What a CSV is encoded in; told from its bytes where its owner does not say.
    pub encoding: Option<String>,
}

/// A file that was kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// As plugins see it.
    pub source: ObjectSource,
    /// What the file came in; a CSV is kept as UTF-8 whatever that was.
    pub encoding: Option<&'static str>,
}

/// Streams a file into the store under a key of its own, a CSV as UTF-8, finds out what is in it, and makes it the session's source.
///
/// # Errors
/// [`super::Error::TooLarge`] beyond the operator's limit, [`super::Error::Invalid`] where it cannot be read as what it is; then nothing
/// of it is kept.
pub async fn add(
    app: &App,
    upload: Upload,
    body: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
) -> Result<Kept> {
    let session = ids::session(&upload.session)?;
    // Whose it is now, and used when there is something for it: an upload that fails leaves nothing.
    sessions::sources(app, &upload.owner, session).await?;
    let name = ids::file(&upload.name)?;
    let id = ulid::Ulid::generate().to_string().to_lowercase();
    let uri = ObjectUri::new(app.config.bucket(), &format!("uploads/{session}/{id}/{name}"))?;
    let told = upload.encoding.as_deref().map(transcode::labelled).transpose()?;
    let body = intake::bounded(app, body);
    let encoding = if inspect::format_of(&name, &upload.hints)? == "csv" {
        let (text, found) = transcode::to_utf8(body, told);
        app.objects.write(&uri, text.boxed()).await.map_err(intake::explain)?;
        Some(found.name())
    } else {
        app.objects.write(&uri, body).await.map_err(intake::explain)?;
        None
    };
    let described = async {
        let source = inspect::object(app.objects.as_ref(), &uri, &upload.hints).await?;
        sessions::enter(app, &upload.owner, session).await?;
        Ok(source)
    };
    let source = match described.await {
        Ok(source) => source,
        Err(error) => {
            app.objects.delete(&uri).await?;
            return Err(error);
        }
    };
    app.store.add_upload(session, &name, &source).await?;
    let named = SourceRef::Object { uri: source.uri.clone(), format: None, properties: Default::default() };
    app.store.set_sources(session, &[named]).await?;
    Ok(Kept { source, encoding })
}
