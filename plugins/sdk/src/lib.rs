//! What a plugin's author depends on: the trait [`Supervisor`] with defaults, one macro that registers it, and the
//! records and host functions of the contract (`wit/`).
//!
//! ```ignore
//! struct Hello;
//!
//! impl enginehouse_sdk::Supervisor for Hello { /* describe, generate, validate, submit, poll, fetch */ }
//!
//! enginehouse_sdk::register!(Hello);
//! ```
//!
//! Build it with `cargo build --target wasm32-wasip2` as a `cdylib`. The records are plain Rust, so a plugin's rules are
//! tested natively with `cargo test` ([`testing`] has tasks and attempts for them); only the functions in [`host`] need a
//! host, but for [`host::setting`] and [`host::note`]. `examples/hello-plugin` is a whole one to start from.
//!
//! What several frameworks do alike is here once: [`program`] runs one program in one sandbox, [`script`] wraps it for
//! platforms that are not the host's own, [`results`] sorts what it wrote, [`agent`] has it written by a model.

pub mod agent;
#[doc(hidden)]
pub mod bindings;
mod error;
pub mod host;
mod outcome;
mod page;
pub mod program;
pub mod results;
pub mod script;
mod supervisor;
pub mod testing;

/// Every plugin allocates with it: reading a program is mostly small allocations, for which the C library's is slow.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use bindings::{
    enginehouse::supervisor::types::{
        Attempt, Column, Error, Finding, LogChunk, ObjectSource, Place, Position, RelationKind, RelationSource,
        Severity, Source, Span, TableSource, Task,
    },
    exports::enginehouse::supervisor::supervisor::{
        Choice, Description, Draft, Earlier, EngineError, Failure, Health, Outcome, Phase, Platform, Progress, Rule,
        Setting, Table, Usage,
    },
};
pub use supervisor::Supervisor;
