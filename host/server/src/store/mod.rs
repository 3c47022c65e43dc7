//! What the server remembers: sessions, uploads, runs and their journals, in SQLite.

mod journal;
mod rows;
mod runs;
mod sessions;
#[cfg(test)]
mod tests;

use std::path::Path;

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use journal::Entry;
pub use rows::{AttemptRow, Problem, RunRequest, RunRow, RunState, SourceRef, Step};
pub use runs::RunFilter;
pub use sessions::SessionRow;

/// The store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed.
    #[error("the store failed: {0}")]
    Sqlite(#[from] sqlx::Error),
    /// The schema could not be brought up to date; a newer binary may have written it.
    #[error("the store's schema cannot be used by this version: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// A row holds what this version cannot read.
    #[error("the store holds a record this version cannot read: {0}")]
    Record(#[from] serde_json::Error),
    /// A run moved on in the meantime.
    #[error("the run `{0}` moved on in the meantime")]
    Moved(uuid::Uuid),
}

/// The result of every call of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One SQLite file, shared by all tasks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Opens the file, makes it where it is missing and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Sqlite`] where it cannot be opened, [`Error::Schema`] where a newer version has written it.
    pub async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
        sqlx::migrate!("./migrations").run(&pool).await?;
        Ok(Self { pool })
    }

    /// Whether the file still answers.
    ///
    /// # Errors
    /// [`Error::Sqlite`] where it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
