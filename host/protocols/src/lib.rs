//! Open protocols: how plugins come from a registry, and who signed them.
//!
//! MCP tools, the Ray Jobs API and OpenAI-compatible models are not spoken yet: `tools` and `codegen` answer `unconfigured`,
//! which the server puts together itself.

pub mod oci;
pub mod signature;
