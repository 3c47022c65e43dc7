//! The operator's part of a server's API.

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::TestHost;

impl TestHost {
    /// A request of the operator's.
    pub fn as_operator(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let token = std::fs::read_to_string(self.data().join("operator.token"))?;
        Ok(self.http.request(method, self.at(path)).bearer_auth(token.trim()))
    }

    /// Hands a component in; its digest.
    pub async fn install(&self, wasm: Vec<u8>) -> anyhow::Result<String> {
        let installed = super::answer(self.hand_in(wasm).await?).await?;
        Ok(installed.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// The same, whatever comes of it.
    pub async fn hand_in(&self, wasm: Vec<u8>) -> anyhow::Result<Response> {
        Ok(self.as_operator(Method::POST, "/v1/plugins")?.body(wasm).send().await?)
    }

    /// Lets a component serve a framework with these grants; the answer.
    pub async fn activate(&self, framework: &str, digest: &str, grant: &[&str]) -> anyhow::Result<Response> {
        let asked = json!({ "digest": digest, "grant": grant });
        let path = format!("/v1/plugins/{framework}/activate");
        Ok(self.as_operator(Method::POST, &path)?.json(&asked).send().await?)
    }

    /// Installs a component and lets it serve; the number of its generation.
    pub async fn swap(&self, framework: &str, wasm: Vec<u8>) -> anyhow::Result<u64> {
        let digest = self.install(wasm).await?;
        let serving = super::answer(self.activate(framework, &digest, &[]).await?).await?;
        serving.get("generation").and_then(Value::as_u64).context("the answer names no generation")
    }

    /// Goes back to an earlier generation; the answer.
    pub async fn roll_back(&self, framework: &str, asked: Value) -> anyhow::Result<Response> {
        let path = format!("/v1/plugins/{framework}/rollback");
        Ok(self.as_operator(Method::POST, &path)?.json(&asked).send().await?)
    }

    /// How the plugin of a framework stands, for its operator.
    pub async fn plugin(&self, framework: &str) -> anyhow::Result<Value> {
        let all = super::answer(self.as_operator(Method::GET, "/v1/plugins")?.send().await?).await?;
        let mut all = all.as_array().cloned().unwrap_or_default();
        all.retain(|plugin| plugin.get("framework").and_then(Value::as_str) == Some(framework));
        anyhow::ensure!(all.len() == 1, "{} plugins for {framework}", all.len());
        Ok(all.remove(0))
    }
}
