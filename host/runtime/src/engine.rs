//! The one WebAssembly engine of the process.

use std::{fmt, path::Path, sync::Arc, thread, time::Duration};

use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::{Capabilities, CompilerProcess, Error, compile::Compiler};

/// How often running guests are looked at; the unit of their computing time.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Instances that may live at the same time, over all plugins.
const INSTANCES: u32 = 256;
/// What one component may be made of. The pool has that much for each that may live, so that none takes what another needs.
/// Python's adapters need more than 20 core instances.
pub(crate) const CORE_INSTANCES: u32 = 128;
pub(crate) const MEMORIES: u32 = 4;
pub(crate) const TABLES: u32 = 8;
/// The most one linear memory may be allowed.
pub(crate) const MAX_MEMORY: usize = 1 << 30;
/// Deep enough for all code that CPython's own parser accepts.
const WASM_STACK: usize = 1 << 20;

/// Loads plugins. Holds the engine, the compile cache and what the host offers; one a process.
#[derive(Clone)]
pub struct Runtime(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) compiler: Arc<Compiler>,
    pub(crate) capabilities: Capabilities,
    /// In front of the pool, which would answer an error where it is full.
    pub(crate) slots: Arc<Semaphore>,
    /// Whether calls are counted among those of the server.
    pub(crate) counted: bool,
    pooled: bool,
}

impl Runtime {
    /// Starts the engine. `cache` is a folder for compiled plugins, made where it is missing; none: nothing is kept. `compiler`
    /// compiles in a process of its own; none: on threads of this one, without bounds.
    ///
    /// # Errors
    /// [`Error::Host`] where no engine starts on this machine.
    pub fn new(
        cache: Option<&Path>,
        compiler: Option<CompilerProcess>,
        capabilities: Capabilities,
    ) -> Result<Self, Error> {
        let failed = |what: &str| {
            let what = what.to_owned();
            move |error: wasmtime::Error| Error::Host(format!("{what}: {error:#}"))
        };
        let (engine, pooled) = start().map_err(failed("the WebAssembly engine does not start"))?;
        let weak = engine.weak();
        thread::Builder::new()
            .name("epochs".into())
            .spawn(move || tick(&weak))
            .map_err(|error| Error::Host(format!("no thread for the engine's clock: {error}")))?;
        let compiler = Arc::new(Compiler::new(engine, cache, compiler));
        let slots = Arc::new(Semaphore::new(INSTANCES as usize));
        Ok(Self(Arc::new(Parts { compiler, capabilities, slots, counted: true, pooled })))
    }

    /// The same engine with other capabilities for what is loaded from here on: a process has one engine, whatever plugins are
    /// tried out over. What is tried out is not counted in the server's metrics.
    pub fn offering(&self, capabilities: Capabilities) -> Self {
        let Parts { compiler, slots, pooled, .. } = &*self.0;
        Self(Arc::new(Parts {
            compiler: Arc::clone(compiler),
            capabilities,
            slots: Arc::clone(slots),
            counted: false,
            pooled: *pooled,
        }))
    }

    /// Whether instances come from a pool; without one, where the address space forbids it, calls are slower.
    pub fn is_pooled(&self) -> bool {
        self.0.pooled
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("pooled", &self.0.pooled).finish_non_exhaustive()
    }
}

/// An engine with a pool, or without one where the address space is too small for it.
pub(crate) fn start() -> wasmtime::Result<(Engine, bool)> {
    let mut pooled = config();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    match Engine::new(&pooled) {
        Ok(engine) => Ok((engine, true)),
        Err(error) => {
            tracing::warn!(%error, "no address space for a pool of instances; plugin calls will be slower");
            let mut frugal = config();
            frugal.memory_reservation(0).memory_guard_size(64 << 10).memory_reservation_for_growth(1 << 20);
            Ok((Engine::new(&frugal)?, false))
        }
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(2 * WASM_STACK)
        // Without it no component-model async either, whose code is not even compiled in.
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_threads(false)
        .wasm_memory64(false);
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .total_core_instances(INSTANCES * CORE_INSTANCES)
        .total_memories(INSTANCES * MEMORIES)
        .total_tables(INSTANCES * TABLES)
        .total_stacks(INSTANCES)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_tables_per_module(4)
        .table_elements(65_536)
        .max_memory_size(MAX_MEMORY)
        .max_unused_warm_slots(INSTANCES)
        // Together worth a factor of ten: only the pages that a guest touched are put back, and without a system call.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10);
    pool
}

/// Drives the epochs, and ends with the engine.
fn tick(engine: &EngineWeak) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        thread::sleep(TICK);
    }
}
