//! How long to wait before what failed is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubles from half a second up to 30, less up to half of it, so that what failed together is not tried together.
pub(crate) fn pause(failures: u32) -> Duration {
    let base = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(7)));
    base.min(LONGEST).mul_f64(rand::random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_half_a_minute() {
        for (failures, longest) in [(0, 500), (1, 500), (2, 1_000), (4, 4_000), (7, 30_000), (u32::MAX, 30_000)] {
            let pause = pause(failures);
            let longest = Duration::from_millis(longest);
            assert!(pause <= longest && pause >= longest / 2, "{failures}: {pause:?}");
        }
    }
}
