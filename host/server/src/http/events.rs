//! `/v1/runs/{id}/events`: the journal of a run as it grows.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use serde_json::json;
use uuid::Uuid;

use super::{Answer, ApiError, AppState, body::Path};
use crate::{app::App, events::Listener, service::runs};

/// The journal of a run as server-sent events; ends after the run has.
///
/// Resumes after `Last-Event-ID`, with no gap and no repeat: an event's id is its number in the journal.
#[utoipa::path(
    get, path = "/v1/runs/{id}/events",
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
pub(super) async fn follow(
    app: AppState,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    runs::get(&app, id).await?;
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("x").parse::<i64>()).transpose();
    let after = last.map_err(|_| ApiError::invalid("Last-Event-ID is the number of the last event seen"))?;
    let bell = app.events.listen(id);
    let follow = Follow { app: Arc::clone(&app), id, after: after.unwrap_or(0), bell, waiting: Vec::new() };
    let events =
        stream::unfold(follow, |mut follow| async move { follow.next().await.map(|event| (Ok(event), follow)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Follow {
    app: Arc<App>,
    id: Uuid,
    after: i64,
    bell: Listener,
    /// Read but not yet sent, the oldest last.
    waiting: Vec<crate::store::Entry>,
}

impl Follow {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(entry) = self.waiting.pop() {
                self.after = entry.seq;
                let data = json!({ "at": entry.at, "data": entry.data });
                return Some(Event::default().id(entry.seq.to_string()).event(entry.kind).data(data.to_string()));
            }
            // The state is read before the journal: what a final state wrote is then in what is read next.
            let ended = runs::get(&self.app, self.id).await.ok()?.state.is_final();
            self.waiting = runs::journal(&self.app, self.id, self.after).await.ok()?;
            self.waiting.reverse();
            if self.waiting.is_empty() {
                if ended {
                    return None;
                }
                tokio::select! {
                    () = self.bell.heard() => {}
                    () = tokio::time::sleep(Duration::from_secs(2)) => {}
                }
            }
        }
    }
}
