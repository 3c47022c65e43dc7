//! Jobs on a Ray cluster, over the cluster's own REST interface, and the six tools that are made of it.
//!
//! Nothing here trusts an answer to have an end, a shape or an address of its own: bodies are bounded, members may be missing, states
//! may be new, and redirects are not followed. All that is asked is safe to ask again: a job is known by the name that we give it.

mod gateway;
mod health;
mod http;
mod job;
mod log;
mod logs;
mod package;
mod tools;

use std::{fmt, sync::Arc};

use enginehouse_capabilities::{Error, Result};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

pub use gateway::serve;
pub use job::{Job, JobState};
pub use log::{FOLLOWED, LogPiece, TAIL};
pub use tools::RayTools;

use http::Http;
use logs::Logs;

/// What one job, or the cluster itself, may say.
const MOST_BYTES: usize = 4 << 20;
/// All jobs, which come in one answer.
const MOST_BYTES_OF_ALL: usize = 64 << 20;

/// A cluster, as the operator sets it up.
#[derive(Debug, Clone)]
pub struct RayCluster {
    /// Addresses of one and the same head, `http://10.0.0.7:8265`; the one that answered last is asked first.
    pub urls: Vec<String>,
    /// What the cluster wants to see (`RAY_AUTH_MODE=token`); none: nothing.
    pub token: Option<SecretString>,
    /// Processors that a driver takes. More than none keeps drivers off a head that has none.
    pub driver_cpus: f64,
    /// The runtime environment of every job, as Ray takes it. Its `working_dir` is the program's, whatever stands there.
    pub runtime_env: Map<String, Value>,
}

/// The jobs of one cluster.
pub struct RayJobs {
    http: Arc<Http>,
    driver_cpus: f64,
    runtime_env: Map<String, Value>,
    logs: Arc<Logs>,
}

/// A program to be run.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Names the job for ever.
    pub id: &'a str,
    /// A program in Python.
    pub code: &'a str,
    /// What its processes find in `OUTPUT_PATH`.
    pub output_path: Option<&'a str>,
}

impl RayJobs {
    /// Speaks to nobody yet. `name` is the cluster's in `tools.servers`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an address that is none, or for none at all; the text names the setting.
    pub fn new(name: &str, cluster: RayCluster) -> Result<Self> {
        if !cluster.driver_cpus.is_finite() || cluster.driver_cpus < 0.0 {
            return Err(Error::Invalid(format!("`tools.servers.{name}.driver-cpus` is no number of processors")));
        }
        let http = Arc::new(Http::new(name, &cluster.urls, cluster.token)?);
        Ok(Self { http, driver_cpus: cluster.driver_cpus, runtime_env: cluster.runtime_env, logs: Arc::default() })
    }

    /// The version of Ray, where the cluster answers.
    ///
    /// # Errors
    /// As every method here: [`Error::Unavailable`] where no address answers, [`Error::Denied`] where the token is wrong,
    /// [`Error::NotFound`] where the cluster answers that there is no such thing.
    pub async fn version(&self) -> Result<String> {
        let told = self.ask(Method::GET, "api/version", None, MOST_BYTES).await?;
        Ok(told.get("ray_version").and_then(Value::as_str).unwrap_or("unknown").chars().take(64).collect())
    }

