//! Open protocols: how plugins come from a registry, who signed them, tools over MCP, and models that speak as OpenAI's do.
//!
//! The Ray Jobs API is not spoken yet.

pub mod mcp;
pub mod oci;
pub mod openai;
mod secrets;
pub mod signature;
