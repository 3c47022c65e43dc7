//! Sessions and uploads.

use enginehouse_runtime::ObjectSource;
use sqlx::Row;

use super::{Result, SourceRef, Store, now_ms};

/// What a session holds.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// What the next request reads when it names no source.
    pub sources: Vec<SourceRef>,
    /// Milliseconds since the Unix epoch.
    pub created_at: i64,
    /// Milliseconds since the Unix epoch.
    pub updated_at: i64,
}

impl Store {
    /// A session; none where nobody has used that id.
    pub async fn session(&self, id: &str) -> Result<Option<SessionRow>> {
        let row = sqlx::query("SELECT sources, created_at, updated_at FROM sessions WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| {
            Ok(SessionRow {
                sources: serde_json::from_str(row.try_get("sources")?)?,
                created_at: row.try_get("created_at")?,
                updated_at: row.try_get("updated_at")?,
            })
        })
        .transpose()
    }

    /// Sets what a session reads, and makes it where it is missing.
    pub async fn set_sources(&self, id: &str, sources: &[SourceRef]) -> Result<()> {
        let now = now_ms();
        sqlx::query(
            "INSERT INTO sessions (id, sources, created_at, updated_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (id) DO UPDATE SET sources = excluded.sources, updated_at = excluded.updated_at",
        )
        .bind(id.to_owned())
        .bind(serde_json::to_string(sources)?)
        .bind(now)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Keeps what was found out about an uploaded object.
    pub async fn add_upload(&self, session: &str, name: &str, source: &ObjectSource) -> Result<()> {
        sqlx::query("INSERT INTO uploads (uri, session, name, source, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(source.uri.clone())
            .bind(session.to_owned())
            .bind(name.to_owned())
            .bind(serde_json::to_string(source)?)
            .bind(now_ms())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// What was found out about an object when it was uploaded.
    pub async fn upload(&self, uri: &str) -> Result<Option<ObjectSource>> {
        let row = sqlx::query("SELECT source FROM uploads WHERE uri = $1")
            .bind(uri.to_owned())
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok(serde_json::from_str(row.try_get("source")?)?)).transpose()
    }
}
