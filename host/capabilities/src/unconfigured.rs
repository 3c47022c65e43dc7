//! What stands where the operator has set nothing up.

use std::fmt;

use async_trait::async_trait;

use crate::{
    Batch, BatchOutput, BatchRequest, Batches, CallContext, Codegen, CodegenReply, CodegenRequest, Error,
    FunctionState, Functions, LogChunk, Result, Token, Tool, ToolReply, ToolState, Tools,
};

/// A capability without a backend: every call answers [`Error::Unconfigured`] and says what to fill in.
#[derive(Debug, Clone, Copy)]
pub struct Unconfigured {
    /// What is missing and which setting mends it, in a sentence.
    pub advice: &'static str,
}

impl Unconfigured {
    fn answer<T>(&self) -> Result<T> {
        Err(Error::Unconfigured(self.advice.to_owned()))
    }
}

impl fmt::Display for Unconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing ({})", self.advice)
    }
}

#[async_trait]
impl Codegen for Unconfigured {
    async fn generate(&self, _: &CallContext, _: CodegenRequest) -> Result<CodegenReply> {
        self.answer()
    }
}

#[async_trait]
impl Functions for Unconfigured {
    async fn start(&self, _: &CallContext, _: &Token, _: &str, _: &str) -> Result<()> {
        self.answer()
    }

    async fn check(&self, _: &Token) -> Result<FunctionState> {
        self.answer()
    }
}

#[async_trait]
impl Batches for Unconfigured {
    async fn start(&self, _: &CallContext, _: BatchRequest) -> Result<String> {
        self.answer()
    }

    async fn get(&self, _: &str, _: &str) -> Result<Batch> {
        self.answer()
    }

    async fn log(&self, _: &str, _: &str, _: BatchOutput, _: u64) -> Result<LogChunk> {
        self.answer()
    }

    async fn cancel(&self, _: &str, _: &str) -> Result<()> {
        self.answer()
    }
}

#[async_trait]
impl Tools for Unconfigured {
    async fn list(&self, _: &str) -> Result<Vec<Tool>> {
        self.answer()
    }

    async fn call(&self, _: &CallContext, _: &str, _: &str, _: &str) -> Result<ToolReply> {
        self.answer()
    }

    async fn start(&self, _: &CallContext, _: &Token, _: &str, _: &str, _: &str) -> Result<()> {
        self.answer()
    }

    async fn check(&self, _: &Token) -> Result<ToolState> {
        self.answer()
    }
}
