//! The append-only history of a run.

use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{Result, Store, now_ms, within::Within as _};

/// One entry. Numbers start at 1 and have no gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The number within its run.
    pub seq: i64,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// `state`, `planned`, `writing`, `attempt`, `validated`, `failed`, `progress` or `note`.
    pub kind: String,
    /// What happened.
    pub data: serde_json::Value,
}

impl Store {
    /// The entries after `seq`, in order, at most 500.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database), [`Error::Record`](super::Error::Record).
    pub async fn journal(&self, run: Uuid, seq: i64) -> Result<Vec<Entry>> {
        let rows =
            sqlx::query("SELECT seq, at, kind, data FROM journal WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT 500")
                .bind(run.to_string())
                .bind(seq)
                .fetch_all(&self.read)
                .within()
                .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Entry {
                    seq: row.try_get("seq")?,
                    at: row.try_get("at")?,
                    kind: row.try_get("kind")?,
                    data: serde_json::from_str(row.try_get("data")?)?,
                })
            })
            .collect()
    }

    /// Adds one entry to the journal of a run that has not ended; a later one comes to nothing.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn append(&self, run: Uuid, kind: &str, data: &serde_json::Value) -> Result<()> {
        let mut transaction = self.begin().await?;
        // The row's own counter numbers the entries: who has it, has the run's journal to itself until it is done.
        let row = sqlx::query("UPDATE runs SET seq = seq + 1 WHERE id = $1 AND finished_at IS NULL RETURNING seq")
            .bind(run.to_string())
            .fetch_optional(&mut *transaction)
            .within()
            .await?;
        if let Some(row) = row {
            insert(&mut transaction, run, row.try_get("seq")?, kind, data).await?;
            transaction.commit().within().await?;
        }
        Ok(())
    }
}

/// Writes one entry under a number that the caller has taken within its transaction.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    run: Uuid,
    seq: i64,
    kind: &str,
    data: &serde_json::Value,
) -> Result<()> {
    sqlx::query("INSERT INTO journal (run, seq, at, kind, data) VALUES ($1, $2, $3, $4, $5)")
        .bind(run.to_string())
        .bind(seq)
        .bind(now_ms())
        .bind(kind.to_owned())
        .bind(data.to_string())
        .execute(connection)
        .within()
        .await?;
    Ok(())
}
