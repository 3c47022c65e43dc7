//! Open protocols: how plugins come from a registry, who signed them, and tools over MCP.
//!
//! The Ray Jobs API and OpenAI-compatible models are not spoken yet.

pub mod mcp;
pub mod oci;
pub mod signature;
