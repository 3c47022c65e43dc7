//! The append-only history of a run.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::{Result, Store, now_ms};

/// One entry. Numbers start at 1 and have no gaps.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The number within its run.
    pub seq: i64,
    /// Milliseconds since the Unix epoch.
    pub at: i64,
    /// `state`, `attempt`, `progress` or `note`.
    pub kind: String,
    /// What happened.
    pub data: serde_json::Value,
}

impl Store {
    /// The entries after `seq`, in order, at most 500.
    pub async fn journal(&self, run: Uuid, seq: i64) -> Result<Vec<Entry>> {
        let rows =
            sqlx::query("SELECT seq, at, kind, data FROM journal WHERE run = ? AND seq > ? ORDER BY seq LIMIT 500")
                .bind(run.to_string())
                .bind(seq)
                .fetch_all(&self.pool)
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

    /// Adds one entry.
    pub async fn append(&self, run: Uuid, kind: &str, data: &serde_json::Value) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        append(&mut connection, run, kind, data).await
    }
}

/// Adds one entry within a transaction of the caller's.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    run: Uuid,
    kind: &str,
    data: &serde_json::Value,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO journal (run, seq, at, kind, data)
         SELECT ?1, 1 + COALESCE((SELECT MAX(seq) FROM journal WHERE run = ?1), 0), ?2, ?3, ?4",
    )
    .bind(run.to_string())
    .bind(now_ms())
    .bind(kind)
    .bind(data.to_string())
    .execute(connection)
    .await?;
    Ok(())
}
