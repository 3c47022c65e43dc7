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

use enginehouse_capabilities::{AttemptScope, CallContext, Error, Grants, Interface, ObjectUri, Result, Token};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use wasmtime::{
    Engine,
    component::{HasSelf, Linker},
};
use wasmtime_wasi::{
    cli::{WasiCli, WasiCliView as _},
    p2::bindings::{cli, random},
    random::{WasiRandom, WasiRandomView as _},
};

use crate::{Capabilities, Stage, bindings::enginehouse::supervisor as contract, call::CallState};

/// What the operator says about one plugin, for its host functions.
pub(crate) struct Own {
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) places: BTreeMap<String, String>,
    pub(crate) grants: Grants,
    /// Counts what it calls, where the operator bounds that.
    pub(crate) pace: Option<DefaultDirectRateLimiter>,
}

impl Own {
    pub(crate) fn new(settings: BTreeMap<String, String>, places: BTreeMap<String, String>, grants: Grants) -> Self {
        let pace = grants.calls_per_minute.map(|calls| RateLimiter::direct(Quota::per_minute(calls)));
        Self { settings, places, grants, pace }
    }
}

/// What the host functions of one call see: who calls, in which export, and what stands behind.
pub(crate) struct View {
    stage: Stage,
    cx: CallContext,
    capabilities: Capabilities,
    own: Arc<Own>,
    notes: usize,
    model_was_asked: bool,
}

impl View {
    pub(crate) fn new(stage: Stage, cx: CallContext, capabilities: Capabilities, own: Arc<Own>) -> Self {
        let attempt = cx.attempt.filter(|_| stage.has_attempt());
        let cx = CallContext { attempt, ..cx };
        Self { stage, cx, capabilities, own, notes: 0, model_was_asked: false }
    }

    /// The attempt that the call is held to.
    fn attempt(&self, function: &str) -> Result<&AttemptScope> {
        self.cx.attempt.as_ref().ok_or_else(|| self.denied(function, "call it while an attempt runs: submit to fetch"))
    }

    /// The attempt's own token, or one that begins with it.
    fn own_token(&self, function: &str, token: &str) -> Result<Token> {
        let token = self.attempt(function)?.own_token(token)?;
        self.spend(function)?;
        Ok(token)
    }

    /// Refuses a target that is not the attempt's, or not among those that are granted.
    fn own_target(&self, interface: Interface, function: &str, target: &str) -> Result<()> {
        let own = &self.attempt(function)?.target;
        if own != target {
            return Err(Error::Denied(format!(
                "`{function}` on `{target}`: this attempt runs on `{own}`; name its place's target"
            )));
        }
        self.granted(interface, function, target)
    }

    /// Lets `status` look at any target that is granted, and an attempt at its own.
    fn may_look_at(&self, interface: Interface, function: &str, target: &str) -> Result<()> {
        if self.stage == Stage::Status {
            self.granted(interface, function, target)
        } else {
            self.own_target(interface, function, target)
        }
    }

    fn granted(&self, interface: Interface, function: &str, name: &str) -> Result<()> {
        self.own.grants.allow_name(&self.cx.framework, function, interface, name)?;
        self.spend(function)
    }

    /// Counts a call among those that the plugin may make in a minute.
    fn spend(&self, function: &str) -> Result<()> {
        match &self.own.pace {
            Some(pace) if pace.check().is_err() => Err(Error::QuotaExceeded(format!(
                "`{function}`: the plugin has made all the calls of this minute that the setting \
                 `frameworks.{}.grants.calls-per-minute` allows",
                self.cx.framework
            ))),
            _ => Ok(()),
        }
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

/// What one plugin may import: of our contract what it is granted, and what every toolchain imports of WASI, over an empty
/// context.
pub(crate) fn linker(engine: &Engine, grants: &Grants) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    let view: fn(&mut CallState) -> &mut View = |state| &mut state.view;
    contract::types::add_to_linker::<_, HasSelf<View>>(l, view)?;
    contract::settings::add_to_linker::<_, HasSelf<View>>(l, view)?;
    contract::journal::add_to_linker::<_, HasSelf<View>>(l, view)?;
    for interface in &grants.interfaces {
        match interface {
            Interface::Codegen => contract::codegen::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Objects => contract::objects::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Catalog => contract::catalog::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Functions => contract::functions::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Batches => contract::batches::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Tools => contract::tools::add_to_linker::<_, HasSelf<View>>(l, view),
            Interface::Processes => contract::processes::add_to_linker::<_, HasSelf<View>>(l, view),
        }?;
    }
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