    /// Runs a program as a job, unless a job has this name already. True where it is new.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what Ray refuses, with its words.
    pub async fn submit(&self, submission: Submission<'_>) -> Result<bool> {
        let id = checked(submission.id)?;
        match self.job(id).await {
            Ok(_) => return Ok(false),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let (package, zip) = package::of(submission.code)?;
        let path = format!("api/packages/gcs/{package}");
        if !self.http.exists(&path).await? {
            self.http.put(&path, zip).await?;
        }
        let job = json!({
            "entrypoint": package::ENTRYPOINT,
            "submission_id": id,
            "entrypoint_num_cpus": self.driver_cpus,
            "runtime_env": self.environment(&package, submission.output_path),
        });
        match self.ask(Method::POST, "api/jobs/", Some(job), MOST_BYTES).await {
            Ok(_) => Ok(true),
            // Somebody was faster, or the answer to an earlier try got lost. Ray says so with a 400 or a 500.
            Err(error) if is_taken(&error.to_string(), id) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How far a job is.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a job that the cluster does not know, or knew before it was started anew.
    pub async fn job(&self, id: &str) -> Result<Job> {
        let told = self.ask(Method::GET, &format!("api/jobs/{}", checked(id)?), None, MOST_BYTES).await?;
        Job::read(&told).ok_or_else(|| self.http.malformed("it does not tell the state of a job"))
    }

    /// All jobs that were submitted, in no order; what cannot be read is left out.
    ///
    /// # Errors
    /// As [`version`](Self::version).
    pub async fn jobs(&self) -> Result<Vec<Job>> {
        let told = self.ask(Method::GET, "api/jobs/", None, MOST_BYTES_OF_ALL).await?;
        let jobs = match &told {
            Value::Array(jobs) => jobs.iter().filter_map(Job::read).collect(),
            // Old versions name each.
            Value::Object(jobs) => jobs.values().filter_map(Job::read).collect(),
            _ => return Err(self.http.malformed("it does not list its jobs")),
        };
        Ok(jobs)
    }

    /// Asks a job to stop. False where it has ended already.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a job that the cluster does not know, [`Error::Unavailable`] for one that has not begun: Ray stops
    /// no such job (ray-project/ray#58353), so it has to be asked again.
    pub async fn stop(&self, id: &str) -> Result<bool> {
        let told = self.ask(Method::POST, &format!("api/jobs/{}/stop", checked(id)?), None, MOST_BYTES).await?;
        let stopped = told.get("stopped").and_then(Value::as_bool).unwrap_or(true);
        // Ray believes that it stops also what waits for processors, and then begins it.
        let state = self.job(id).await?.state;
        if state == JobState::Pending || !(stopped || state.is_terminal()) {
            return Err(Error::Unavailable(format!(
                "the job `{id}` has not begun, and cannot be stopped before it has"
            )));
        }
        Ok(stopped)
    }

    /// What a job printed, from a byte on, or its end. The cluster sends all of it each time, so it is read once for many pieces, and
    /// again when it may have grown. Of more than 8 MiB, the first 8 MiB and the last MiB are told.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a job that the cluster does not know.
    pub async fn log(&self, id: &str, after: Option<u64>) -> Result<LogPiece> {
        // Asked first: what was printed before the end is there after it.
        let ended = self.job(id).await?.state.is_terminal();
        let log = match self.logs.find(id, ended) {
            Some(log) => log,
            None => {
                let (http, logs, id) = (Arc::clone(&self.http), Arc::clone(&self.logs), id.to_owned());
                // It is read to its end also for who has no patience left: the next call finds it.
                let reading = tokio::spawn(async move { logs.read(&http, &id, ended).await });
                reading.await.map_err(|error| Error::other("the reading of a log was given up", error))??
            }
        };
        let piece = log.piece(after);
        Ok(LogPiece { end: ended && !piece.more, ..piece })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>, most: usize) -> Result<Value> {
        let body = self.http.ask(method, path, body, most).await?;
        serde_json::from_slice(&body).map_err(|_| self.http.malformed("its answer is no JSON"))
    }

    /// The operator's environment with the program in it.
    fn environment(&self, package: &str, output_path: Option<&str>) -> Value {
        let mut environment = self.runtime_env.clone();
        environment.insert("working_dir".to_owned(), format!("gcs://{package}").into());
        let mut variables = match environment.remove("env_vars") {
            Some(Value::Object(variables)) => variables,
            _ => Map::new(),
        };
        variables.extend(output_path.map(|path| ("OUTPUT_PATH".to_owned(), path.into())));
        environment.insert("env_vars".to_owned(), variables.into());
        Value::Object(environment)
    }
}

impl fmt::Debug for RayJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.http.fmt(f)
    }
}

/// Whether an error says that there is a job of this name.
fn is_taken(error: &str, id: &str) -> bool {
    error.contains("already exists") && error.contains(id)
}

/// A job's name, which becomes a part of an address.
fn checked(id: &str) -> Result<&str> {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if (1..=128).contains(&id.len()) && plain {
        Ok(id)
    } else {
        Err(Error::Invalid("the name of a job is 1 to 128 characters of a-z, A-Z, 0-9, - and _".to_owned()))
    }
}
