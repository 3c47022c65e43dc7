//! The component that does what is written into it: what the tests of the runtime's promises are made over.

/// Its file.
pub const HOSTILE: &str = env!("HOSTILE_WASM");
