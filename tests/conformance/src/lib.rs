//! The component with the faults: what the tests of the kit are made over.

/// Its file.
pub const FAULTY: &str = env!("FAULTY_WASM");
