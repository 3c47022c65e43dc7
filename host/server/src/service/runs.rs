//! Runs: from a request to its results.

use std::{sync::Arc, time::Duration};

use enginehouse_capabilities::ObjectUri;
use enginehouse_runtime::{Generation, Source, Task};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Error, Result, frameworks, ids,
    sessions::{self, LOCAL},
    sources,
};
use crate::{
    app::App,
    store::{Approval, AttemptRow, Entry, LogPage, NewRunRow, RunFilter, RunRequest, RunRow, RunState, SourceRef},
    telemetry::trace,
};

/// The contract's limits.
const MAX_PROMPT_BYTES: usize = 64 * 1024;
const MAX_CODE_BYTES: usize = 1024 * 1024;
/// A run waits, and runs, at most a day each.
const MAX_SECONDS: u32 = 24 * 3600;
const MAX_ATTEMPTS: u32 = 10;

/// What a caller asks for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewRun {
    /// Who asks.
    #[serde(skip)]
    pub owner: String,
    /// Which framework.
    pub framework: String,
    /// Whose sources it reads where it names none; made up where it is missing.
    pub session: Option<String>,
    /// What is wanted, in plain language. With `code`, only for the record.
    pub prompt: String,
    /// Code to run as it is; none where it is to be written.
    pub code: Option<String>,
    /// What it reads; none: its session's.
    pub sources: Option<Vec<SourceRef>>,
    /// Where it runs; none: the plugin chooses.
    pub platform: Option<String>,
    /// A prefix for its results that the caller chose.
    pub output: Option<String>,
    /// Whether objects under that prefix may be replaced.
    pub overwrite: bool,
    /// Stop once the code is clean.
    pub generate_only: bool,
    /// How often code is written.
    pub max_attempts: Option<u32>,
    /// Choose a platform as well, and stop once the code is clean.
    pub dry_run: bool,
    /// Whether clean code waits for its caller.
    pub approval: Approval,
    /// How long it may wait at its engine, in seconds.
    pub queue_seconds: Option<u32>,
    /// How long the program may run, in seconds.
    pub run_seconds: Option<u32>,
    /// How long it may print nothing, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u32>,
    /// Options that the framework describes.
    pub options: Vec<(String, String)>,
    /// Makes the same request answer with the same run.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// Writes a run down and starts to drive it.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::TooLarge`] or [`Error::Conflict`] with what to change; then there is
/// no run.
pub async fn create(app: &App, asked: NewRun) -> Result<RunRow> {
    check_sizes(&asked)?;
    // Of what was asked and not of what it is resolved to: a session's sources may be others when the request comes again.
    let key = match &asked.idempotency_key {
        Some(key) => Some((key_of(&asked.owner, key), hash(&asked)?)),
        None => None,
    };
    // Before anything is looked at that the first request may have changed.
    if let Some((key, hash)) = &key
        && let Some(made) = app.store.made_by(key, hash).await?
    {
        return get(app, made).await;
    }
    let plugin = app.plugin_for_run(&asked.framework)?;
    let known = &plugin.describe().options;
    if let Some((name, _)) = asked.options.iter().find(|(name, _)| !known.iter().any(|option| option.name == *name)) {
        let names: Vec<_> = known.iter().map(|option| option.name.as_str()).collect();
        return Err(Error::Invalid(format!(
            "`{}` has no option `{name}`; it has {}",
            asked.framework,
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        )));
    }
    let session = match &asked.session {
        Some(id) => ids::session(id)?.to_owned(),
        None => ids::new_session(),
    };
    let known = sessions::sources(app, &asked.owner, &session).await?;
    let named = match asked.sources {
        Some(named) => named,
        None => known,
    };
    let output = match &asked.output {
        Some(output) => Some(free_output(app, output, asked.overwrite).await?.to_string()),
        None => None,
    };
    let limits = &app.config.limits;
    let resolved = sources::resolve(app, &asked.owner, &named).await?;
    apart(output.as_deref(), &resolved)?;
    let request = RunRequest {
        task: Task {
            prompt: asked.prompt,
            sources: resolved,
            output,
            platform: asked.platform.filter(|platform| platform != "auto"),
            places: app.runs.places().of(&plugin),
            options: asked.options,
        },
        code: asked.code,
        generate_only: asked.generate_only,
        overwrite: asked.overwrite && asked.output.is_some(),
        dry_run: asked.dry_run,
        approval: asked.approval,
        max_attempts: within("max_attempts", asked.max_attempts, limits.max_attempts, MAX_ATTEMPTS)?,
        queue_seconds: within("queue_seconds", asked.queue_seconds, limits.queue_seconds, MAX_SECONDS)?,
        run_seconds: within("run_seconds", asked.run_seconds, limits.run_seconds, MAX_SECONDS)?,
        idle_seconds: match asked.idle_seconds {
            None => limits.idle_seconds,
            asked => Some(within("idle_seconds", asked, 1, MAX_SECONDS)?),
        },
    };
    // Used when there is something for it: a request that is refused leaves no session.
    if asked.session.is_some() {
        sessions::enter(app, &asked.owner, &session).await?;
    }
    begin(app, asked.owner, session, plugin, request, key).await
}

