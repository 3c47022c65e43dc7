//! Open protocols: how plugins come from a registry, who signed them, tools over MCP, jobs on a Ray cluster, and models that speak as
//! OpenAI's do.

pub mod mcp;
pub mod oci;
pub mod openai;
pub mod ray;
mod secrets;
pub mod signature;
