//! Where work runs: processes, batches, functions and tools, all over the same made-up work.

use async_trait::async_trait;
use enginehouse_capabilities::{
    Batch, BatchOutput, BatchRequest, BatchState, Batches, CallContext, Error, FunctionAnswer, FunctionState,
    Functions, LogChunk, ProcessOutput, ProcessState, Processes, Program, Result, Token, Tool, ToolReply, ToolState,
    Tools,
};

use super::{World, key, work::Stand};

const PROCESS: &str = "processes.start";
const BATCH: &str = "batches.start";
const FUNCTION: &str = "functions.start";
const TOOL: &str = "tools.start";

#[async_trait]
impl Processes for World {
    async fn start(&self, cx: &CallContext, program: Program) -> Result<()> {
        let request = format!("{}\n{}\n{}", program.engine, program.prelude, program.code);
        World::start(self, cx, key(PROCESS, &program.token), request)
    }

    async fn check(&self, token: &Token) -> Result<ProcessState> {
        Ok(match self.look(&key(PROCESS, token))? {
            Stand::Queued => ProcessState::Queued,
            Stand::Running => ProcessState::Running,
            Stand::Well => ProcessState::Exited(0),
            Stand::Ill => ProcessState::Exited(1),
            Stand::Cancelled => ProcessState::Stopped("cancelled".to_owned()),
        })
    }

    async fn log(&self, token: &Token, _: ProcessOutput, after: u64) -> Result<LogChunk> {
        self.line(&key(PROCESS, token), after)
    }

    async fn cancel(&self, token: &Token) -> Result<()> {
        self.call_off(key(PROCESS, token))
    }

    async fn remove(&self, _: &Token) -> Result<()> {
        Ok(())
    }

    async fn probe(&self, _: &str) -> Result<String> {
        self.fair().map(|_| "1.0, made up".to_owned())
    }
}

#[async_trait]
impl Batches for World {
    async fn start(&self, cx: &CallContext, request: BatchRequest) -> Result<String> {
        let asked = format!("{} {:?} {:?}", request.entry_point, request.arguments, request.properties);
        World::start(self, cx, key(BATCH, &request.token), asked)?;
        Ok(request.token.to_string())
    }

    async fn get(&self, _: &str, id: &str) -> Result<Batch> {
        let state = match self.look(&batch(id)?)? {
            Stand::Queued => BatchState::Queued,
            Stand::Running => BatchState::Running,
            Stand::Well => BatchState::Succeeded,
            Stand::Ill => BatchState::Failed,
            Stand::Cancelled => BatchState::Cancelled,
        };
        let detail = format!("{state:?}");
        Ok(Batch { id: id.to_owned(), state, detail, vcpu_hours: Some(0.5), memory_gb_hours: Some(1.0) })
    }

    async fn log(&self, _: &str, id: &str, _: BatchOutput, after: u64) -> Result<LogChunk> {
        self.line(&batch(id)?, after)
    }

    async fn cancel(&self, _: &str, id: &str) -> Result<()> {
        self.call_off(batch(id)?)
    }
}

#[async_trait]
impl Functions for World {
    async fn start(&self, cx: &CallContext, token: &Token, target: &str, payload: &str) -> Result<()> {
        World::start(self, cx, key(FUNCTION, token), format!("{target} {payload}"))
    }

    async fn check(&self, token: &Token) -> Result<FunctionState> {
        let stand = self.look(&key(FUNCTION, token))?;
        let error = match stand {
            Stand::Queued | Stand::Running => return Ok(FunctionState::Running),
            Stand::Well => None,
            Stand::Ill | Stand::Cancelled => Some("Unhandled".to_owned()),
        };
        self.fair()?.miss("the answer of a function".to_owned());
        let log = "first line\nlast line\n".to_owned();
        Ok(FunctionState::Answered(FunctionAnswer { payload: "{}".to_owned(), error, log, billed: None }))
    }
}

#[async_trait]
impl Tools for World {
    async fn list(&self, _: &str) -> Result<Vec<Tool>> {
        self.fair()?.miss("the list of tools".to_owned());
        Ok(Vec::new())
    }

    async fn call(&self, _: &CallContext, _: &str, tool: &str, _: &str) -> Result<ToolReply> {
        Err(self.fair()?.miss(format!("the tool `{tool}`")))
    }

    async fn start(&self, cx: &CallContext, token: &Token, server: &str, tool: &str, arguments: &str) -> Result<()> {
        World::start(self, cx, key(TOOL, token), format!("{server} {tool} {arguments}"))
    }

    async fn check(&self, token: &Token) -> Result<ToolState> {
        let is_error = match self.look(&key(TOOL, token))? {
            Stand::Queued | Stand::Running => return Ok(ToolState::Running),
            Stand::Well => false,
            Stand::Ill | Stand::Cancelled => true,
        };
        self.fair()?.miss("the answer of a tool".to_owned());
        Ok(ToolState::Answered(ToolReply { content: "{}".to_owned(), is_error }))
    }
}

/// A batch's id is its token.
fn batch(id: &str) -> Result<String> {
    let token: Token = id.parse().map_err(|_| Error::NotFound(format!("there is no batch `{id}`")))?;
    Ok(key(BATCH, &token))
}
