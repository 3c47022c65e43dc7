//! What is no longer wanted: runs that their callers delete, runs that are older than they are kept, sessions that nobody uses.

use std::{sync::Weak, time::Duration};

use enginehouse_capabilities::{ObjectUri, Token};
use uuid::Uuid;

use super::{Error, Result};
use crate::{
    app::App,
    clear::clear,
    store::{DAY_MS, now_ms},
};

/// How often old runs are looked for, and how many are deleted at a time.
const LOOK: Duration = Duration::from_secs(600);
const PORTION: u32 = 100;

/// Deletes a run that has ended, with its code, its journal, its objects and what its programs left on this machine. A prefix that its caller chose for the results is
/// the caller's and stays.
///
/// # Errors
/// [`Error::Conflict`] where it has not ended, [`Error::NotFound`].
pub async fn delete(app: &App, id: Uuid) -> Result<()> {
    let Some((ended, attempts)) = app.store.stands(id).await? else {
        return Err(Error::NotFound(format!("there is no run {id}")));
    };
    if !ended {
        return Err(Error::Conflict(format!("the run {id} has not ended: cancel it first")));
    }
    // The row goes last: while it is there, what could not be deleted can be asked for again.
    let prefix = ObjectUri::new(app.config.bucket(), &format!("runs/{id}/"))?;
    clear(app.objects.as_ref(), &prefix).await?;
    for attempt in 1..=attempts {
        match app.processes.remove(&Token::of_attempt(id, attempt)).await {
            Ok(()) | Err(enginehouse_capabilities::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    app.store.forget_run(id).await?;
    Ok(())
}

/// Deletes what is older than the limits say, for as long as the server lives.
pub(crate) async fn keep(app: Weak<App>) {
    loop {
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = delete_old(&app).await {
            tracing::warn!(%error, "what is old could not be deleted; it is looked for again");
        }
        drop(app);
        tokio::time::sleep(LOOK).await;
    }
}

async fn delete_old(app: &App) -> Result<()> {
    let limits = &app.config.limits;
    app.store.forget_sessions(now_ms() - i64::from(limits.session_days) * DAY_MS).await?;
    let Some(days) = limits.keep_runs_days else { return Ok(()) };
    let before = now_ms() - i64::from(days) * DAY_MS;
    let mut last = Uuid::nil();
    loop {
        let old = app.store.ended_before(before, last, PORTION).await?;
        for id in &old {
            if let Err(error) = delete(app, *id).await {
                tracing::warn!(run = %id, %error, "an old run could not be deleted; it is looked for again");
            }
        }
        match old.last() {
            Some(id) if old.len() == PORTION as usize => last = *id,
            _ => return Ok(()),
        }
    }
}
