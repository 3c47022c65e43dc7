//! Open protocols: how plugins come from a registry, who signed them, and models that speak as OpenAI's do.
//!
//! MCP tools and the Ray Jobs API are not spoken yet.

pub mod oci;
pub mod openai;
pub mod signature;
