//! What a guest may call: one file an interface. Each function checks first, before any effect, and then hands over to
//! the capability. A refusal is the contract's `denied`, never a trap.

mod batches;
mod catalog;
mod codegen;
mod functions;
mod journal;
mod objects;
mod processes;
mod settings;
#[cfg(test)]
mod tests;
mod tools;
mod types;

use std::{collections::BTreeMap, sync::Arc};

use enginehouse_capabilities::{AttemptScope, CallContext, Error, ObjectUri, Result, Token};
use wasmtime::{
    Engine,
    component::{HasSelf, Linker},
};
use wasmtime_wasi::{
    cli::{WasiCli, WasiCliView as _},
    p2::bindings::{cli, random},
    random::{WasiRandom, WasiRandomView as _},
};

use crate::{Capabilities, Stage, bindings::Plugin, call::CallState};

/// What the host functions of one call see: who calls, in which export, and what stands behind.
pub(crate) struct View {
    stage: Stage,
    cx: CallContext,
    capabilities: Capabilities,
    settings: Arc<BTreeMap<String, String>>,
    notes: usize,
    model_was_asked: bool,
}

impl View {
    pub(crate) fn new(
        stage: Stage,
        cx: CallContext,
        capabilities: Capabilities,
        settings: Arc<BTreeMap<String, String>>,
    ) -> Self {
        let attempt = cx.attempt.filter(|_| stage.has_attempt());
        let cx = CallContext { attempt, ..cx };
        Self { stage, cx, capabilities, settings, notes: 0, model_was_asked: false }
    }

    /// The attempt that the call is held to.
    fn attempt(&self, function: &str) -> Result<&AttemptScope> {
        self.cx.attempt.as_ref().ok_or_else(|| self.denied(function, "call it while an attempt runs: submit to fetch"))
    }

    fn own_token(&self, function: &str, token: &str) -> Result<Token> {
        self.attempt(function)?.own_token(token)
    }

    /// Refuses a target that is not the attempt's.
    fn own_target(&self, function: &str, target: &str) -> Result<()> {
        let own = &self.attempt(function)?.target;
        if own == target {
            Ok(())
        } else {
            Err(Error::Denied(format!(
                "`{function}` on `{target}`: this attempt runs on `{own}`; name its place's target"
            )))
        }
    }

    /// Lets `status` look at any target, and an attempt at its own.
    fn may_look_at(&self, function: &str, target: &str) -> Result<()> {
        if self.stage == Stage::Status { Ok(()) } else { self.own_target(function, target) }
    }

    /// An object or prefix within `allowed`.
    fn uri(&self, function: &str, uri: &str, allowed: impl Fn(&AttemptScope, &ObjectUri) -> bool) -> Result<ObjectUri> {
        let scope = self.attempt(function)?;
        let uri: ObjectUri = uri.parse()?;
        if allowed(scope, &uri) {
            Ok(uri)
        } else {
            Err(Error::Denied(format!("`{function}` on `{uri}`: it is outside what this attempt may touch")))
        }
    }

    fn denied(&self, function: &str, instead: &str) -> Error {
        Error::Denied(format!("`{function}` does not answer in `{}`; {instead}", self.stage))
    }
}

/// Refuses a value of more than `limit` bytes.
fn at_most(what: &str, bytes: usize, limit: usize) -> Result<()> {
    if bytes <= limit {
        Ok(())
    } else {
        Err(Error::Invalid(format!("{what} has {bytes} bytes; at most {limit} are taken")))
    }
}

/// All that a guest may import: our contract, and what every toolchain imports of WASI, over an empty context.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    Plugin::add_to_linker::<_, HasSelf<View>>(l, |state: &mut CallState| &mut state.view)?;
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, CallState::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, CallState::random)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::environment::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, CallState::cli)?;
    Ok(linker)
}
