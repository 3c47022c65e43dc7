//! Pulls from a real registry, and from one that does what a real one never would.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

mod fake;
mod hostile;
mod private;
mod published;
mod registry;
mod tokens;

use std::time::Duration;

use enginehouse_protocols::oci::{Credentials, Error, Limits, Pulled};

/// A pull as anybody, of at most a megabyte in ten seconds.
async fn pull(reference: &str) -> Result<Pulled, Error> {
    pull_as(reference, &Credentials::Anonymous).await
}

async fn pull_as(reference: &str, credentials: &Credentials) -> Result<Pulled, Error> {
    let limits = Limits { most_bytes: 1 << 20, time: Duration::from_secs(10) };
    enginehouse_protocols::oci::pull(reference, credentials, limits).await
}

fn password(password: &str) -> Credentials {
    Credentials::Password { username: registry::USER.to_owned(), password: password.to_owned().into() }
}
