//! What the checks work over: the plugin, loaded three times, in a world that is made up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use enginehouse_capabilities::{AttemptScope, CallContext, Token};
use enginehouse_runtime::{
    Attempt, Error, Failure, Limits, LoadError, Place, Plugin, PluginConfig, Runtime, Task, ValidatedCode,
};
use uuid::Uuid;

use crate::{
    Sample,
    judge::{Stop, Verdict, answered, failed},
    tasks,
    world::World,
};

/// The run that all attempts are of.
const RUN: Uuid = Uuid::from_u128(0xc0f0);
/// What each attempt has.
const TIMEOUT_SECONDS: u32 = 600;

/// The plugin on the bench.
pub(crate) struct Bench {
    pub(crate) world: Arc<World>,
    pub(crate) plugin: Plugin,
    /// The same, loaded anew: as after a restart of the host. It shares no report that was made before.
    pub(crate) anew: Plugin,
    /// The same with half of its computing time and memory; none where so little cannot even describe itself.
    pub(crate) frugal: Result<Plugin, String>,
    /// A task to write code for.
    pub(crate) task: Task,
    pub(crate) sample: Sample,
    /// Code that the plugin found clean, with its task; else why there is none.
    pub(crate) clean: Result<Clean, String>,
    attempts: AtomicU32,
}

/// Code that may be submitted.
pub(crate) struct Clean {
    pub(crate) task: Task,
    pub(crate) code: ValidatedCode,
}

/// A piece of work that the plugin is asked about.
pub(crate) struct Work {
    pub(crate) cx: CallContext,
    pub(crate) attempt: Attempt,
    pub(crate) ticket: String,
}

impl Bench {
    pub(crate) async fn load(
        runtime: &Runtime,
        wasm: Bytes,
        config: PluginConfig,
        sample: Sample,
    ) -> Result<Self, LoadError> {
        let world = World::new().map_err(|error| LoadError::Host(error.to_string()))?;
        let runtime = runtime.offering(world.capabilities());
        // One after the other: the second finds what the first compiled.
        let plugin = runtime.load(wasm.clone(), config.clone()).await?;
        let anew = runtime.load(wasm.clone(), config.clone()).await?;
        let frugal = runtime.load(wasm, PluginConfig { limits: half(&config.limits), ..config }).await;
        let prompt = if sample.prompt.is_empty() { tasks::PROMPT } else { &sample.prompt };
        let task = tasks::plain(plugin.describe(), prompt);
        let clean = Err("no code was looked for".to_owned());
        let frugal = frugal.map_err(|error| error.to_string());
        Ok(Self { world, plugin, anew, frugal, task, sample, clean, attempts: AtomicU32::new(0) })
    }

    /// The clean code, or the reason to skip a check that needs it.
    pub(crate) fn clean(&self) -> Verdict<&Clean> {
        self.clean.as_ref().map_err(|reason| Stop::Skipped(reason.clone()))
    }

    /// A new attempt, and the context of calls about it.
    pub(crate) fn attempt(&self) -> Verdict<(CallContext, Attempt)> {
        let number = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let kit =
            |error: enginehouse_capabilities::Error| failed(format!("{error}; this is a fault of the kit: report it"));
        let prefix = |part: &str| format!("s3://conformance/runs/{number}/{part}/").parse().map_err(kit);
        let place = self.task.places.first().cloned();
        let place = place.unwrap_or_else(|| Place { platform: String::new(), target: String::new() });
        let scope = AttemptScope {
            token: Token::of_attempt(RUN, number),
            inputs: vec![tasks::SOURCE.parse().map_err(kit)?],
            output: prefix("output")?,
            scratch: prefix("scratch")?,
            target: place.target.clone(),
            timeout: Duration::from_secs(TIMEOUT_SECONDS.into()),
        };
        let attempt = Attempt {
            token: scope.token.to_string(),
            output: scope.output.to_string(),
            scratch: scope.scratch.to_string(),
            place,
            timeout_seconds: TIMEOUT_SECONDS,
        };
        Ok((CallContext { run: Some(RUN), attempt: Some(scope), ..outside() }, attempt))
    }

    /// Submits the clean code as a new attempt.
    pub(crate) async fn submit(&self) -> Verdict<Work> {
        let clean = self.clean()?;
        self.world.forget_missed();
        let (cx, attempt) = self.attempt()?;
        let ticket = self.plugin.submit(&cx, &clean.task, &clean.code, &attempt).await;
        Ok(Work { ticket: self.done("`submit` of clean code", ticket)?, cx, attempt })
    }

    /// The answer of a call about work. A refusal fails the check, unless the plugin asked for what only a real host has.
    pub(crate) fn done<T>(&self, call: &str, result: Result<T, Error>) -> Verdict<T> {
        match (&result, self.world.missed()) {
            (Err(Error::Failed(failure)), Some(missed)) if !matches!(failure, Failure::Lost(_)) => {
                let said = Error::Failed(failure.clone());
                Err(Stop::Skipped(format!("{call} was refused ({said}), and the kit cannot make up {missed}")))
            }
            _ => answered(call, result),
        }
    }

    /// Whether the engine that the work of an attempt runs on tells its end by itself: a process or a batch.
    pub(crate) fn tells_its_end(&self, attempt: &Attempt) -> bool {
        let started = self.world.started(&attempt.token);
        !started.is_empty() && started.iter().all(|key| key.starts_with("processes") || key.starts_with("batches"))
    }
}

/// The context of a call that is about no attempt.
pub(crate) fn outside() -> CallContext {
    CallContext { framework: String::new(), digest: String::new(), run: None, attempt: None }
}

fn half(limits: &Limits) -> Limits {
    Limits { memory: limits.memory / 2, compute: limits.compute / 2, ..limits.clone() }
}
