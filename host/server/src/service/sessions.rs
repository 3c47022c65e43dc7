//! Sessions: the sources that a caller's next requests read.
//!
//! One rule. A session's sources persist until they are changed. Each run takes a snapshot of them that never changes, and a
//! rerun takes the same one. The history of a session is its runs. A reset clears the sources and leaves the history. A session
//! belongs to who used it first; it is forgotten, sources and all, when nobody has used it for `limits.session-days`, and its
//! runs stay for as long as runs are kept.

use super::{Error, Result, ids};
use crate::{
    app::App,
    store::{RunFilter, RunRow, SourceRef},
};

/// Everybody, where no proxy tells callers apart.
pub const LOCAL: &str = "local";

/// A session as callers see it.
#[derive(Debug, Default)]
pub struct Session {
    pub id: String,
    pub sources: Vec<SourceRef>,
    pub runs: Vec<RunRow>,
}

/// Uses a session, which is its caller's from then on.
///
/// # Errors
/// [`Error::Invalid`] for what is no session's id; the store's, where it is another's or there are too many.
pub async fn enter<'a>(app: &App, owner: &str, id: &'a str) -> Result<&'a str> {
    let id = ids::session(id)?;
    app.store.enter_session(id, owner, app.config.limits.sessions).await?;
    Ok(id)
}

/// What a session reads: nothing where nobody has used it yet.
///
/// # Errors
/// [`Error::NotFound`] where it is another's.
pub async fn sources(app: &App, owner: &str, id: &str) -> Result<Vec<SourceRef>> {
    match app.store.session(ids::session(id)?).await? {
        Some(row) if row.owner != owner => Err(crate::store::Error::NotOwned.into()),
        row => Ok(row.map(|row| row.sources).unwrap_or_default()),
    }
}

/// A session with its newest runs.
///
/// # Errors
/// [`Error::NotFound`] for one that nobody has used yet, or that is another's.
pub async fn get(app: &App, owner: &str, id: &str) -> Result<Session> {
    let id = ids::session(id)?;
    let row = app.store.session(id).await?.filter(|row| row.owner == owner);
    let (owner, session) = (Some(owner.to_owned()), Some(id.to_owned()));
    let runs = app.store.runs(&RunFilter { owner, session, limit: 100, ..RunFilter::default() }).await?;
    if row.is_none() && runs.is_empty() {
        return Err(Error::NotFound(format!(
            "there is no session `{id}` yet: upload a file or start a run in it first"
        )));
    }
    let sources = row.map(|row| row.sources).unwrap_or_default();
    Ok(Session { id: id.to_owned(), sources, runs })
}

/// Sets what a session reads, after looking at each source.
///
/// # Errors
/// As for [`enter`], and where a source cannot be read.
pub async fn set_sources(app: &App, owner: &str, id: &str, sources: &[SourceRef]) -> Result<()> {
    super::sources::resolve(app, owner, sources).await?;
    let id = enter(app, owner, id).await?;
    Ok(app.store.set_sources(id, sources).await?)
}

/// Clears the sources.
///
/// # Errors
/// As for [`enter`].
pub async fn reset(app: &App, owner: &str, id: &str) -> Result<()> {
    let id = enter(app, owner, id).await?;
    Ok(app.store.set_sources(id, &[]).await?)
}
