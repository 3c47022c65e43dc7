//! Open protocols: who signed a plugin.
//!
//! MCP tools, the Ray Jobs API and OpenAI-compatible models are not spoken yet: `tools` and `codegen` answer `unconfigured`,
//! which the server puts together itself.

pub mod signature;
