//! An engine that runs nothing and remembers everything: how often it was asked to start what, and what became of it.
//!
//! It stands where thousands of programs are needed at once. It lives in the test's own process and outlives the servers
//! that use it over HTTP; those see it as the capability `Processes` ([`FakeProcesses`]). What a program does stands in its
//! code: `# fake: <ok|fail|lost> <milliseconds in the queue> <milliseconds running>`,
//! and `<milliseconds from line to line>` where it prints, with an `e` at its end where it does so to its standard error. It is a model as well, with replies that
//! are laid down before.

mod model;
mod processes;

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

pub use model::FakeModel;
pub use processes::FakeProcesses;

/// The environment variable that names the engine's url to a server.
pub const VARIABLE: &str = "ENGINEHOUSE_FAKE_ENGINE";

/// What a server asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    token: String,
    code: String,
}

/// What became of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Exits with 0.
    Ok,
    /// Exits with 1.
    Fail,
    /// Vanishes.
    Lost,
}

/// What the engine says of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Waits for its turn.
    Queued,
    /// Runs.
    Running,
    /// Has ended.
    Ended(Outcome),
    /// Was cancelled while it waited or ran.
    Cancelled,
}

#[derive(Debug)]
struct Job {
    code: String,
    accepted: Instant,
    queue: Duration,
    run: Duration,
    outcome: Outcome,
    /// How long it takes from one line to the next that it prints, and whether to its standard error.
    line: Option<(Duration, bool)>,
    cancelled: bool,
}

impl Job {
    fn stage(&self) -> Stage {
        let age = self.accepted.elapsed();
        match self {
            Self { cancelled: true, .. } => Stage::Cancelled,
            _ if age < self.queue => Stage::Queued,
            _ if age < self.queue + self.run => Stage::Running,
            _ => Stage::Ended(self.outcome),
        }
    }
}

impl Job {
    /// All that it has printed to one of its outputs so far: numbered lines.
    fn printed(&self, error: bool) -> String {
        let ran = self.accepted.elapsed().saturating_sub(self.queue).min(self.run);
        let line = self.line.filter(|(_, to_error)| *to_error == error);
        let lines = line.map_or(0, |(line, _)| ran.as_millis() / line.as_millis().max(1));
        (1..=lines).map(|number| format!("line {number}\n")).collect()
    }
}

