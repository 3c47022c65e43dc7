//! How long a call of the database may take: one that hangs is one that failed.

use std::time::Duration;

use super::{Error, Result};

/// Well above what any statement of ours takes.
const LONGEST: Duration = Duration::from_secs(30);

/// What a statement gives within the time it has.
pub(super) trait Within<T>: Future<Output = sqlx::Result<T>> + Sized {
    /// Waits for it at most [`LONGEST`].
    async fn within(self) -> Result<T> {
        match tokio::time::timeout(LONGEST, self).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Error::Silent(LONGEST.as_secs())),
        }
    }
}

impl<T, F: Future<Output = sqlx::Result<T>>> Within<T> for F {}
