//! Open protocols: MCP tools, the Ray Jobs API, OpenAI-compatible models.
//!
//! Nothing is spoken yet: `tools` and `codegen` answer `unconfigured`, which the server puts together itself. The crate
//! stands so that the arrows between crates are fixed before the adapters come.
