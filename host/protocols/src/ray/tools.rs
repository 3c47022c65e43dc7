//! The six tools, and a cluster as a server of tools within this process.

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;
use enginehouse_capabilities::{
    AttemptScope, CallContext, Error, ObjectUri, Result, Tool, ToolReply, ToolServers, known,
};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::{Job, RayCluster, RayJobs, Submission};
use crate::mcp::quoted;

/// The most jobs of a list, the newest first.
const MOST_JOBS: usize = 200;

type Arguments = Map<String, Value>;

impl RayJobs {
    /// What there is to call, with the cluster's version in the description of `cluster_status`.
    ///
    /// # Errors
    /// Where the cluster does not answer: then there is nothing to call.
    pub async fn tools(&self) -> Result<Vec<Tool>> {
        let version = self.version().await?;
        let id = json!({"type": "string", "description": "The name that the job was submitted under: letters, digits, - and _"});
        let tool = |name: &str, description: String, properties: Value, required: &[&str]| Tool {
            name: name.to_owned(),
            description,
            input_schema: json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false
            })
            .to_string(),
        };
        let one = json!({ "submission_id": id });
        Ok(vec![
            tool(
                "submit_job",
                "Runs a Python program as a job, once for each submission_id".to_owned(),
                json!({
                    "submission_id": id,
                    "code": {"type": "string", "description": "The program"},
                    "output_path": {"type": "string", "description": "What it finds in the variable OUTPUT_PATH"},
                }),
                &["submission_id", "code"],
            ),
            tool("job_status", "How far a job is".to_owned(), one.clone(), &["submission_id"]),
            tool(
                "job_logs",
                "What a job printed, 256 KiB at most".to_owned(),
                json!({
                    "submission_id": id,
                    "after": {"type": "integer", "minimum": 0, "description": "From this byte on; the last piece without it"},
                }),
                &["submission_id"],
            ),
            tool("stop_job", "Asks a job to stop".to_owned(), one, &["submission_id"]),
            tool("list_jobs", format!("The newest {MOST_JOBS} jobs"), json!({}), &[]),
            tool("cluster_status", format!("Whether the cluster answers. It runs Ray {version}"), json!({}), &[]),
        ])
    }

    /// Calls one of them. A failure of the cluster or the job is a reply as well:
    /// `{"error": {"kind": "unavailable", "message": "…"}}`.
    ///
    /// # Errors
    /// [`Error::NotFound`] for another tool.
    pub async fn call(&self, tool: &str, arguments: &Arguments) -> Result<ToolReply> {
        let answer = match tool {
            "submit_job" => self.submit_job(arguments).await,
            "job_status" => self.job_status(arguments).await,
            "job_logs" => self.job_logs(arguments).await,
            "stop_job" => self.stop_job(arguments).await,
            "list_jobs" => self.list_jobs().await,
            "cluster_status" => {
                self.version().await.map(|version| json!({ "status": "connected", "ray_version": version }))
            }
            _ => return Err(Error::NotFound(format!("a cluster has no tool {}", quoted(tool)))),
        };
        let (content, is_error) = match answer {
            Ok(answer) => (answer, false),
            Err(error) => (json!({"error": {"kind": error.kind(), "message": error.to_string()}}), true),
        };
        Ok(ToolReply { content: content.to_string(), is_error })
    }

    async fn submit_job(&self, arguments: &Arguments) -> Result<Value> {
        let id = text(arguments, "submission_id")?;
        let output_path = match arguments.get("output_path") {
            None | Some(Value::Null) => None,
            Some(_) => Some(text(arguments, "output_path")?),
        };
        let new = self.submit(Submission { id, code: text(arguments, "code")?, output_path }).await?;
        Ok(json!({ "submission_id": id, "new": new }))
    }

    async fn job_status(&self, arguments: &Arguments) -> Result<Value> {
        let id = text(arguments, "submission_id")?;
        Ok(told(&Job { submission_id: Some(id.to_owned()), ..self.job(id).await? }))
    }

    async fn job_logs(&self, arguments: &Arguments) -> Result<Value> {
        let id = text(arguments, "submission_id")?;
        let after = match arguments.get("after") {
            None | Some(Value::Null) => None,
            Some(after) => {
                Some(after.as_u64().ok_or_else(|| Error::Invalid("`after` is a number of bytes".to_owned()))?)
            }
        };
        let piece = self.log(id, after).await?;
        Ok(json!({ "text": piece.text, "next": piece.next, "dropped": piece.dropped, "end": piece.end }))
    }

    async fn stop_job(&self, arguments: &Arguments) -> Result<Value> {
        Ok(json!({ "stopped": self.stop(text(arguments, "submission_id")?).await? }))
    }

    async fn list_jobs(&self) -> Result<Value> {
        let mut jobs = self.jobs().await?;
        jobs.sort_by_key(|job| std::cmp::Reverse(job.started_ms));
        Ok(json!({ "jobs": jobs.iter().take(MOST_JOBS).map(told).collect::<Vec<_>>() }))
    }
}

