//! Jobs on a cluster that answers as Ray does, and on one that does what Ray never should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod client;
mod fake;
mod hostile;
mod tools;

use enginehouse_protocols::ray::{RayCluster, RayJobs};

/// A cluster at these addresses.
fn cluster(urls: &[&str]) -> RayCluster {
    RayCluster {
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        token: None,
        driver_cpus: 1.0,
        runtime_env: serde_json::Map::new(),
    }
}

fn jobs(url: &str) -> RayJobs {
    RayJobs::new("trial", cluster(&[url])).unwrap()
}
