//! The engine as a server sees it.

use std::fmt;

use async_trait::async_trait;
use enginehouse_capabilities::{
    CallContext, Error, LogChunk, ProcessOutput, ProcessState, Processes, Program, Result, Token,
};
use reqwest::{Response, StatusCode};

use super::{Outcome, Stage, Start};

/// The most of a log in one answer.
const LOG_BYTES: usize = 256 << 10;

/// Speaks to a [`FakeEngine`](super::FakeEngine).
#[derive(Debug)]
pub struct FakeProcesses {
    url: String,
    http: reqwest::Client,
}

impl FakeProcesses {
    /// Of the engine at this url.
    pub fn new(url: String) -> Self {
        Self { url, http: crate::client() }
    }

    async fn stage(&self, token: &Token) -> Result<Stage> {
        let answer = sent(self.http.get(format!("{}/check/{token}", self.url))).await?;
        match answer.status() {
            StatusCode::OK => answer.json().await.map_err(|error| Error::Unavailable(error.to_string())),
            _ => Err(Error::NotFound(format!("there is no program {token}"))),
        }
    }
}

async fn sent(request: reqwest::RequestBuilder) -> Result<Response> {
    request.send().await.map_err(|error| Error::Unavailable(error.to_string()))
}

impl fmt::Display for FakeProcesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a fake engine at {}", self.url)
    }
}

#[async_trait]
impl Processes for FakeProcesses {
    async fn start(&self, _: &CallContext, program: Program) -> Result<()> {
        let start = Start { token: program.token.to_string(), code: program.code };
        let answer = sent(self.http.post(format!("{}/start", self.url)).json(&start)).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::CREATED => Ok(()),
            StatusCode::CONFLICT => Err(Error::Conflict("the token stands for another program".to_owned())),
            status => Err(Error::Invalid(format!("the engine answered {status}"))),
        }
    }

    async fn check(&self, token: &Token) -> Result<ProcessState> {
        Ok(match self.stage(token).await? {
            Stage::Queued => ProcessState::Queued,
            Stage::Running => ProcessState::Running,
            Stage::Ended(Outcome::Ok) => ProcessState::Exited(0),
            Stage::Ended(Outcome::Fail) => ProcessState::Exited(1),
            Stage::Ended(Outcome::Lost) => ProcessState::Lost,
            Stage::Cancelled => ProcessState::Stopped("cancelled".to_owned()),
        })
    }

    async fn log(&self, token: &Token, output: ProcessOutput, after: u64) -> Result<LogChunk> {
        let error = output == ProcessOutput::Stderr;
        let answer = sent(self.http.get(format!("{}/log/{token}/{error}/{after}", self.url))).await?;
        let read = answer.json::<(String, bool)>().await;
        let (mut text, ended) = read.map_err(|error| Error::Unavailable(error.to_string()))?;
        let whole = text.len() <= LOG_BYTES;
        text.truncate(LOG_BYTES);
        Ok(LogChunk { next: after + text.len() as u64, end: ended && whole, text, dropped: 0 })
    }

    async fn cancel(&self, token: &Token) -> Result<()> {
        sent(self.http.post(format!("{}/cancel/{token}", self.url))).await.map(drop)
    }

    async fn remove(&self, _: &Token) -> Result<()> {
        Ok(())
    }

    async fn probe(&self, _: &str) -> Result<String> {
        Ok("runs nothing".to_owned())
    }
}
