//! Hosts the plugins: one fresh, limited instance a call.
//!
//! A [`Runtime`] holds the WebAssembly engine and what the host offers ([`Capabilities`]). It loads a component into a
//! [`Plugin`], whose methods are the exports of the contract (`wit/supervisor.wit`); a [`Registry`] says which
//! [`Generation`] of a framework's plugin serves. This crate knows WebAssembly and capabilities, and neither HTTP nor any product.
//!
//! A component is compiled in a niced process of its own, with bounds on its time and memory ([`CompilerProcess`]).

mod bindings;
mod call;
mod capabilities;
mod compile;
mod convert;
mod count;
mod engine;
mod error;
mod exports;
mod host;
mod inspect;
mod limits;
mod output;
mod plugin;
mod registry;
mod reports;
mod stage;
mod tally;
mod validated;
mod values;

pub use bindings::{
    enginehouse::supervisor::types::{
        Attempt, Column, Error as HostError, Finding, LogChunk, ObjectSource, Place, Position, RelationKind,
        RelationSource, Severity, Source, Span, TableSource, Task,
    },
    exports::enginehouse::supervisor::supervisor::{
        Choice, Description, Draft, Earlier, EngineError, Failure, Health, Outcome, Phase, Platform, Progress, Rule,
        Setting, Table, Usage,
    },
};
pub use capabilities::Capabilities;
pub use compile::{CompilerProcess, compile_for_parent};
pub use engine::Runtime;
pub use error::{Clock, Error, LoadError};
pub use inspect::MAX_BYTES as MAX_COMPONENT_BYTES;
pub use limits::Limits;
pub use plugin::{Plugin, PluginConfig};
pub use registry::{Generation, Registry};
pub use stage::Stage;
pub use tally::Calls;
pub use validated::{Report, ValidatedCode};
pub use values::{BadValue, limit};
