//! What one call may use.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::engine::{CORE_INSTANCES, MEMORIES, TABLES};

/// The limits of a plugin. Every call has them for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories together, in bytes: 64 MiB; at most 1 GiB.
    pub memory: usize,
    /// Entries of all tables together: 100,000.
    pub table_elements: usize,
    /// The guest's own computing, in steps of 10 ms: 2 s. Waiting for host functions does not count.
    pub compute: Duration,
    /// The whole call, host functions included: 30 s.
    pub wall_clock: Duration,
    /// What a call of `generate`, which may ask the model, has on top of that: 16 min.
    pub model: Duration,
    /// Bytes that the guest may hand over in one go, as arguments of a host function or as a result: 8 MiB.
    pub hostcall_bytes: usize,
    /// Calls at the same time: 64.
    pub concurrent_calls: usize,
    /// Calls that wait for their turn; one more is turned away at once: 256.
    pub waiting_calls: usize,
    /// How long a call waits for its turn before it is turned away: 5 s.
    pub patience: Duration,
    /// What the reports of `validate` that are kept may take, in bytes: 16 MiB; 0: none are kept.
    pub kept_reports: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 100_000,
            compute: Duration::from_secs(2),
            wall_clock: Duration::from_secs(30),
            model: Duration::from_secs(16 * 60),
            hostcall_bytes: 8 << 20,
            concurrent_calls: 64,
            waiting_calls: 256,
            patience: Duration::from_secs(5),
            kept_reports: 16 << 20,
        }
    }
}

/// Counts what one store has; remembers whether it refused memory, because the guest then ends in a trap that does not
/// say so.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_left: usize,
    table_elements_left: usize,
    pub(crate) refused_memory: bool,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory_left: limits.memory, table_elements_left: limits.table_elements, refused_memory: false }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let left = self.memory_left.checked_sub(desired.saturating_sub(current));
        self.refused_memory |= left.is_none();
        self.memory_left = left.unwrap_or(self.memory_left);
        Ok(left.is_some())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let left = self.table_elements_left.checked_sub(desired.saturating_sub(current));
        self.refused_memory |= left.is_none();
        self.table_elements_left = left.unwrap_or(self.table_elements_left);
        Ok(left.is_some())
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}
