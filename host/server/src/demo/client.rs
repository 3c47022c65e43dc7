//! The demo's requests: what any caller of the API would send.

use anyhow::{Context, bail, ensure};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::{RequestBuilder, StatusCode, multipart};
use serde_json::{Value, json};

/// Speaks to one server.
pub(super) struct Client {
    base: String,
    http: reqwest::Client,
}

impl Client {
    pub(super) fn new(base: String) -> Self {
        Self { base, http: reqwest::Client::new() }
    }

    pub(super) async fn upload(&self, session: &str, name: &str, body: &'static [u8]) -> anyhow::Result<Value> {
        let form = multipart::Form::new()
            .text("session_id", session.to_owned())
            .part("file", multipart::Part::bytes(body).file_name(name.to_owned()));
        answer(self.http.post(self.at("/v1/uploads")).multipart(form)).await
    }

    /// The frameworks that serve: name and title.
    pub(super) async fn frameworks(&self) -> anyhow::Result<Vec<(String, String)>> {
        let all = answer(self.http.get(self.at("/v1/frameworks"))).await?;
        let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(all.as_array().into_iter().flatten().map(|one| (text(one, "name"), text(one, "title"))).collect())
    }

    /// Starts a run for a request in plain language; its id.
    pub(super) async fn ask(&self, framework: &str, session: &str, prompt: &str) -> anyhow::Result<String> {
        let request = json!({ "framework": framework, "session_id": session, "prompt": prompt });
        let run = answer(self.http.post(self.at("/v1/runs")).json(&request)).await?;
        Ok(run.get("id").and_then(Value::as_str).context("the run has no id")?.to_owned())
    }

    /// Follows a run's events to their end.
    pub(super) async fn follow(
        &self,
        run: &str,
        tell: impl Fn(&str, &Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let response = self.http.get(self.at(&format!("/v1/runs/{run}/events"))).send().await?.error_for_status()?;
        let mut events = response.bytes_stream().eventsource();
        while let Some(event) = events.next().await {
            let event = event?;
            let entry: Value = serde_json::from_str(&event.data)?;
            tell(&event.event, entry.get("data").unwrap_or(&Value::Null))?;
        }
        Ok(())
    }

    pub(super) async fn code(&self, run: &str) -> anyhow::Result<Value> {
        answer(self.http.get(self.at(&format!("/v1/runs/{run}/code")))).await
    }

    pub(super) async fn results(&self, run: &str) -> anyhow::Result<Value> {
        answer(self.http.get(self.at(&format!("/v1/runs/{run}/results")))).await
    }

    /// Sends code that must be refused; the refusal.
    pub(super) async fn refused(&self, framework: &str, session: &str, code: &str) -> anyhow::Result<Value> {
        let request = json!({ "framework": framework, "session_id": session, "code": code });
        let response = self.http.post(self.at("/execute")).json(&request).send().await?;
        ensure!(response.status() == StatusCode::UNPROCESSABLE_ENTITY, "the bad code was not refused");
        Ok(response.json().await?)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let body: Value = response.json().await?;
    if !status.is_success() {
        bail!("{status}: {}", body.get("detail").and_then(Value::as_str).unwrap_or("no detail"));
    }
    Ok(body)
}
