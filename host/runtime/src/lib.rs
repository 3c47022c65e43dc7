//! Hosts the plugins: one fresh, limited instance a call.
//!
//! A [`Runtime`] holds the WebAssembly engine and what the host offers ([`Capabilities`]). It loads a component into a
//! [`Plugin`], whose methods are the exports of the contract (`wit/supervisor.wit`); a [`Registry`] keeps the plugins by
//! framework. This crate knows WebAssembly and capabilities, and neither HTTP nor any product.
//!
//! Compilation runs on the blocking threads of tokio, in this process; a niced process of its own is to come.

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
pub use engine::Runtime;
pub use error::{Clock, Error, LoadError};
pub use limits::Limits;
pub use plugin::{Plugin, PluginConfig};
pub use registry::{PluginSource, PluginState, PluginStatus, Registry};
pub use stage::Stage;
pub use validated::{Report, ValidatedCode};
pub use values::{BadValue, limit};
