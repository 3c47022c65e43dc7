//! Compiling in a process of its own, with bounds: what is compiled is a stranger's, and compilers promise nothing about the
//! time and the memory they take.

use std::{
    ffi::OsString,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{ExitCode, Stdio},
    time::Duration,
};

use bytes::Bytes;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    time::timeout,
};
use wasmtime::Engine;

use crate::{LoadError, engine, inspect::MAX_BYTES};

/// How long one component may take to compile, by the clock on the wall.
const WALL_CLOCK: Duration = Duration::from_secs(120);
/// The processor time that the process has for it, in seconds.
const PROCESSOR_SECONDS: u64 = 240;
/// The memory that it may write to. What is only reserved does not count.
const MEMORY: u64 = 4 << 30;
/// The most bytes of compiled code.
const MAX_COMPILED: u64 = 512 << 20;
/// What is kept of the compiler's own words.
const MAX_WORDS: u64 = 8 << 10;
/// Whoever else wants the processor goes first.
const NICENESS: i32 = 10;

/// How to start a process that does what [`compile_for_parent`] does.
#[derive(Debug, Clone)]
pub struct CompilerProcess {
    /// An executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl CompilerProcess {
    /// Compiles a component. Who no longer waits ends the process.
    pub(super) async fn compile(&self, wasm: &Bytes) -> Result<Vec<u8>, LoadError> {
        let broken = |error: std::io::Error| LoadError::Host(format!("the compiler's process does not work: {error}"));
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(LoadError::Host("the compiler's process has no pipes".to_owned()));
        };
        let feed = async move {
            // One that ends before it has read everything says why itself.
            let _said_otherwise = stdin.write_all(wasm).await;
        };
        let talk = async {
            let ((), compiled, words) = tokio::join!(feed, all(stdout, MAX_COMPILED), all(stderr, MAX_WORDS));
            Ok::<_, std::io::Error>((child.wait().await?, compiled?, words?))
        };
        let Ok(ended) = timeout(WALL_CLOCK, talk).await else {
            let seconds = WALL_CLOCK.as_secs();
            return Err(LoadError::Compile(format!("it takes longer than {seconds} s; make it smaller")));
        };
        let (status, compiled, words) = ended.map_err(broken)?;
        if compiled.len() as u64 >= MAX_COMPILED {
            return Err(LoadError::Compile(format!(
                "it has more than {} MiB compiled; make it smaller",
                MAX_COMPILED >> 20
            )));
        }
        let words = String::from_utf8_lossy(&words).trim().to_owned();
        match status.code() {
            Some(0) => Ok(compiled),
            Some(1) => Err(LoadError::Compile(words)),
            _ => Err(LoadError::Compile(format!(
                "the compiler ended with {status}: it has {} GiB of memory and {PROCESSOR_SECONDS} s of processor time for one \
                 component; make it smaller",
                MEMORY >> 30
            ))),
        }
    }
}

/// All that comes, up to a limit; what follows is left.
async fn all(from: impl AsyncRead + Unpin, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    from.take(limit).read_to_end(&mut read).await?;
    Ok(read)
}

/// Compiles the component that comes on standard input, and writes what it is compiled to on standard output; why it does not
/// compile on standard error. For a process that does nothing else, started by a [`CompilerProcess`].
pub fn compile_for_parent() -> ExitCode {
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_listens = write!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<(), String> {
    bound().map_err(|error| format!("no limits can be set: {error}"))?;
    let mut wasm = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    std::io::stdin().take(most).read_to_end(&mut wasm).map_err(|error| error.to_string())?;
    let (engine, _) = engine::start().map_err(|error| format!("{error:#}"))?;
    let compiled = precompile(&engine, &wasm).map_err(|error| format!("{error:#}"))?;
    std::io::stdout().write_all(&compiled).map_err(|error| error.to_string())
}

pub(super) fn precompile(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Vec<u8>> {
    engine.precompile_component(wasm)
}

/// A limit, or the one that is set already where that is lower.
fn at_most(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}

fn bound() -> rustix::io::Result<()> {
    nice(NICENESS)?;
    at_most(Resource::Data, MEMORY)?;
    at_most(Resource::Cpu, PROCESSOR_SECONDS)?;
    at_most(Resource::Core, 0)
}
