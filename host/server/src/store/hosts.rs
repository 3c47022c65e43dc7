//! Hosts and the runs that they drive.
//!
//! Each start of a server is a host of its own, with one lease. A run is driven by the host that its row names; every step is
//! written on the condition that it still does. A host whose lease has passed may lose its runs to others, and what it
//! writes after that is refused. What both may have begun at the engine carries the same token, so it is one thing there.

use std::time::Duration;

use sqlx::Row;
use uuid::Uuid;

use super::{Result, Store, dialect::Dialect, read::uuid_of, within::Within as _};

/// How long a host is taken for alive after it was last heard of. It is heard of three times in that time.
pub const LEASE: Duration = Duration::from_secs(9);
/// How long a host that is gone is remembered.
const FORGET_MS: i64 = 24 * 3600 * 1000;

impl Store {
    /// Says that a host lives, for another [`LEASE`].
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn beat(&self, host: Uuid) -> Result<()> {
        let sql = format!(
            "INSERT INTO hosts (id, expires_at) VALUES ($1, {now} + $2)
             ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at",
            now = self.dialect.now()
        );
        let lease = i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX);
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(host.to_string()).bind(lease).execute(&self.write).within().await?;
        Ok(())
    }

    /// Gives up what a host drives: others may take it at once.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn leave(&self, host: Uuid) -> Result<()> {
        sqlx::query("DELETE FROM hosts WHERE id = $1").bind(host.to_string()).execute(&self.write).within().await?;
        Ok(())
    }

    /// Forgets all other hosts, for a database that only one server can have open.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn be_alone(&self, host: Uuid) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            sqlx::query("DELETE FROM hosts WHERE id <> $1")
                .bind(host.to_string())
                .execute(&self.write)
                .within()
                .await?;
        }
        Ok(())
    }

    /// Takes runs over that have not ended and that no living host drives, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn take_over(&self, host: Uuid, limit: u32) -> Result<Vec<(Uuid, String)>> {
        let (now, skip) = (self.dialect.now(), self.dialect.skip_locked());
        // One that lies further ahead than any lease is from before the clock was set back: nobody else may have to wait for it.
        let living = format!("expires_at > {now} AND expires_at <= {now} + {}", 2 * LEASE.as_millis());
        let orphaned =
            format!("finished_at IS NULL AND (host IS NULL OR host NOT IN (SELECT id FROM hosts WHERE {living}))");
        // Nearly always there is nothing, and looking for it keeps nobody from writing.
        let any = format!("SELECT 1 FROM runs WHERE {orphaned} LIMIT 1");
        if sqlx::query(sqlx::AssertSqlSafe(any)).fetch_optional(&self.read).within().await?.is_none() {
            return Ok(Vec::new());
        }
        let orphans = format!("SELECT id FROM runs WHERE {orphaned} ORDER BY id LIMIT $2 {skip}");
        let sql = format!("UPDATE runs SET host = $1 WHERE id IN ({orphans}) RETURNING id, session");
        let mut transaction = self.begin().await?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(host.to_string())
            .bind(i64::from(limit))
            .fetch_all(&mut *transaction)
            .within()
            .await?;
        let old = format!("DELETE FROM hosts WHERE expires_at < {now} - $1");
        sqlx::query(sqlx::AssertSqlSafe(old)).bind(FORGET_MS).execute(&mut *transaction).within().await?;
        transaction.commit().within().await?;
        let mut taken =
            rows.iter().map(|row| Ok((uuid_of(row, "id")?, row.try_get("session")?))).collect::<Result<Vec<_>>>()?;
        taken.sort();
        Ok(taken)
    }

    /// Runs that have not ended and that a host drives, the oldest first.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn driven_by(&self, host: Uuid) -> Result<Vec<(Uuid, String)>> {
        let rows = sqlx::query("SELECT id, session FROM runs WHERE host = $1 AND finished_at IS NULL ORDER BY id")
            .bind(host.to_string())
            .fetch_all(&self.read)
            .within()
            .await?;
        rows.iter().map(|row| Ok((uuid_of(row, "id")?, row.try_get("session")?))).collect()
    }
}
