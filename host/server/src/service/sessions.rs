//! Sessions: the sources that a caller's next requests read.
//!
//! One rule: sources persist until changed; each run takes a snapshot of them; history is the runs. Reset clears the
//! sources and leaves the history.

use super::{Error, Result, ids};
use crate::{
    app::App,
    store::{RunFilter, RunRow, SourceRef},
};

/// A session as callers see it.
#[derive(Debug, Default)]
pub struct Session {
    pub id: String,
    pub sources: Vec<SourceRef>,
    pub runs: Vec<RunRow>,
}

/// A session with its newest runs.
///
/// # Errors
/// [`Error::NotFound`] for one that nobody has used yet.
pub async fn get(app: &App, id: &str) -> Result<Session> {
    let id = ids::session(id)?;
    let row = app.store.session(id).await?;
    let runs = app.store.runs(&RunFilter { session: Some(id.to_owned()), limit: 100, ..RunFilter::default() }).await?;
    if row.is_none() && runs.is_empty() {
        return Err(Error::NotFound(format!(
            "there is no session `{id}` yet: upload a file or start a run in it first"
        )));
    }
    let sources = row.map(|row| row.sources).unwrap_or_default();
    Ok(Session { id: id.to_owned(), sources, runs })
}

/// Sets what a session reads, after looking at each source.
pub async fn set_sources(app: &App, id: &str, sources: &[SourceRef]) -> Result<()> {
    let id = ids::session(id)?;
    super::sources::resolve(app, sources).await?;
    Ok(app.store.set_sources(id, sources).await?)
}

/// Clears the sources.
pub async fn reset(app: &App, id: &str) -> Result<()> {
    Ok(app.store.set_sources(ids::session(id)?, &[]).await?)
}
