//! A store, a folder for programs and an attempt: what every scenario begins with.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use enginehouse_capabilities::{
    AttemptScope, CallContext, LogChunk, ObjectUri, ProcessOutput, ProcessState, Processes, Program, Token,
};
use enginehouse_local::{
    engines::{EnginesRoot, Pool},
    processes::{Limits, LocalProcesses, ProcessesConfig, Shim},
};
use uuid::Uuid;

/// The prefix every attempt writes under, below `runs`.
pub(crate) const OUTPUT: &str = "s3://results/r1/out/";
const SCRATCH: &str = "s3://results/r1/scratch/";

pub(crate) struct House {
    pub(crate) root: tempfile::TempDir,
    pub(crate) config: ProcessesConfig,
    pub(crate) processes: LocalProcesses,
    pub(crate) context: CallContext,
    run: Uuid,
}

impl House {
    /// With the default limits.
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (store, folder) = (root.path().join("store"), root.path().join("processes"));
        fs::create_dir_all(store.join("raw/secret")).unwrap();
        fs::create_dir_all(store.join("results/other")).unwrap();
        fs::write(store.join("raw/sales.csv"), "region,amount\nnorth,1\nsouth,2\nnorth,3\n").unwrap();
        fs::write(store.join("raw/secret/pay.csv"), "name,pay\nann,9\n").unwrap();
        fs::write(store.join("results/other/part.csv"), "another,run\n").unwrap();
        let shim = Shim { program: env!("CARGO_BIN_EXE_enginehouse-shim").into(), arguments: Vec::new() };
        let mut config = ProcessesConfig::new(folder, store, engines().await, shim);
        config.limits = limits;
        config.pools.clear();
        config.max_running = NonZeroUsize::new(2).unwrap();
        let processes = LocalProcesses::open(config.clone()).await.unwrap();
        let run = Uuid::now_v7();
        let attempt = AttemptScope {
            token: Token::of_attempt(run, 1),
            inputs: vec!["s3://raw/sales.csv".parse().unwrap()],
            output: OUTPUT.parse().unwrap(),
            scratch: SCRATCH.parse().unwrap(),
            target: "here".into(),
            timeout: Duration::from_secs(300),
        };
        let context =
            CallContext { framework: "spark".into(), digest: "0".repeat(64), run: Some(run), attempt: Some(attempt) };
        Self { root, config, processes, context, run }
    }

    /// Opens the processes anew, with one sandbox of the engine started ahead from its first use on.
    pub(crate) async fn with_pool_of(&mut self, engine: &str) {
        let pool = Pool { size: 1, idle: Duration::from_secs(600), memory: 2 << 30 };
        self.config.pools.insert(engine.into(), pool);
        self.processes = LocalProcesses::open(self.config.clone()).await.unwrap();
    }

    /// In which a sandbox of the engine waits.
    pub(crate) async fn warm(engine: &str) -> Self {
        let mut house = Self::new().await;
        house.with_pool_of(engine).await;
        house.use_once(engine).await;
        house.ahead(engine, "1 waiting").await;
        house
    }

    /// Opens the processes anew: what runs goes on, what waits ends, and no other is started ahead.
    pub(crate) async fn without_pools(&mut self) {
        self.config.pools.clear();
        self.processes = LocalProcesses::open(self.config.clone()).await.unwrap();
    }

    /// Runs a program that does nothing, under a token of its own.
    pub(crate) async fn use_once(&self, engine: &str) {
        let context = self.another_attempt();
        let token = context.attempt.as_ref().unwrap().token.clone();
        let program = Program { token: token.clone(), ..self.program(engine, "") };
        self.processes.start(&context, program).await.unwrap();
        assert_eq!(self.end(&token).await, ProcessState::Exited(0));
        self.processes.remove(&token).await.unwrap();
    }

    /// Waits until this is told of the sandboxes that are started ahead.
    pub(crate) async fn ahead(&self, engine: &str, state: &str) {
        let begun = Instant::now();
        loop {
            let told = self.processes.probe(engine).await.unwrap();
            if told.contains(state) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{told}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Gives the attempt these inputs in place of `raw/sales.csv`.
    pub(crate) fn inputs(&mut self, uris: &[&str]) {
        self.context.attempt.as_mut().unwrap().inputs = uris.iter().map(|uri| uri.parse().unwrap()).collect();
    }

    /// The same, of another run.
    pub(crate) fn another_attempt(&self) -> CallContext {
        let mut context = self.context.clone();
        context.attempt.as_mut().unwrap().token = Token::of_attempt(Uuid::now_v7(), 1);
        context
    }

    pub(crate) fn token(&self) -> Token {
        Token::of_attempt(self.run, 1)
    }

    pub(crate) fn token_with(&self, ending: &str) -> Token {
        format!("{}{ending}", self.token()).parse().unwrap()
    }

    pub(crate) fn program(&self, engine: &str, code: &str) -> Program {
        Program {
            token: self.token(),
            engine: engine.into(),
            prelude: String::new(),
            code: code.into(),
            timeout: Duration::from_secs(240),
        }
    }

    /// Starts `code` on plain Python and waits for its end.
    pub(crate) async fn python(&self, code: &str) -> ProcessState {
        self.processes.start(&self.context, self.program("python", code)).await.unwrap();
        self.end(&self.token()).await
    }

    /// Starts `code` on Spark and waits for its end.
    pub(crate) async fn spark(&self, code: &str) -> ProcessState {
        self.processes.start(&self.context, self.program("spark", code)).await.unwrap();
        self.end(&self.token()).await
    }

    /// Starts `code` on Ray and waits for its end.
    pub(crate) async fn ray(&self, code: &str) -> ProcessState {
        self.processes.start(&self.context, self.program("ray", code)).await.unwrap();
        self.end(&self.token()).await
    }

    pub(crate) async fn end(&self, token: &Token) -> ProcessState {
        self.until(token, ProcessState::is_final).await
    }

    pub(crate) async fn until(&self, token: &Token, reached: impl Fn(&ProcessState) -> bool) -> ProcessState {
        let begun = Instant::now();
        loop {
            let state = self.processes.check(token).await.unwrap();
            if reached(&state) {
                return state;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(280),
                "{token:?} is still {state:?}; the first one wrote: {}",
                self.both().await
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Everything kept of an output, and how many bytes were dropped.
    pub(crate) async fn log(&self, output: ProcessOutput) -> (String, u64) {
        let (mut text, mut dropped, mut next) = (String::new(), 0, 0);
        loop {
            let LogChunk { text: more, next: after, end, dropped: lost } =
                self.processes.log(&self.token(), output, next).await.unwrap();
            assert!(more.len() <= LogChunk::MAX_BYTES);
            text.push_str(&more);
            dropped += lost;
            if end || after == next {
                return (text, dropped);
            }
            next = after;
        }
    }

    pub(crate) async fn stdout(&self) -> String {
        self.log(ProcessOutput::Stdout).await.0
    }

    pub(crate) async fn stderr(&self) -> String {
        self.log(ProcessOutput::Stderr).await.0
    }

    pub(crate) async fn both(&self) -> String {
        format!("{}\n{}", self.stdout().await, self.stderr().await)
    }

    /// A file of the store.
    pub(crate) fn stored(&self, uri: &str) -> PathBuf {
        let uri: ObjectUri = uri.parse().unwrap();
        self.root.path().join("store").join(uri.bucket()).join(uri.key().trim_end_matches('/'))
    }

    /// The keys below a prefix of the store.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let root = self.stored(prefix);
        let (mut keys, mut next) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = next.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.symlink_metadata().unwrap().is_dir() {
                    next.push(path);
                } else {
                    keys.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
        keys.sort();
        keys
    }

    pub(crate) fn failure(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.stored(SCRATCH).join("failure.json")).unwrap()).unwrap()
    }

    /// Whether a process, by its folder in `/proc`, descends from a sandbox of this house.
    pub(crate) fn is_within(&self, process: &Path) -> bool {
        let sandboxes = self.pids("bwrap");
        let mut next = process.to_path_buf();
        while let Ok(status) = fs::read_to_string(next.join("status")) {
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t")).unwrap_or("0").to_owned();
            if sandboxes.iter().any(|pid| pid.to_string() == parent) {
                return true;
            }
            next = Path::new("/proc").join(parent);
        }
        false
    }

    /// The ids of processes whose command line names this house.
    pub(crate) fn pids(&self, executable: &str) -> Vec<u32> {
        let own = self.root.path().display().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            let first = line.split('\0').next().unwrap_or_default();
            if Path::new(first).ends_with(executable) && line.contains(&own) {
                found.push(pid);
            }
        }
        found
    }
}

/// The user's engines, installed where they are missing: once, for all tests and for everybody else.
pub(crate) async fn engines() -> EnginesRoot {
    static READY: tokio::sync::OnceCell<EnginesRoot> = tokio::sync::OnceCell::const_new();
    let install = || async {
        tokio::task::spawn_blocking(|| {
            let root = EnginesRoot::new(EnginesRoot::of_user().unwrap());
            for engine in ["python", "spark", "ray"] {
                root.install(engine, |line| eprintln!("{engine}: {line}")).unwrap();
            }
            root
        })
        .await
        .unwrap()
    };
    READY.get_or_init(install).await.clone()
}
