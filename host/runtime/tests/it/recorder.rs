//! Capabilities that write down what reached them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use enginehouse_capabilities::*;

/// All capabilities in one. Every call is a line.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) lines: Mutex<Vec<String>>,
    /// How long `codegen` takes.
    pub(crate) thinking: Duration,
}

impl Recorder {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, line: impl fmt::Display) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
    }

    pub(crate) fn capabilities(self: &Arc<Self>) -> super::Capabilities {
        super::Capabilities::of(self)
    }
}

impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the recorder")
    }
}

#[async_trait]
impl Codegen for Recorder {
    async fn generate(&self, _: &CallContext, request: CodegenRequest) -> Result<CodegenReply> {
        self.note(format_args!("codegen.generate {}", request.messages.len()));
        tokio::time::sleep(self.thinking).await;
        Err(Error::Unconfigured("no model".into()))
    }
}

#[async_trait]
impl Objects for Recorder {
    async fn head(&self, uri: &ObjectUri) -> Result<ObjectEntry> {
        self.note(format_args!("objects.head {uri}"));
        Ok(ObjectEntry { uri: uri.clone(), bytes: 1, modified: 2 })
    }

    async fn list(&self, prefix: &ObjectUri, _: Option<&str>) -> Result<ObjectPage> {
        self.note(format_args!("objects.list {prefix}"));
        Ok(ObjectPage::default())
    }

    async fn read(&self, uri: &ObjectUri, offset: u64, length: u64) -> Result<Bytes> {
        self.note(format_args!("objects.read {uri} {offset} {length}"));
        Ok(Bytes::from_static(b"read"))
    }

    async fn stream(&self, uri: &ObjectUri) -> Result<ByteStream> {
        Err(Error::NotFound(uri.to_string()))
    }

    async fn write(&self, uri: &ObjectUri, body: ByteStream) -> Result<u64> {
        use futures::TryStreamExt as _;
        let bytes = body.try_fold(0, async |sum, piece| Ok(sum + piece.len() as u64)).await;
        self.note(format_args!("objects.write {uri} {}", bytes.unwrap_or_default()));
        Ok(0)
    }

    async fn create(&self, uri: &ObjectUri, _: ByteStream) -> Result<u64> {
        Err(Error::Conflict(uri.to_string()))
    }

    async fn delete(&self, uri: &ObjectUri) -> Result<()> {
        Err(Error::NotFound(uri.to_string()))
    }
}

#[async_trait]
impl Catalog for Recorder {
    async fn databases(&self, _: Option<&str>) -> Result<Names> {
        self.note("catalog.databases");
        Ok(Names::default())
    }

    async fn tables(&self, database: &str, _: Option<&str>) -> Result<Names> {
        self.note(format_args!("catalog.tables {database}"));
        Ok(Names::default())
    }

    async fn table(&self, database: &str, name: &str) -> Result<Table> {
        self.note(format_args!("catalog.table {database}.{name}"));
        Err(Error::NotFound(name.into()))
    }
}

#[async_trait]
impl Functions for Recorder {
    async fn start(&self, _: &CallContext, token: &Token, target: &str, payload: &str) -> Result<()> {
        self.note(format_args!("functions.start {token} {target} {payload}"));
        Ok(())
    }

    async fn check(&self, token: &Token) -> Result<FunctionState> {
        self.note(format_args!("functions.check {token}"));
        Ok(FunctionState::Running)
    }
}

#[async_trait]
impl Batches for Recorder {
    async fn start(&self, _: &CallContext, request: BatchRequest) -> Result<String> {
        self.note(format_args!("batches.start {} {} min", request.entry_point, request.timeout_minutes));
        Ok("batch-1".into())
    }

    async fn get(&self, _: &str, id: &str) -> Result<Batch> {
        self.note(format_args!("batches.get {id}"));
        Err(Error::NotFound(id.into()))
    }

    async fn log(&self, _: &str, id: &str, _: BatchOutput, _: u64) -> Result<LogChunk> {
        self.note(format_args!("batches.log {id}"));
        Ok(LogChunk::default())
    }

    async fn cancel(&self, _: &str, id: &str) -> Result<()> {
        self.note(format_args!("batches.cancel {id}"));
        Ok(())
    }
}

#[async_trait]
impl Tools for Recorder {
    async fn list(&self, server: &str) -> Result<Vec<Tool>> {
        self.note(format_args!("tools.list {server}"));
        Ok(Vec::new())
    }

    async fn call(&self, _: &CallContext, server: &str, tool: &str, _: &str) -> Result<ToolReply> {
        self.note(format_args!("tools.call {server} {tool}"));
        Err(Error::NotFound(tool.into()))
    }

    async fn start(&self, _: &CallContext, token: &Token, server: &str, tool: &str, _: &str) -> Result<()> {
        self.note(format_args!("tools.start {token} {server} {tool}"));
        Ok(())
    }

    async fn check(&self, token: &Token) -> Result<ToolState> {
        self.note(format_args!("tools.check {token}"));
        Ok(ToolState::Running)
    }
}

#[async_trait]
impl Processes for Recorder {
    async fn start(&self, _: &CallContext, program: Program) -> Result<()> {
        self.note(format_args!("processes.start {} {} {:?}", program.token, program.engine, program.timeout));
        Ok(())
    }

    async fn check(&self, token: &Token) -> Result<ProcessState> {
        self.note(format_args!("processes.check {token}"));
        Ok(ProcessState::Running)
    }

    async fn log(&self, token: &Token, _: ProcessOutput, _: u64) -> Result<LogChunk> {
        self.note(format_args!("processes.log {token}"));
        Ok(LogChunk::default())
    }

    async fn cancel(&self, token: &Token) -> Result<()> {
        self.note(format_args!("processes.cancel {token}"));
        Ok(())
    }

    async fn remove(&self, _: &Token) -> Result<()> {
        Ok(())
    }

    async fn probe(&self, engine: &str) -> Result<String> {
        self.note(format_args!("processes.probe {engine}"));
        Ok("1.0".into())
    }
}

#[async_trait]
impl Journal for Recorder {
    async fn note(&self, _: &CallContext, level: Level, message: &str) {
        Recorder::note(self, format_args!("journal.note {level:?} {}", message.len()));
    }
}
