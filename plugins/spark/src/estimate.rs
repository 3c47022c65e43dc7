//! What a program is expected to use: rough, and rather too much, so that caps on costs hold.

use enginehouse_sdk::Usage;

/// What a source counts as whose size nobody knows, in MB: a table of the catalog, mostly.
pub(crate) const UNKNOWN_MB: u64 = 1000;

/// How fast a platform is and what it takes meanwhile.
struct Pace {
    /// Until it begins to read, in seconds.
    start: u64,
    /// What it reads, joins and writes in a second, in MB.
    megabytes: u64,
    vcpus: f64,
    memory_gb: f64,
}

/// Two cores and 2 GB, as a sandbox has where the operator does not say otherwise.
const LOCAL: Pace = Pace { start: 5, megabytes: 20, vcpus: 2.0, memory_gb: 2.0 };
/// The most that a function may have: 10,240 MB, and with them six cores (Lambda's quotas).
const LAMBDA: Pace = Pace { start: 15, megabytes: 20, vcpus: 6.0, memory_gb: 10.0 };
/// A driver and the three executors that a job begins with, each of 4 vCPU and 16 GB (EMR Serverless' defaults for Spark).
const EMR: Pace = Pace { start: 90, megabytes: 100, vcpus: 16.0, memory_gb: 64.0 };

/// What reading so many MB is expected to use on a platform.
pub(crate) fn usage(platform: &str, megabytes: u64) -> Usage {
    let pace = match platform {
        "lambda" => LAMBDA,
        "emr" => EMR,
        _ => LOCAL,
    };
    let seconds = pace.start + megabytes.div_ceil(pace.megabytes);
    let hours = seconds as f64 / 3600.0;
    Usage {
        seconds: Some(seconds),
        vcpu_hours: Some(hours * pace.vcpus),
        memory_gb_hours: Some(hours * pace.memory_gb),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_data_takes_more_and_every_figure_is_there() {
        for platform in ["local", "lambda", "emr"] {
            let (none, much) = (usage(platform, 0), usage(platform, 10_000));
            assert!(none.seconds < much.seconds && none.vcpu_hours < much.vcpu_hours, "{platform}");
            assert!(much.memory_gb_hours > none.memory_gb_hours, "{platform}");
        }
        assert_eq!(usage("emr", 1000).seconds, Some(100));
    }
}
