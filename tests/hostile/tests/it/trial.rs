//! What every guest is held to, whatever it does.

use std::{
    cell::Cell,
    fs,
    future::Future,
    path::Path,
    sync::{Arc, LazyLock, Mutex as Slot},
    time::{Duration, Instant},
};

use bytes::Bytes;
use enginehouse_runtime::{CompilerProcess, LoadError, Plugin, PluginConfig, Runtime};
use tokio::sync::{Mutex, OnceCell};

use crate::{
    common::{outside, task},
    deeds::{Deed, WIDTH},
    guest::Guest,
    recorder::Recorder,
};

/// How much later than its limit a call may end.
pub(crate) const GRACE: Duration = Duration::from_millis(100);
/// What may stay resident. The pool keeps up to 1 MiB of each slot that was used, and compiled code is mapped until its last page
/// is; a guest's own memory, 64 MiB here, is more than all of that.
const KEPT: u64 = 32 << 20;
/// How long a call of the neighbour may take, in ninety-nine of a hundred: a tenth of it is usual on a machine with nothing to do.
const PATIENCE: Duration = Duration::from_millis(250);

/// One engine for all tests, as a process has one. It keeps what it compiled from one run of them to the next.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled-hostile-plugins");
    Runtime::new(Some(&cache), Some(compiler()), Arc::new(Recorder::default()).capabilities()).unwrap()
});
/// Memory and time are the process's: one guest at a time.
static ALONE: Mutex<()> = Mutex::const_new(());
static NEIGHBOUR: OnceCell<Plugin> = OnceCell::const_new();

/// What compiles in a process of its own.
pub(crate) fn compiler() -> CompilerProcess {
    CompilerProcess { program: env!("CARGO_BIN_EXE_enginehouse-hostile-compiler").into(), arguments: Vec::new() }
}

/// One guest, and what it did.
pub(crate) struct Trial {
    wasm: Bytes,
    /// What reached the capabilities.
    pub(crate) recorder: Arc<Recorder>,
    loaded: Slot<Vec<Arc<Plugin>>>,
}

impl Trial {
    pub(crate) fn new(wasm: impl Into<Bytes>) -> Self {
        Self { wasm: wasm.into(), recorder: Arc::default(), loaded: Slot::default() }
    }

    /// The same with a model that thinks for so long.
    pub(crate) fn with_slow_model(self, thinking: Duration) -> Self {
        Self { recorder: Arc::new(Recorder { thinking, ..Recorder::default() }), ..self }
    }

    /// The plugin with a deed.
    pub(crate) fn of(deed: Deed) -> Self {
        let mark = |deed: Deed| format!("{:.<WIDTH$}", format!("DEED-{}", deed.name())).into_bytes();
        let (before, after) = (mark(Deed::Nothing), mark(deed));
        assert_eq!(after.len(), WIDTH, "the name of {deed:?} is too long");
        let mut wasm = fs::read(enginehouse_hostile_tests::HOSTILE).unwrap();
        let places: Vec<_> = wasm.windows(WIDTH).enumerate().filter(|(_, bytes)| *bytes == before).collect();
        let [(place, _)] = places[..] else { panic!("the component has {} marks", places.len()) };
        wasm.splice(place..place + WIDTH, after);
        Self::new(wasm)
    }

    /// Loads it, over a recorder of its own.
    pub(crate) async fn try_load(&self, config: PluginConfig) -> Result<Arc<Plugin>, LoadError> {
        let runtime = RUNTIME.offering(self.recorder.capabilities());
        let plugin = Arc::new(runtime.load(self.wasm.clone(), config).await?);
        self.loaded.lock().unwrap().push(Arc::clone(&plugin));
        Ok(plugin)
    }

    pub(crate) async fn load(&self, config: PluginConfig) -> Arc<Plugin> {
        self.try_load(config).await.unwrap()
    }

    /// The refusal.
    pub(crate) async fn refused(&self) -> LoadError {
        self.try_load(PluginConfig::default()).await.unwrap_err()
    }
}

/// Plays a scene with a guest, and holds it to what every guest is held to.
pub(crate) async fn contained(trial: Trial, scene: impl AsyncFnOnce(&Trial)) {
    let _alone = ALONE.lock().await;
    let neighbour = NEIGHBOUR.get_or_init(neighbour).await;
    let before = resident();
    let over = Cell::new(false);
    let played = async {
        scene(&trial).await;
        over.set(true);
    };
    // On one thread: who does not let go of it is found out.
    let ((), answered) = tokio::join!(played, goes_on(neighbour, &over));
    assert_goes_on(answered);
    assert_given_back(before, "after the call");
    drop(trial);
    assert_given_back(before, "after the plugin");
}

/// An answer, which has to come within a limit and its grace.
pub(crate) async fn within<T>(limit: Duration, call: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = call.await;
    let took = begun.elapsed();
    assert!(took <= limit + GRACE, "it took {took:?}, and its limit is {limit:?}");
    answer
}

async fn neighbour() -> Plugin {
    let guest = Guest { framework: "neighbour", ..Guest::default() };
    RUNTIME.load(guest.wasm().into(), PluginConfig::default()).await.unwrap()
}

/// Calls another plugin until it is over, and some more times; how long each call took.
async fn goes_on(neighbour: &Plugin, over: &Cell<bool>) -> Vec<Duration> {
    let mut took = Vec::new();
    while !over.get() || took.len() < 20 {
        let (begun, code) = (Instant::now(), format!("{} {:?}", took.len(), Instant::now()));
        let report = neighbour.validate(&outside(), &task(), &code).await;
        took.push(begun.elapsed());
        assert_eq!(report.expect("the neighbour is answered").validated.unwrap().code(), code);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    took
}

#[track_caller]
fn assert_goes_on(mut took: Vec<Duration>) {
    took.sort_unstable();
    let most = took[(took.len() * 99).div_ceil(100) - 1];
    assert!(most < PATIENCE, "the neighbour waited {most:?} in one of a hundred calls");
}

#[track_caller]
fn assert_given_back(before: u64, when: &str) {
    let more = resident().saturating_sub(before);
    assert!(more <= KEPT, "{} MiB more are resident {when}", more >> 20);
}

/// The memory of this process that is in use, in bytes, without what the allocator was given back and still holds.
fn resident() -> u64 {
    trim();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[expect(unsafe_code, reason = "the allocator has no safe way to be asked")]
fn trim() {
    // SAFETY: it may be called at any time from any thread.
    unsafe { libc::malloc_trim(0) };
}