#[derive(Debug, Default)]
struct Jobs {
    /// Without a job, where a token was cancelled before its program came.
    by_token: Mutex<HashMap<String, Option<Job>>>,
    replies: Mutex<VecDeque<String>>,
    prompts: Mutex<Vec<String>>,
    /// How long the model thinks before it says anything, in milliseconds.
    thinking: AtomicU64,
    /// How long a call takes, half of it before it has its effect and half after.
    latency: Duration,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Job>>> {
        self.by_token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine; ends with the value.
#[derive(Debug)]
pub struct FakeEngine {
    /// Where servers find it.
    pub url: String,
    jobs: Arc<Jobs>,
    serving: tokio::task::JoinHandle<()>,
}

impl FakeEngine {
    /// Starts an engine whose calls take so long.
    pub async fn start(latency: Duration) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let jobs = Arc::new(Jobs { latency, ..Jobs::default() });
        let routes = Router::new()
            .route("/start", post(start))
            .route("/check/{token}", get(check))
            .route("/log/{token}/{error}/{after}", get(log))
            .route("/cancel/{token}", post(cancel))
            .route("/generate", post(generate))
            .with_state(Arc::clone(&jobs));
        let serving = tokio::spawn(async move {
            let _ended = axum::serve(listener, routes).await;
        });
        Ok(Self { url, jobs, serving })
    }

    /// Lays down what the model says next; without anything it is not there.
    pub fn say(&self, replies: impl IntoIterator<Item = String>) {
        self.jobs.replies.lock().unwrap_or_else(PoisonError::into_inner).extend(replies);
    }

    /// Lets the model think so long from now on before it says anything.
    pub fn think(&self, time: Duration) {
        self.jobs.thinking.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What the model was asked so far.
    pub fn prompts(&self) -> Vec<String> {
        self.jobs.prompts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every program that was ever accepted, by its token.
    pub fn programs(&self) -> Vec<(String, Stage)> {
        let jobs = self.jobs.lock();
        jobs.iter().filter_map(|(token, job)| Some((token.clone(), job.as_ref()?.stage()))).collect()
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn start(State(jobs): State<Arc<Jobs>>, Json(asked): Json<Start>) -> StatusCode {
    tokio::time::sleep(jobs.latency / 2).await;
    let status = match jobs.lock().entry(asked.token) {
        Entry::Occupied(known) => match known.get() {
            Some(job) if job.code != asked.code => StatusCode::CONFLICT,
            _ => StatusCode::OK,
        },
        Entry::Vacant(free) => match job(asked.code) {
            Some(job) => {
                free.insert(Some(job));
                StatusCode::CREATED
            }
            None => StatusCode::BAD_REQUEST,
        },
    };
    tokio::time::sleep(jobs.latency / 2).await;
    status
}

fn job(code: String) -> Option<Job> {
    let words: Vec<&str> = code.lines().find_map(|line| line.strip_prefix("# fake: "))?.split(' ').collect();
    let (outcome, queue, run, line) = match words.as_slice() {
        [outcome, queue, run] => (outcome, queue, run, None),
        [outcome, queue, run, line] => {
            let (number, error) = line.strip_suffix('e').map_or((*line, false), |number| (number, true));
            (outcome, queue, run, Some((Duration::from_millis(number.parse().ok()?), error)))
        }
        _ => return None,
    };
    let outcome = match *outcome {
        "ok" => Outcome::Ok,
        "fail" => Outcome::Fail,
        "lost" => Outcome::Lost,
        _ => return None,
    };
    let (queue, run) = (Duration::from_millis(queue.parse().ok()?), Duration::from_millis(run.parse().ok()?));
    Some(Job { accepted: Instant::now(), queue, run, outcome, line, cancelled: false, code })
}

async fn check(State(jobs): State<Arc<Jobs>>, Path(token): Path<String>) -> Result<Json<Stage>, StatusCode> {
    tokio::time::sleep(jobs.latency).await;
    let jobs = jobs.lock();
    let known = jobs.get(&token).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(known.as_ref().map_or(Stage::Cancelled, Job::stage)))
}

/// What an output has after a byte, and whether nothing will follow.
async fn log(
    State(jobs): State<Arc<Jobs>>,
    Path((token, error, after)): Path<(String, bool, usize)>,
) -> Result<Json<(String, bool)>, StatusCode> {
    let jobs = jobs.lock();
    let Some(job) = jobs.get(&token).ok_or(StatusCode::NOT_FOUND)? else { return Ok(Json((String::new(), true))) };
    // The stage is told before what was printed: after its end, nothing is.
    let ended = !matches!(job.stage(), Stage::Queued | Stage::Running);
    Ok(Json((job.printed(error).get(after..).unwrap_or_default().to_owned(), ended)))
}

async fn cancel(State(jobs): State<Arc<Jobs>>, Path(token): Path<String>) -> StatusCode {
    tokio::time::sleep(jobs.latency / 2).await;
    if let Some(job) = jobs.lock().entry(token).or_default()
        && matches!(job.stage(), Stage::Queued | Stage::Running)
    {
        job.cancelled = true;
    }
    tokio::time::sleep(jobs.latency / 2).await;
    StatusCode::OK
}

async fn generate(State(jobs): State<Arc<Jobs>>, prompt: String) -> Result<String, StatusCode> {
    jobs.prompts.lock().unwrap_or_else(PoisonError::into_inner).push(prompt);
    tokio::time::sleep(Duration::from_millis(jobs.thinking.load(Ordering::Relaxed))).await;
    jobs.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front().ok_or(StatusCode::NOT_FOUND)
}
