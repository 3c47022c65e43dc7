//! The head of a cluster that runs nothing, answers as Ray does or as it is told, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Ends with the runtime of its test.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    asked: Vec<Asked>,
    jobs: BTreeMap<String, Value>,
    packages: BTreeMap<String, Bytes>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method.as_str() == method && self.path == path
    }
}

impl Fake {
    /// Answers each request so; `None` for Ray's own answer.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Option<Response> + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { url: format!("http://{}", listener.local_addr().unwrap()), inside: Arc::default() };
        let here = fake.clone();
        let handle = move |request: Request| {
            let (here, answer) = (here.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
                let path = parts.uri.path().to_owned();
                let asked = Asked { method: parts.method, path, headers: parts.headers, body };
                here.inside.lock().unwrap().asked.push(asked.clone());
                answer(&asked).unwrap_or_else(|| here.usual(&asked))
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await.unwrap() });
        fake
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inside.lock().unwrap().asked.clone()
    }

    /// Puts a job there, or into another state.
    pub(crate) fn job(&self, id: &str, job: Value) {
        self.inside.lock().unwrap().jobs.insert(id.to_owned(), job);
    }

    pub(crate) fn packages(&self) -> Vec<(String, Bytes)> {
        self.inside.lock().unwrap().packages.clone().into_iter().collect()
    }

    fn usual(&self, asked: &Asked) -> Response {
        let mut inside = self.inside.lock().unwrap();
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["api", "version"]) => {
                Json(json!({"version": "4", "ray_version": "2.60.0", "ray_commit": "x", "session_name": "s"}))
                    .into_response()
            }
            ("GET", ["api", "packages", "gcs", name]) => match inside.packages.get(*name) {
                Some(_) => ().into_response(),
                None => (StatusCode::NOT_FOUND, "Package does not exist").into_response(),
            },
            ("PUT", ["api", "packages", "gcs", name]) => {
                inside.packages.insert((*name).to_owned(), asked.body.clone());
                ().into_response()
            }
            // With the slash at its end, and only so.
            ("POST", ["api", "jobs", ""]) => {
                let job: Value = serde_json::from_slice(&asked.body).unwrap();
                let id = job["submission_id"].as_str().unwrap().to_owned();
                if inside.jobs.contains_key(&id) {
                    let text = format!(
                        "Traceback\n{}ValueError: Job with submission_id {id} already exists. Please use a different submission_id.\n.\n",
                        "  File \"job_head.py\", line 419, in submit_job\n".repeat(40)
                    );
                    return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
                }
                inside.jobs.insert(id.clone(), told("PENDING"));
                Json(json!({ "job_id": id, "submission_id": id })).into_response()
            }
            ("GET", ["api", "jobs", ""]) => Json(Value::from_iter(inside.jobs.values().cloned())).into_response(),
            ("GET", ["api", "jobs", id]) => match inside.jobs.get(*id) {
                Some(job) => Json(job).into_response(),
                None => (StatusCode::NOT_FOUND, format!("Job {id} does not exist")).into_response(),
            },
            ("POST", ["api", "jobs", id, "stop"]) if inside.jobs.contains_key(*id) => {
                let runs = inside.jobs.get(*id).is_some_and(|job| job["status"] != "PENDING");
                if runs {
                    inside.jobs.insert((*id).to_owned(), told("STOPPED"));
                }
                // Of a job without a driver Ray says the same as of one that has ended.
                Json(json!({ "stopped": runs })).into_response()
            }
            ("GET", ["api", "jobs", id, "logs"]) if inside.jobs.contains_key(*id) => {
                Json(json!({ "logs": "one\ntwo\n" })).into_response()
            }
            (_, ["api", "jobs", id, "stop" | "logs"]) => {
                (StatusCode::NOT_FOUND, format!("Job {id} does not exist")).into_response()
            }
            _ => (StatusCode::NOT_FOUND, "404: Not Found").into_response(),
        }
    }
}

/// A job in this state.
pub(crate) fn told(status: &str) -> Value {
    json!({"type": "SUBMISSION", "submission_id": "job", "status": status, "message": "", "start_time": 1_700_000_000_000_u64,
        "end_time": null, "driver_exit_code": null, "metadata": {}, "runtime_env": {}})
}