/// Runs what was asked for before once more, with the sources as they were then: the same snapshot, whatever its session reads
/// by now. Code that was written is written anew; to run the very same code, send it.
///
/// # Errors
/// As for [`create`].
pub async fn rerun(app: &App, owner: String, id: Uuid, key: Option<String>) -> Result<RunRow> {
    let row = get(app, id).await?;
    let key = key.map(|key| (key_of(&owner, &key), hex::encode(Sha256::digest(format!("rerun {id}")))));
    if let Some((key, hash)) = &key
        && let Some(made) = app.store.made_by(key, hash).await?
    {
        return get(app, made).await;
    }
    let plugin = app.plugin_for_run(&row.framework)?;
    let mut request = row.request;
    if let Some(output) = &request.task.output
        && !request.overwrite
    {
        return Err(Error::Conflict(format!(
            "the run {id} wrote to {output}, which its caller chose and may not be replaced: start a new run with POST /v1/runs \
             and another `output`"
        )));
    }
    request.task.places = app.runs.places().of(&plugin);
    if let Some(output) = &request.task.output {
        free_output(app, output, request.overwrite).await?;
    }
    begin(app, owner, row.session, plugin, request, key).await
}

/// Keys of one caller are none of another's.
fn key_of(owner: &str, key: &str) -> String {
    if owner == LOCAL { key.to_owned() } else { format!("{owner}\n{key}") }
}

async fn begin(
    app: &App,
    owner: String,
    session: String,
    plugin: Arc<Generation>,
    request: RunRequest,
    key: Option<(String, String)>,
) -> Result<RunRow> {
    let trace = trace::carried();
    let (id, host) = (Uuid::now_v7(), app.runs.host());
    let most_open = app.config.limits.open_runs;
    let (framework, pin) = (plugin.describe().framework.clone(), frameworks::pin(&plugin));
    let new = NewRunRow { id, pin, owner, session, framework, request, trace, host, most_open, key };
    let (store, runs, session) = (app.store.clone(), app.runs.clone(), new.session.clone());
    // In a task of its own: a caller who hangs up now must not leave a run that is written and not driven.
    let added = tokio::spawn(async move {
        let (id, is_new) = store.add_run(new).await?;
        if is_new {
            runs.drive(id, &session, plugin);
        }
        Ok::<_, crate::store::Error>(id)
    });
    let id = added.await.map_err(|error| Error::Internal(format!("the run could not be written: {error}")))??;
    get(app, id).await
}