fn told(job: &Job) -> Value {
    json!({
        "submission_id": job.submission_id,
        "status": job.state.as_str(),
        "ended": job.state.is_terminal(),
        "message": job.message,
        "exit_code": job.exit_code,
        "started_ms": job.started_ms,
        "ended_ms": job.ended_ms,
    })
}

fn text<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str> {
    let text = arguments.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::Invalid(format!("the argument `{name}` is missing, or no text")))
}

/// Clusters as servers of tools, by their names in the operator's settings.
pub struct RayTools {
    clusters: BTreeMap<String, RayJobs>,
}

impl RayTools {
    /// Speaks to nobody yet.
    ///
    /// # Errors
    /// Those of [`RayJobs::new`].
    pub fn new(clusters: BTreeMap<String, RayCluster>) -> Result<Self> {
        let clusters = clusters.into_iter().map(|(name, cluster)| Ok((name.clone(), RayJobs::new(&name, cluster)?)));
        Ok(Self { clusters: clusters.collect::<Result<_>>()? })
    }

    fn cluster(&self, name: &str) -> Result<&RayJobs> {
        self.clusters.get(name).ok_or_else(|| {
            let known = known(self.clusters.keys());
            Error::Unconfigured(format!(
                "no cluster is called {} ({known}); the setting is `tools.servers`",
                quoted(name)
            ))
        })
    }
}

#[async_trait]
impl ToolServers for RayTools {
    async fn list(&self, server: &str) -> Result<Vec<Tool>> {
        self.cluster(server)?.tools().await
    }

    async fn call(
        &self,
        cx: &CallContext,
        server: &str,
        tool: &str,
        arguments: &str,
        patience: Duration,
    ) -> Result<ToolReply> {
        let cluster = self.cluster(server)?;
        let arguments: Arguments = serde_json::from_str(arguments).map_err(|error| {
            Error::Invalid(format!("the arguments of a tool are a JSON object, and these are not: {error}"))
        })?;
        if let Some(attempt) = &cx.attempt {
            confine(attempt, tool, &arguments)?;
        }
        timeout(patience, cluster.call(tool, &arguments)).await.unwrap_or_else(|_| {
            Err(Error::TimedOut(format!(
                "the tool {} of the cluster `{server}` gave no answer within {patience:?}; the tool may have run",
                quoted(tool)
            )))
        })
    }
}

/// Refuses a job that is not the attempt's, and an output that is not.
fn confine(attempt: &AttemptScope, tool: &str, arguments: &Arguments) -> Result<()> {
    if tool == "list_jobs" {
        return Err(Error::Denied("a run sees no jobs but its own".to_owned()));
    }
    if let Some(id) = arguments.get("submission_id").and_then(Value::as_str) {
        attempt.own_token(id)?;
    }
    if let Some(path) = arguments.get("output_path").and_then(Value::as_str) {
        let path: ObjectUri = path.parse()?;
        if path != attempt.output {
            return Err(Error::Denied(format!("the output of this attempt is {}", attempt.output)));
        }
    }
    Ok(())
}

impl fmt::Display for RayTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.clusters.keys().map(String::as_str).collect();
        write!(f, "Ray ({})", names.join(", "))
    }
}

impl fmt::Debug for RayTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RayTools").field(&self.clusters.keys()).finish()
    }
}
