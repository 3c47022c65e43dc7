//! Sessions and uploads.

use enginehouse_runtime::ObjectSource;
use sqlx::Row;

use super::{Error, Result, SourceRef, Store, now_ms, within::Within as _};

/// A session that is used is noted so often.
const NOTED_MS: i64 = 3600 * 1000;

/// What a session holds.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Who may use it.
    pub owner: String,
    /// What the next request reads when it names no source.
    pub sources: Vec<SourceRef>,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it was last used, to the hour; milliseconds since the Unix epoch.
    pub updated_at: i64,
}

impl Store {
    /// A session; none where nobody has used that id.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn session(&self, id: &str) -> Result<Option<SessionRow>> {
        let row = sqlx::query("SELECT owner, sources, created_at, updated_at FROM sessions WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(&self.read)
            .within()
            .await?;
        row.map(|row| {
            Ok(SessionRow {
                owner: row.try_get("owner")?,
                sources: serde_json::from_str(row.try_get("sources")?)?,
                created_at: row.try_get("created_at")?,
                updated_at: row.try_get("updated_at")?,
            })
        })
        .transpose()
    }

    /// Uses a session: makes it for its owner where it is missing, and notes that it is in use.
    ///
    /// # Errors
    /// [`Error::NotOwned`] where it is another's, [`Error::TooManySessions`] where its owner has `most` of them.
    pub async fn enter_session(&self, id: &str, owner: &str, most: u32) -> Result<()> {
        let now = now_ms();
        match self.session(id).await? {
            Some(row) if row.owner != owner => return Err(Error::NotOwned),
            Some(row) if now - row.updated_at < NOTED_MS => return Ok(()),
            _ => {}
        }
        let mut transaction = self.begin().await?;
        sqlx::query(self.dialect.one_at_a_time()).execute(&mut *transaction).within().await?;
        let known = sqlx::query("UPDATE sessions SET updated_at = $1 WHERE id = $2 RETURNING owner")
            .bind(now)
            .bind(id.to_owned())
            .fetch_optional(&mut *transaction)
            .within()
            .await?;
        if let Some(row) = known {
            let whose: String = row.try_get("owner")?;
            return if whose == owner { transaction.commit().within().await } else { Err(Error::NotOwned) };
        }
        let row = sqlx::query("SELECT COUNT(*) AS count FROM sessions WHERE owner = $1")
            .bind(owner.to_owned())
            .fetch_one(&mut *transaction)
            .within()
            .await?;
        if row.try_get::<i64, _>("count")? >= i64::from(most) {
            return Err(Error::TooManySessions(most));
        }
        sqlx::query("INSERT INTO sessions (id, owner, sources, created_at, updated_at) VALUES ($1, $2, '[]', $3, $3)")
            .bind(id.to_owned())
            .bind(owner.to_owned())
            .bind(now)
            .execute(&mut *transaction)
            .within()
            .await?;
        transaction.commit().within().await
    }

    /// Sets what a session reads.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn set_sources(&self, id: &str, sources: &[SourceRef]) -> Result<()> {
        sqlx::query("UPDATE sessions SET sources = $1, updated_at = $2 WHERE id = $3")
            .bind(serde_json::to_string(sources)?)
            .bind(now_ms())
            .bind(id.to_owned())
            .execute(&self.write)
            .within()
            .await?;
        Ok(())
    }

    /// Forgets sessions that nobody has used since then and in which no run goes on; how many.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget_sessions(&self, unused_since: i64) -> Result<u64> {
        let done = sqlx::query(
            "DELETE FROM sessions WHERE updated_at < $1 AND NOT EXISTS
                (SELECT 1 FROM runs WHERE runs.session = sessions.id AND runs.finished_at IS NULL)",
        )
        .bind(unused_since)
        .execute(&self.write)
        .within()
        .await?;
        Ok(done.rows_affected())
    }

    /// Keeps what was found out about an uploaded object.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn add_upload(&self, session: &str, name: &str, source: &ObjectSource) -> Result<()> {
        sqlx::query("INSERT INTO uploads (uri, session, name, source, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(source.uri.clone())
            .bind(session.to_owned())
            .bind(name.to_owned())
            .bind(serde_json::to_string(source)?)
            .bind(now_ms())
            .execute(&self.write)
            .within()
            .await?;
        Ok(())
    }

    /// What was found out about an object when it was uploaded.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn upload(&self, uri: &str) -> Result<Option<ObjectSource>> {
        let row = sqlx::query("SELECT source FROM uploads WHERE uri = $1")
            .bind(uri.to_owned())
            .fetch_optional(&self.read)
            .within()
            .await?;
        row.map(|row| Ok(serde_json::from_str(row.try_get("source")?)?)).transpose()
    }
}
