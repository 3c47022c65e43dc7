//! A real server for tests: the real binary, a data folder of its own, spoken to over HTTP.

pub mod ahead;
pub mod clock;
pub mod fake_engine;
pub mod guests;
pub mod operator;
pub mod postgres;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use enginehouse::config::Config;
use enginehouse_local::engines::EnginesRoot;
use reqwest::{Response, StatusCode, multipart};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server in a process of its own, and a client of it. Ends with the value.
#[derive(Debug)]
pub struct TestHost {
    executable: PathBuf,
    parts: Parts,
    folder: TempDir,
    child: Child,
    /// `http://127.0.0.1:<port>`.
    pub base: String,
    /// Speaks HTTP.
    pub http: reqwest::Client,
}

/// What a server has in the place of its own.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The url of a [`fake_engine::FakeEngine`].
    pub engine: Option<String>,
    /// The url of a PostgreSQL database.
    pub postgres: Option<String>,
    /// More of its configuration, as TOML.
    pub config: String,
    /// Variables of its environment.
    pub environment: Vec<(&'static str, String)>,
    /// A command, with its arguments, that starts it; the data folder stands for `{data}`.
    pub wrapper: Vec<String>,
    /// Where its log goes; its standard error where there is none.
    pub log: Option<PathBuf>,
}

impl TestHost {
    /// Starts a server with nothing but a data folder and a free port, and installs the engines that are missing.
    pub async fn start(executable: &str) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(|| {
            let root = EnginesRoot::new(&Config::default().local.engines);
            root.engines().iter().try_for_each(|engine| root.install(&engine.name, |_| {}).map(drop))
        })
        .await??;
        Self::start_with(executable, Parts::default()).await
    }

    /// Starts a server with other parts; it installs nothing.
    pub async fn start_with(executable: &str, parts: Parts) -> anyhow::Result<Self> {
        Self::start_in(executable.into(), parts, tempfile::tempdir()?).await
    }

    async fn start_in(executable: PathBuf, parts: Parts, folder: TempDir) -> anyhow::Result<Self> {
        let config = folder.path().join("enginehouse.toml");
        let store = parts.postgres.as_ref();
        let store = store.map(|url| format!("[store]\nbackend = \"postgres\"\nurl = \"{url}\"\n")).unwrap_or_default();
        std::fs::write(&config, format!("{}\n{store}", parts.config))?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let data = folder.path().join("data");
        let mut command = match parts.wrapper.split_first() {
            Some((wrapper, arguments)) => {
                std::fs::create_dir_all(&data)?;
                let mut command = Command::new(wrapper);
                command.args(arguments.iter().map(|argument| argument.replace("{data}", &data.to_string_lossy())));
                command.arg(&executable);
                command
            }
            None => Command::new(&executable),
        };
        if let Some(log) = &parts.log {
            command.stderr(std::fs::File::options().create(true).append(true).open(log)?);
        }
        let child = command
            .envs(parts.environment.iter().map(|(name, value)| (name, value)))
            .envs(parts.engine.iter().map(|url| (fake_engine::VARIABLE, url)))
            .arg("--config")
            .arg(config)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", executable.display()))?;
        let http = client();
        let mut host = Self { executable, parts, folder, child, base, http };
        host.wait_until_ready().await?;
        Ok(host)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status} before it was ready");
            }
            match self.http.get(self.at("/readyz")).send().await {
                Ok(response) if response.status() == StatusCode::OK => return Ok(()),
                _ if since.elapsed() > Duration::from_secs(120) => bail!("the server is not ready after 120 s"),
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Ends the server at once, as a crash would, and starts another over the same data.
    pub async fn crash_and_restart(mut self) -> anyhow::Result<Self> {
        self.crash()?;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir()?);
        Self::start_in(self.executable.clone(), self.parts.clone(), folder).await
    }

    /// Ends the server at once.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The server's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The most memory that the server has had so far, in KiB.
    pub fn peak_memory_kib(&self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// The memory that the server has now, in KiB.
    pub fn memory_kib(&self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    fn status(&self, name: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("the status has no such line")?;
        Ok(line.trim_end_matches("kB").trim().parse()?)
    }

    /// The server's data folder as it sees it itself, where a wrapper shows it another.
    pub fn inner_data(&self) -> anyhow::Result<PathBuf> {
        let wrapper = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{wrapper}/task/{wrapper}/children"))?;
        let server = children.split_whitespace().next().context("the wrapper has no child")?;
        Ok(Path::new(&format!("/proc/{server}/root")).join(self.data().strip_prefix("/")?))
    }

    /// A path as a url.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The JSON that a path answers with; anything but success is an error with the problem in it.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.http.get(self.at(path)).send().await?).await
    }

    /// Sends JSON; anything but success is an error with the problem in it.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        answer(self.http.post(self.at(path)).json(&body).send().await?).await
    }

    /// Sends JSON that must be refused with this status; the problem document.
    pub async fn refused(&self, path: &str, body: Value, status: u16) -> anyhow::Result<Value> {
        problem(self.http.post(self.at(path)).json(&body).send().await?, status).await
    }

    /// Uploads a CSV into a session; what was found in it.
    pub async fn upload(&self, session: &str, name: &str, csv: impl Into<Vec<u8>>) -> anyhow::Result<Value> {
        let form = multipart::Form::new()
            .text("session_id", session.to_owned())
            .part("file", multipart::Part::bytes(csv.into()).file_name(name.to_owned()));
        answer(self.http.post(self.at("/v1/uploads")).multipart(form).send().await?).await
    }

    /// Puts an object into the store.
    pub async fn put_object(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) -> anyhow::Result<Value> {
        let url = self.at(&format!("/v1/objects/{bucket}/{key}"));
        answer(self.http.put(url).body(body.into()).send().await?).await
    }

    /// Registers a table over objects.
    pub async fn register(&self, database: &str, table: &str, location: &str) -> anyhow::Result<Value> {
        let url = self.at(&format!("/v1/catalog/{database}/{table}"));
        answer(self.http.put(url).json(&json!({ "location": location })).send().await?).await
    }

    /// Starts a run; its id.
    pub async fn run(&self, request: Value) -> anyhow::Result<String> {
        let run = self.post("/v1/runs", request).await?;
        Ok(run.get("id").and_then(Value::as_str).context("the run has no id")?.to_owned())
    }

    /// Waits until a run has ended.
    pub async fn ended(&self, run: &str) -> anyhow::Result<Value> {
        let since = Instant::now();
        loop {
            let view = self.get(&format!("/v1/runs/{run}")).await?;
            if view.get("finished_at").is_some_and(|at| !at.is_null()) {
                return Ok(view);
            }
            ensure!(since.elapsed() < Duration::from_secs(300), "the run has not ended after 300 s: {view}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

async fn answer(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body = response.text().await?;
    ensure!(status.is_success(), "{status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

/// A client; its like cannot be made before a TLS library was chosen.
pub fn client() -> reqwest::Client {
    enginehouse::tls::choose();
    reqwest::Client::new()
}

/// The problem document of a refusal with this status.
pub async fn problem(response: Response, status: u16) -> anyhow::Result<Value> {
    let got = response.status();
    let kind =
        response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let body = response.text().await?;
    ensure!(got.as_u16() == status, "{got} and not {status}: {body}");
    ensure!(kind == "application/problem+json", "a problem is told as {kind}: {body}");
    let problem: Value = serde_json::from_str(&body)?;
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or_default();
    ensure!(!detail.is_empty(), "the problem has no detail: {problem}");
    Ok(problem)
}

/// The files under a folder, for tests that look behind the API.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}
