//! `/ray/…`: the cluster's health and its jobs, which here are this server's own runs on Ray.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::{
    http::{AppState, body::Path, caller::Caller},
    service::{frameworks, runs},
    store::{RunFilter, RunRow, RunState},
};

const RAY: &str = "ray";
const CLUSTER: &str = "cluster";
/// The most runs of a list.
const MOST_JOBS: u32 = 200;
/// The most bytes of a log.
const MOST_LOG_BYTES: usize = 1 << 20;

/// What stands behind Ray.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RayStatus {
    /// `connected` where the cluster is ready, or Ray on this machine where no cluster is set up; else `disconnected`.
    status: &'static str,
    /// None where no platform tells.
    ray_version: Option<String>,
    /// None: the dashboard has no authentication that callers could use, so nobody is sent there.
    dashboard_url: Option<String>,
    /// Every platform, with what it says of itself.
    #[schema(value_type = Vec<Object>)]
    platforms: Vec<Value>,
}

/// A run on Ray, as Ray tells a job.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RayJob {
    /// The run: `/v1/runs/{id}`.
    job_id: Uuid,
    submission_id: Uuid,
    /// `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED` or `STOPPED`.
    status: &'static str,
    message: String,
    /// In milliseconds since 1970.
    start_time: Option<i64>,
    /// In milliseconds since 1970.
    end_time: Option<i64>,
    /// The session, the platform and the run's own state.
    #[schema(value_type = Object)]
    metadata: Value,
}

/// Whether Ray can be used.
#[utoipa::path(get, path = "/ray/status", responses((status = 200, body = RayStatus)))]
pub(in crate::http) async fn status(app: AppState) -> Answer<RayStatus> {
    let (health, _) = frameworks::status(&app, RAY).await?;
    // Where a cluster is set up it is the one that is asked about, whatever could be started here.
    let told = health.iter().find(|one| one.platform == CLUSTER).or(health.first()).filter(|one| one.ready);
    let version = told.and_then(|platform| version(&platform.detail));
    Ok(Json(RayStatus {
        status: if told.is_some() { "connected" } else { "disconnected" },
        ray_version: version,
        dashboard_url: None,
        platforms: health
            .iter()
            .map(|one| json!({ "platform": one.platform, "ready": one.ready, "detail": one.detail }))
            .collect(),
    }))
}

/// The caller's newest 200 runs on Ray.
#[utoipa::path(get, path = "/ray/jobs", responses((status = 200, body = Object)))]
pub(in crate::http) async fn jobs(app: AppState, Caller(owner): Caller) -> Answer<Value> {
    let filter = RunFilter {
        owner: Some(owner),
        framework: Some(RAY.to_owned()),
        session: None,
        state: None,
        before: None,
        limit: MOST_JOBS,
    };
    let rows = runs::list(&app, &filter).await?.into_iter().filter(|row| !row.request.generate_only);
    Ok(Json(json!({ "success": true, "jobs": rows.map(job).collect::<Vec<_>>() })))
}

/// Asks a run to end. One that has ended is no error, and is not stopped.
#[utoipa::path(post, path = "/ray/jobs/{id}/stop", responses((status = 200, body = Object)))]
pub(in crate::http) async fn stop(app: AppState, Path(id): Path<Uuid>) -> Answer<Value> {
    let before = on_ray(&app, id).await?;
    let row = runs::cancel(&app, id).await?;
    let stopped = !before.state.is_final();
    Ok(Json(json!({ "success": stopped, "job_id": id, "status": state(row.state) })))
}

/// What a run's last attempt printed; of more than a MiB both ends.
#[utoipa::path(get, path = "/ray/jobs/{id}/logs", responses((status = 200, body = Object)))]
pub(in crate::http) async fn logs(app: AppState, Path(id): Path<Uuid>) -> Answer<Value> {
    on_ray(&app, id).await?;
    let logs = runs::log_of_last_attempt(&app, id, MOST_LOG_BYTES).await?;
    Ok(Json(json!({ "success": true, "job_id": id, "logs": logs })))
}

async fn on_ray(State(app): &AppState, id: Uuid) -> Result<RunRow, crate::service::Error> {
    let row = runs::get(app, id).await?;
    if row.framework == RAY {
        Ok(row)
    } else {
        Err(crate::service::Error::NotFound(format!("there is no run {id} on Ray")))
    }
}

fn job(row: RunRow) -> RayJob {
    RayJob {
        job_id: row.id,
        submission_id: row.id,
        status: state(row.state),
        message: row.problem.map_or_else(|| row.state.to_string(), |problem| problem.detail),
        start_time: row.began_at.or(row.submitted_at),
        end_time: row.finished_at,
        metadata: json!({
            "session_id": row.session,
            "platform": row.plan.map(|plan| plan.platform),
            "state": row.state.to_string(),
        }),
    }
}

fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running | RunState::Collecting => "RUNNING",
        RunState::Succeeded => "SUCCEEDED",
        RunState::Cancelled => "STOPPED",
        RunState::Failed | RunState::TimedOut | RunState::Rejected => "FAILED",
        RunState::Queued
        | RunState::Generating
        | RunState::Validating
        | RunState::AwaitingApproval
        | RunState::Submitting => "PENDING",
    }
}

/// The first word that is one: `Ray 2.60.0 …`.
fn version(detail: &str) -> Option<String> {
    let is_version = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    let words = detail.split(|c: char| c.is_whitespace() || c == ',');
    words.map(|word| word.trim_end_matches('.')).find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_where_one_is_told() {
        assert_eq!(version("Ray 2.60.0").as_deref(), Some("2.60.0"));
        assert_eq!(version("the engine is there, ray 2.60.0, Python 3.11").as_deref(), Some("2.60.0"));
        assert_eq!(version("`cluster` answers."), None);
    }
}
