//! EMR Serverless, as far as batches go: job runs that follow a script, or an engine of the test.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use axum::body::Body;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Answer, Call, Service};

/// Words after which nothing changes.
const ENDS: [&str; 3] = ["SUCCESS", "FAILED", "CANCELLED"];

/// The words of the model.
const KNOWN: [&str; 9] =
    ["SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING", "CANCELLING", "SUCCESS", "FAILED", "CANCELLED"];

type Engine = Arc<dyn Fn(String, Value) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// EMR Serverless with one application. A clone is the same service.
#[derive(Clone)]
pub struct EmrServerless {
    application: String,
    states: Vec<String>,
    engine: Option<Engine>,
    jobs: Arc<Mutex<BTreeMap<String, Job>>>,
}

struct Job {
    request: Value,
    /// Those to come; the last one stays.
    states: Vec<String>,
    details: String,
    /// Gone once the job run is cancelled.
    engine: Option<JoinHandle<()>>,
}

impl Job {
    fn state(&self) -> &str {
        &self.states[0]
    }

    fn has_ended(&self) -> bool {
        ENDS.contains(&self.state())
    }

    fn end(&mut self, state: &str, details: &str) {
        self.states = vec![state.to_owned()];
        self.details = details.to_owned();
    }
}

impl EmrServerless {
    /// With an application of this id, whose job runs succeed after a few looks.
    pub fn new(application: &str) -> Self {
        let service = Self { application: application.to_owned(), states: vec![], engine: None, jobs: Arc::default() };
        service.states(&["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "SUCCESS"])
    }

    /// Each look at a job run takes the next of these states, whatever words they are; the last one stays.
    #[must_use]
    pub fn states(mut self, states: &[&str]) -> Self {
        self.states = states.iter().map(|&state| state.to_owned()).collect();
        self
    }

    /// Job runs are run: `engine` gets the job run's id and the members of its `StartJobRun`, and how it ends is how the job run
    /// ends.
    #[must_use]
    pub fn engine<F>(mut self, engine: impl Fn(String, Value) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.engine = Some(Arc::new(move |id, request| Box::pin(engine(id, request))));
        self
    }

    /// The members of each `StartJobRun` that started something, by the job run's id.
    pub fn started(&self) -> BTreeMap<String, Value> {
        self.jobs.lock().iter().map(|(id, job)| (id.clone(), job.request.clone())).collect()
    }

    fn start(&self, request: Value) -> Answer {
        let policy = request["executionIamPolicy"]["policy"].as_str().unwrap_or("{}");
        if serde_json::from_str::<Value>(policy).is_err() {
            return Answer::error("ValidationException", "the execution policy is malformed");
        }
        let mut jobs = self.jobs.lock();
        let known = jobs.iter().find(|(_, job)| job.request["clientToken"] == request["clientToken"]);
        let id = match known {
            Some((_, job)) if job.request != request => {
                return Answer::error("ConflictException", "the client token was used with other parameters");
            }
            Some((id, _)) => id.clone(),
            None => format!("00f{:013}", jobs.len()),
        };
        if !jobs.contains_key(&id) {
            let (states, engine) = match &self.engine {
                Some(engine) => (vec!["RUNNING".to_owned()], Some(self.run(engine, &id, &request))),
                None => (self.states.clone(), None),
            };
            let details = "accepted".to_owned();
            jobs.insert(id.clone(), Job { request, states, details, engine });
        }
        Answer::Output(json!({"applicationId": self.application, "jobRunId": id, "arn": self.arn(&id)}))
    }

    fn run(&self, engine: &Engine, id: &str, request: &Value) -> JoinHandle<()> {
        let running = engine(id.to_owned(), request.clone());
        let (jobs, id) = (Arc::clone(&self.jobs), id.to_owned());
        tokio::spawn(async move {
            let ended = running.await;
            let mut jobs = jobs.lock();
            // It is there: the lock is held from before this began until it is.
            let job = jobs.get_mut(&id).unwrap();
            match ended {
                _ if job.engine.is_none() => {}
                Ok(()) => job.end("SUCCESS", "the job run completed"),
                Err(why) => job.end("FAILED", &why.chars().take(256).collect::<String>()),
            }
        })
    }

    fn look(&self, id: &str) -> Answer {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.get_mut(id) else { return missing(id) };
        let state = job.state().to_owned();
        let mut run = json!({
            "applicationId": self.application,
            "jobRunId": id,
            "arn": self.arn(id),
            "createdBy": "arn:aws:iam::000000000000:user/somebody",
            "createdAt": 1_780_000_000,
            "updatedAt": 1_780_000_000,
            "executionRole": job.request["executionRoleArn"],
            "executionIamPolicy": job.request["executionIamPolicy"],
            "state": state,
            "stateDetails": job.details,
            "releaseLabel": "emr-7.10.0",
            "jobDriver": job.request["jobDriver"],
            "mode": "BATCH",
            "attempt": 1,
            "totalResourceUtilization": {"vCPUHour": 0.125, "memoryGBHour": 0.5, "storageGBHour": 0.625},
        });
        if job.has_ended() {
            run["billedResourceUtilization"] = json!({"vCPUHour": 0.25, "memoryGBHour": 1.0, "storageGBHour": 0.0});
        }
        if job.states.len() > 1 {
            job.states.remove(0);
        }
        let output = json!({"jobRun": run});
        match KNOWN.contains(&state.as_str()) {
            true => Answer::Output(output),
            // A service may be newer than its model.
            false => Answer::Body(json!({}), Body::from(output.to_string())),
        }
    }

    fn cancel(&self, id: &str) -> Answer {
        let mut jobs = self.jobs.lock();
        let Some(job) = jobs.get_mut(id) else { return missing(id) };
        if job.has_ended() || job.state() == "CANCELLING" {
            return Answer::error("ValidationException", &format!("Job run {id} cannot be cancelled any more"));
        }
        if let Some(engine) = job.engine.take() {
            engine.abort();
        }
        job.states = ["CANCELLING", "CANCELLED"].map(str::to_owned).into();
        job.details = "cancelled by the caller".to_owned();
        Answer::Output(json!({"applicationId": self.application, "jobRunId": id}))
    }

    fn arn(&self, id: &str) -> String {
        format!("arn:aws:emr-serverless:eu-west-1:000000000000:/applications/{}/jobruns/{id}", self.application)
    }
}

#[async_trait]
impl Service for EmrServerless {
    fn name(&self) -> &'static str {
        "emr-serverless"
    }

    async fn answer(&self, call: Call) -> Answer {
        let application = call.input["applicationId"].as_str().unwrap_or_default();
        if application != self.application {
            return Answer::error("ResourceNotFoundException", &format!("Application {application} does not exist"));
        }
        let id = call.input["jobRunId"].as_str().unwrap_or_default().to_owned();
        match call.operation.as_str() {
            "StartJobRun" => self.start(call.input),
            "GetJobRun" => self.look(&id),
            "CancelJobRun" => self.cancel(&id),
            other => panic!("the fake of EMR Serverless has no {other}"),
        }
    }
}

fn missing(id: &str) -> Answer {
    Answer::error("ResourceNotFoundException", &format!("Job run {id} does not exist"))
}
