//! One call: a place, a fresh store, its limits, the run, and nothing kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use enginehouse_capabilities::CallContext;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tracing::{Instrument as _, field::Empty, info_span};
use wasmtime::{
    PoolConcurrencyLimitError, Store, StoreContextMut, Trap, UpdateDeadline,
    component::{ComponentNamedList, Lift, Lower, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::{
    BadValue, Clock, Error, Limits, Runtime, Stage, count,
    engine::TICK,
    exports::Exports,
    host::{Own, View},
    limits::Meter,
    output::Output,
    tally::Tally,
    values::words,
};

/// A checked component that can be called.
pub(crate) struct Callee {
    pub(crate) runtime: Runtime,
    pub(crate) exports: Exports,
    pub(crate) limits: Limits,
    pub(crate) own: Arc<Own>,
    pub(crate) places: Semaphore,
    /// Calls that wait for a place.
    pub(crate) waiting: AtomicUsize,
    pub(crate) tally: Tally,
}

/// What belongs to one call and ends with it.
pub(crate) struct CallState {
    pub(crate) view: View,
    meter: Meter,
    ticks_left: u128,
    output: Output,
    wasi: WasiCtx,
    resources: ResourceTable,
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// The guest computed for longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("the computing time is used up")]
struct ComputeSpent;

/// Where a call went wrong.
enum Fault {
    Starting(wasmtime::Error),
    Running(wasmtime::Error),
}

impl Callee {
    /// Calls one export in a fresh instance and discards it.
    pub(crate) async fn call<P, R>(&self, stage: Stage, cx: CallContext, parameters: P) -> Result<R, Error>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        let (framework, begun) = (cx.framework.clone(), Instant::now());
        let span = info_span!("plugin call", otel.name = %stage, framework, outcome = Empty);
        let result = self
            .within_limits(stage, cx, async |store| {
                let instance = self.exports.instantiate(store).await.map_err(Fault::Starting)?;
                self.exports.call(&instance, store, stage, parameters).await.map_err(Fault::Running)
            })
            .instrument(span.clone())
            .await;
        let outcome = count::outcome(&result);
        if self.runtime.parts().counted {
            count::ended(&framework, stage, outcome);
        }
        span.record("outcome", outcome);
        self.tally.ended(stage, begun.elapsed(), &result);
        result
    }

    /// Checks the types of all exports: an instance has to be made for it.
    pub(crate) async fn check(&self, cx: CallContext) -> Result<(), Error> {
        self.within_limits(Stage::Describe, cx, async |store| self.exports.check(store).await.map_err(Fault::Starting))
            .await
    }

    async fn within_limits<R>(
        &self,
        stage: Stage,
        cx: CallContext,
        run: impl AsyncFnOnce(&mut Store<CallState>) -> Result<R, Fault>,
    ) -> Result<R, Error> {
        let _places = self.admit().await?;
        let mut store = self.store(stage, cx);
        let run = run(&mut store);
        let limit = match stage {
            Stage::Generate => self.limits.wall_clock.saturating_add(self.limits.model),
            _ => self.limits.wall_clock,
        };
        match timeout(limit, run).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(fault)) => Err(self.explain(stage, fault, store.data())),
            Err(_) => Err(Error::OutOfTime { stage, clock: Clock::Wall, limit }),
        }
    }

    /// Waits for a place among the plugin's calls, then for one among all.
    async fn admit(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Error> {
        if let (Ok(place), Ok(slot)) = (self.places.try_acquire(), self.runtime.parts().slots.try_acquire()) {
            return Ok((place, slot));
        }
        let _turn =
            Turn::take(&self.waiting, self.limits.waiting_calls).ok_or(Error::Busy(self.limits.concurrent_calls))?;
        let both = async { Ok((self.places.acquire().await?, self.runtime.parts().slots.acquire().await?)) };
        match timeout(self.limits.patience, both).await {
            Ok(Ok(places)) => Ok(places),
            Ok(Err::<_, tokio::sync::AcquireError>(error)) => Err(Error::Host(error.to_string())),
            Err(_) => Err(Error::Busy(self.limits.concurrent_calls)),
        }
    }

    fn store(&self, stage: Stage, cx: CallContext) -> Store<CallState> {
        let parts = self.runtime.parts();
        let output = Output::default();
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(1_000);
        let state = CallState {
            view: View::new(stage, cx, parts.capabilities.clone(), Arc::clone(&self.own)),
            meter: Meter::new(&self.limits),
            ticks_left: ticks(self.limits.compute),
            wasi: WasiCtx::builder().stdout(output.clone()).stderr(output.clone()).max_random_size(64 << 10).build(),
            output,
            resources,
        };
        let mut store = Store::new(parts.compiler.engine(), state);
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        store.set_max_component_handles(1_000);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(on_tick);
        store
    }

    fn explain(&self, stage: Stage, fault: Fault, state: &CallState) -> Error {
        let (starting, error) = match fault {
            Fault::Starting(error) => (true, error),
            Fault::Running(error) => (false, error),
        };
        let reason = words(error.root_cause());
        if error.is::<ComputeSpent>() {
            Error::OutOfTime { stage, clock: Clock::Compute, limit: self.limits.compute }
        } else if error.is::<PoolConcurrencyLimitError>() {
            Error::Busy(self.limits.concurrent_calls)
        } else if matches!(error.downcast_ref(), Some(Trap::StackOverflow)) {
            Error::StackOverflow(stage)
        } else if state.meter.refused_memory {
            Error::OutOfMemory { stage, limit: self.limits.memory }
        } else if reason.contains("too much data is being copied") {
            // The engine gives this error no type of its own.
            Error::Invalid(BadValue::too_many_bytes("what it handed over in one go", self.limits.hostcall_bytes))
        } else if starting && !error.is::<Trap>() {
            Error::Host(format!("no instance of the plugin: {}", words(format_args!("{error:#}"))))
        } else {
            let backtrace = words(format_args!("{error:?}"));
            Error::Trapped { stage, reason, backtrace, output: state.output.text() }
        }
    }
}

/// One of the calls that wait.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let turn = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < most).then_some(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a tick of computing and lets others run.
fn on_tick(mut store: StoreContextMut<'_, CallState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data_mut();
    match state.ticks_left.checked_sub(1) {
        Some(left) => {
            state.ticks_left = left;
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        }
        None => Err(ComputeSpent.into()),
    }
}

fn ticks(time: Duration) -> u128 {
    time.as_millis() / TICK.as_millis()
}