/// Refuses an output that holds an input, or lies in one: what is overwritten must not be what is read.
fn apart(output: Option<&str>, sources: &[Source]) -> Result<()> {
    let Some(output) = output.map(str::parse::<ObjectUri>).transpose()? else { return Ok(()) };
    match sources::inputs(sources).into_iter().find(|input| input.covers(&output) || output.covers(input)) {
        Some(input) => {
            Err(Error::Conflict(format!("{output} and the source {input} lie in each other: choose another output")))
        }
        None => Ok(()),
    }
}

fn hash(asked: &NewRun) -> Result<String> {
    let bytes = serde_json::to_vec(asked).map_err(|error| Error::Invalid(error.to_string()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// What was asked for, or the default; beyond what is allowed is refused and not cut down.
fn within(name: &str, asked: Option<u32>, default: u32, most: u32) -> Result<u32> {
    match asked {
        None => Ok(default.clamp(1, most)),
        Some(asked) if (1..=most).contains(&asked) => Ok(asked),
        Some(asked) => Err(Error::Invalid(format!("`{name}` is 1 to {most}, not {asked}"))),
    }
}

fn check_sizes(asked: &NewRun) -> Result<()> {
    if asked.prompt.len() > MAX_PROMPT_BYTES {
        return Err(Error::TooLarge(format!("a prompt has at most {} KiB", MAX_PROMPT_BYTES / 1024)));
    }
    match &asked.code {
        None if asked.prompt.trim().is_empty() => {
            Err(Error::Invalid("the request has neither a `prompt` nor `code`: say what you want".to_owned()))
        }
        Some(code) if code.trim().is_empty() => Err(Error::Invalid("the code is empty".to_owned())),
        Some(code) if code.contains('\0') => Err(Error::Invalid("the code holds a NUL character".to_owned())),
        Some(code) if code.len() > MAX_CODE_BYTES => Err(Error::TooLarge("code has at most 1 MiB".to_owned())),
        _ => Ok(()),
    }
}

/// A caller's own prefix must be empty and nobody else's while the run goes on.
async fn free_output(app: &App, output: &str, overwrite: bool) -> Result<ObjectUri> {
    let prefix = output.parse::<ObjectUri>()?.as_prefix();
    if prefix.key().is_empty() {
        return Err(Error::Invalid(format!("{prefix} is a whole bucket: name a prefix in it")));
    }
    let kept = ["runs/", "uploads/"];
    if prefix.bucket() == app.config.bucket() && kept.iter().any(|kept| prefix.key().starts_with(kept)) {
        return Err(Error::Conflict(format!("{prefix} lies where runs and uploads are kept: choose another prefix")));
    }
    let there = match app.objects.list(&prefix, None).await {
        Ok(page) => !page.entries.is_empty(),
        Err(enginehouse_capabilities::Error::NotFound(_)) => false,
        Err(error) => return Err(error.into()),
    };
    if there && !overwrite {
        return Err(Error::Conflict(format!(
            "there are objects under {prefix} already: choose an empty prefix, or send `overwrite: true`"
        )));
    }
    Ok(prefix)
}

/// One run.
pub async fn get(app: &App, id: Uuid) -> Result<RunRow> {
    app.store.run(id).await?.ok_or_else(|| Error::NotFound(format!("there is no run {id}")))
}

/// Runs by filter, the newest first.
pub async fn list(app: &App, filter: &RunFilter) -> Result<Vec<RunRow>> {
    Ok(app.store.runs(filter).await?)
}

/// Every piece of code of a run, the first first.
pub async fn code(app: &App, id: Uuid) -> Result<Vec<AttemptRow>> {
    get(app, id).await?;
    Ok(app.store.attempts(id).await?)
}

/// The run's journal after an entry.
pub async fn journal(app: &App, id: Uuid, after: i64) -> Result<Vec<Entry>> {
    Ok(app.store.journal(id, after).await?)
}

/// What the run's programs printed, attempt after attempt, from a byte on; and whether nothing will follow.
pub async fn log(app: &App, id: Uuid, from: u64) -> Result<(LogPage, bool)> {
    // The state is read before the log: what was taken over before the end is then in what is read next.
    let ended = get(app, id).await?.state.is_final();
    let page = app.store.log(id, from).await?;
    let end = ended && page.text.is_empty();
    Ok((page, end))
}

/// What the last attempt of a run printed, about `limit` bytes of it at most.
pub async fn log_of_last_attempt(app: &App, id: Uuid, limit: usize) -> Result<String> {
    Ok(app.store.log_of_last_attempt(id, limit).await?)
}

/// Asks a run to end. One that has ended is no error.
pub async fn cancel(app: &App, id: Uuid) -> Result<RunRow> {
    let row = get(app, id).await?;
    if row.state.is_final() {
        return Ok(row);
    }
    app.store.request_cancel(id).await?;
    app.runs.wake(id);
    get(app, id).await
}

/// Lets clean code run that waits for its caller. `sha256` names the code, so that nobody approves what they have not seen.
/// Approving it again is no error.
///
/// # Errors
/// [`Error::Conflict`] where the run does not wait, or waits with other code.
pub async fn approve(app: &App, id: Uuid, sha256: &str) -> Result<RunRow> {
    let row = get(app, id).await?;
    let approved = |row: &RunRow| row.approved.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(sha256));
    if approved(&row) {
        return Ok(row);
    }
    let last = app.store.last_code(id).await?.filter(|_| row.state == RunState::AwaitingApproval);
    let Some((_, known)) = last else {
        return Err(Error::Conflict(format!("the run {id} is {}: it does not wait for approval", row.state)));
    };
    if !known.eq_ignore_ascii_case(sha256) {
        return Err(Error::Conflict(format!(
            "the run {id} waits with other code, whose SHA-256 is {known}: read it at /v1/runs/{id}/code and approve that"
        )));
    }
    app.store.approve(id, &known).await?;
    app.runs.wake(id);
    let row = get(app, id).await?;
    if approved(&row) { Ok(row) } else { Err(Error::Conflict(format!("the run {id} no longer waits for approval"))) }
}

/// Waits until a run has ended, at most so long.
///
/// # Errors
/// [`Error::StillRunning`] where it has not; the run goes on.
async fn wait(app: &App, id: Uuid, limit: Duration) -> Result<RunRow> {
    let ended = async {
        let mut bell = app.events.listen(id);
        loop {
            let row = get(app, id).await?;
            if row.state.is_final() {
                return Ok(row);
            }
            tokio::select! {
                () = bell.heard() => {}
                () = tokio::time::sleep(Duration::from_secs(2)) => {}
            }
        }
    };
    tokio::time::timeout(limit, ended).await.unwrap_or(Err(Error::StillRunning(id)))
}

/// Makes a run and waits for its answer, as long as a blocking path may.
///
/// # Errors
/// As for [`create`] and [`wait`]; what [`expect_answer`] makes of a run without an answer.
pub async fn answered(app: &App, asked: NewRun) -> Result<RunRow> {
    let row = create(app, asked).await?;
    expect_answer(app, wait(app, row.id, app.patience).await?).await
}

/// Turns a run that was refused or did not get to its end into the error that says so; a program that ran and failed is
/// an answer, not an error.
async fn expect_answer(app: &App, row: RunRow) -> Result<RunRow> {
    let problem = row.problem.clone().unwrap_or_else(|| crate::store::Problem {
        kind: row.state.to_string(),
        detail: format!("the run {} ended as {}", row.id, row.state),
    });
    match (row.state, problem.kind.as_str()) {
        (RunState::Succeeded, _) | (RunState::Failed, "program-failed") => Ok(row),
        (RunState::Rejected, "rejected") => {
            let last = code(app, row.id).await?.pop();
            let (code, findings) = last.map(|a| (a.code, a.findings.unwrap_or_default())).unwrap_or_default();
            Err(Error::Rejected { run: Some(row.id), code, findings })
        }
        (RunState::Rejected, _) => Err(Error::Unsupported(problem.detail)),
        _ => Err(Error::RunFailed { run: row.id, kind: problem.kind, detail: problem.detail }),
    }
}
