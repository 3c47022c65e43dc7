//! `processes`: engines on this machine.

use std::time::Duration;

use enginehouse_capabilities::{self as capabilities, Interface, Result};

use super::{View, at_most};
use crate::{
    bindings::enginehouse::supervisor::{
        processes::{Host, Output, Program, State},
        types::LogChunk,
    },
    values::limit,
};

impl Host for View {
    async fn start(&mut self, program: Program) -> Result<()> {
        let program = self.program(program)?;
        self.capabilities.processes.start(&self.cx, program).await
    }

    async fn check(&mut self, token: String) -> Result<State> {
        let token = self.own_token("processes.check", &token)?;
        Ok(self.capabilities.processes.check(&token).await?.into())
    }

    async fn log(&mut self, token: String, output: Output, after: u64) -> Result<LogChunk> {
        let token = self.own_token("processes.log", &token)?;
        Ok(self.capabilities.processes.log(&token, output.into(), after).await?.into())
    }

    async fn cancel(&mut self, token: String) -> Result<()> {
        let token = self.own_token("processes.cancel", &token)?;
        self.capabilities.processes.cancel(&token).await
    }

    async fn probe(&mut self, engine: String) -> Result<String> {
        self.may_look_at(Interface::Processes, "processes.probe", &engine)?;
        self.capabilities.processes.probe(&engine).await
    }
}

impl View {
    /// The engine is the attempt's target; the time is at most the attempt's.
    fn program(&self, program: Program) -> Result<capabilities::Program> {
        const START: &str = "processes.start";
        self.own_target(Interface::Processes, START, &program.engine)?;
        at_most("the prelude", program.prelude.len(), limit::CODE)?;
        at_most("the code", program.code.len(), limit::CODE)?;
        let asked = Duration::from_secs(program.timeout_seconds.into());
        Ok(capabilities::Program {
            token: self.attempt(START)?.own_token(&program.token)?,
            timeout: asked.min(self.attempt(START)?.timeout),
            engine: program.engine,
            prelude: program.prelude,
            code: program.code,
        })
    }
}
