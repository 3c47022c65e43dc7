//! What no plugin should go by.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Never the same twice.
pub(crate) fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// Computes for a while.
pub(crate) fn burn(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}
