//! Between the records of the contract and those of the capabilities.

use enginehouse_capabilities as host;

use crate::{
    bindings::enginehouse::supervisor::{
        batches, catalog, codegen, functions, journal, objects, processes, tools, types,
    },
    values::{cut, limit},
};

impl From<host::Error> for types::Error {
    /// Only what was meant for the reader; what went wrong below stays in the host. Cut to what a guest may hand back.
    fn from(error: host::Error) -> Self {
        use host::Error as E;
        let short = |text: String| cut(&text, limit::MESSAGE).to_owned();
        match error {
            E::Denied(text) => Self::Denied(short(text)),
            E::Unconfigured(text) => Self::Unconfigured(short(text)),
            E::NotFound(text) => Self::NotFound(short(text)),
            E::Invalid(text) => Self::Invalid(short(text)),
            E::Conflict(text) => Self::Conflict(short(text)),
            E::QuotaExceeded(text) => Self::QuotaExceeded(short(text)),
            E::Unavailable(text) => Self::Unavailable(short(text)),
            E::TimedOut(text) => Self::TimedOut(short(text)),
            other => Self::Other(short(other.to_string())),
        }
    }
}

impl From<host::LogChunk> for types::LogChunk {
    fn from(chunk: host::LogChunk) -> Self {
        let host::LogChunk { text, next, end, dropped } = chunk;
        Self { text, next, end, dropped }
    }
}

impl From<host::Column> for types::Column {
    fn from(column: host::Column) -> Self {
        let host::Column { name, data_type, comment } = column;
        Self { name, data_type, comment }
    }
}

impl From<host::Table> for types::TableSource {
    fn from(table: host::Table) -> Self {
        Self {
            database: table.database,
            name: table.name,
            kind: match table.kind {
                host::RelationKind::Table => types::RelationKind::Table,
                host::RelationKind::View => types::RelationKind::View,
                host::RelationKind::Other => types::RelationKind::Other,
            },
            location: table.location.map(|uri| uri.to_string()),
            format: table.format,
            columns: table.columns.into_iter().map(Into::into).collect(),
            partition_keys: table.partition_keys.into_iter().map(Into::into).collect(),
            properties: table.properties,
        }
    }
}

impl From<host::Names> for catalog::Names {
    fn from(host::Names { names, next }: host::Names) -> Self {
        Self { names, next }
    }
}

impl From<host::ObjectEntry> for objects::Entry {
    fn from(entry: host::ObjectEntry) -> Self {
        Self { uri: entry.uri.to_string(), bytes: entry.bytes, modified: entry.modified }
    }
}

impl From<host::ObjectPage> for objects::Page {
    fn from(page: host::ObjectPage) -> Self {
        Self { entries: page.entries.into_iter().map(Into::into).collect(), next: page.next }
    }
}

impl From<codegen::Request> for host::CodegenRequest {
    fn from(request: codegen::Request) -> Self {
        let message = |message: codegen::Message| host::Message {
            role: match message.role {
                codegen::Role::User => host::Role::User,
                codegen::Role::Assistant => host::Role::Assistant,
            },
            text: message.text,
        };
        Self {
            system: request.system,
            messages: request.messages.into_iter().map(message).collect(),
            max_tokens: request.max_tokens,
        }
    }
}

impl From<host::CodegenReply> for codegen::Reply {
    fn from(reply: host::CodegenReply) -> Self {
        Self {
            text: reply.text,
            finish: match reply.finish {
                host::Finish::Complete => codegen::Finish::Complete,
                host::Finish::Truncated => codegen::Finish::Truncated,
                host::Finish::Refused => codegen::Finish::Refused,
            },
            model: reply.model,
            input_tokens: reply.input_tokens,
            output_tokens: reply.output_tokens,
        }
    }
}

impl From<host::FunctionState> for functions::State {
    fn from(state: host::FunctionState) -> Self {
        match state {
            host::FunctionState::Running => Self::Running,
            host::FunctionState::Answered(host::FunctionAnswer { payload, error, log, billed }) => {
                let billed = billed.map(|host::FunctionBilled { milliseconds, memory_mb }| functions::Billed {
                    milliseconds,
                    memory_mb,
                });
                Self::Answered(functions::Answer { payload, error, log, billed })
            }
            host::FunctionState::Lost => Self::Lost,
        }
    }
}

impl From<host::Batch> for batches::Batch {
    fn from(batch: host::Batch) -> Self {
        Self {
            id: batch.id,
            state: match batch.state {
                host::BatchState::Queued => batches::State::Queued,
                host::BatchState::Running => batches::State::Running,
                host::BatchState::Succeeded => batches::State::Succeeded,
                host::BatchState::Failed => batches::State::Failed,
                host::BatchState::Cancelled => batches::State::Cancelled,
            },
            detail: batch.detail,
            vcpu_hours: batch.vcpu_hours,
            memory_gb_hours: batch.memory_gb_hours,
        }
    }
}

impl From<batches::Output> for host::BatchOutput {
    fn from(output: batches::Output) -> Self {
        match output {
            batches::Output::Stdout => Self::Stdout,
            batches::Output::Stderr => Self::Stderr,
        }
    }
}

impl From<host::Tool> for tools::Tool {
    fn from(host::Tool { name, description, input_schema }: host::Tool) -> Self {
        Self { name, description, input_schema }
    }
}

impl From<host::ToolReply> for tools::Reply {
    fn from(host::ToolReply { content, is_error }: host::ToolReply) -> Self {
        Self { content, is_error }
    }
}

impl From<host::ToolState> for tools::State {
    fn from(state: host::ToolState) -> Self {
        match state {
            host::ToolState::Running => Self::Running,
            host::ToolState::Answered(reply) => Self::Answered(reply.into()),
            host::ToolState::Lost => Self::Lost,
        }
    }
}

impl From<host::ProcessState> for processes::State {
    fn from(state: host::ProcessState) -> Self {
        match state {
            host::ProcessState::Queued => Self::Queued,
            host::ProcessState::Running => Self::Running,
            host::ProcessState::Exited(status) => Self::Exited(status),
            host::ProcessState::Stopped(limit) => Self::Stopped(limit),
            host::ProcessState::Lost => Self::Lost,
        }
    }
}

impl From<processes::Output> for host::ProcessOutput {
    fn from(output: processes::Output) -> Self {
        match output {
            processes::Output::Stdout => Self::Stdout,
            processes::Output::Stderr => Self::Stderr,
        }
    }
}

impl From<journal::Level> for host::Level {
    fn from(level: journal::Level) -> Self {
        match level {
            journal::Level::Debug => Self::Debug,
            journal::Level::Info => Self::Info,
            journal::Level::Warn => Self::Warn,
            journal::Level::Error => Self::Error,
        }
    }
}
