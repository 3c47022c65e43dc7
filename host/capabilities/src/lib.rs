//! The vocabulary of the host: what plugins may ask for, named by need.
//!
//! Each trait is one capability; a product behind it (S3, Glue, a sandbox on this machine) is an adapter in a crate of
//! its own, and passes the same conformance suite (feature `conformance`) as every other adapter of that trait. This
//! crate knows no product, no HTTP and no WebAssembly.

mod batches;
mod catalog;
mod codegen;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod error;
mod functions;
mod grants;
mod journal;
mod log;
mod objects;
mod processes;
mod signing;
mod tools;
mod unconfigured;
mod uri;

pub use batches::{Batch, BatchOutput, BatchRequest, BatchState, Batches};
pub use catalog::{Catalog, Column, Names, RelationKind, Table};
pub use codegen::{Codegen, CodegenReply, CodegenRequest, Finish, Listener, Message, Model, Role};
pub use context::{AttemptScope, CallContext, Token};
pub use error::{Error, Result, known};
pub use functions::{FunctionAnswer, FunctionBilled, FunctionState, Functions, Invoke};
pub use grants::{Grants, Interface};
pub use journal::{Journal, Level};
pub use log::LogChunk;
pub use objects::{ByteStream, MAX_PRESIGNED, ObjectEntry, ObjectPage, Objects};
pub use processes::{ProcessOutput, ProcessState, Processes, Program};
pub use signing::{Signing, Unsigned};
pub use tools::{Tool, ToolReply, ToolServers, ToolState, Tools};
pub use unconfigured::Unconfigured;
pub use uri::ObjectUri;
