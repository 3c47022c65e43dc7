//! The pieces of code of a run.

use enginehouse_runtime::EngineError;
use sqlx::Row;
use uuid::Uuid;

use super::{AttemptRow, Result, Store, read::attempt_row, within::Within as _};

impl Store {
    /// The attempts of a run, the first first.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database), [`Error::Record`](super::Error::Record).
    pub async fn attempts(&self, run: Uuid) -> Result<Vec<AttemptRow>> {
        let rows = sqlx::query(
            "SELECT number, code, sha256, author, notes, findings, digest, failure, created_at, model, input_tokens,
                output_tokens, prompt_sha256
             FROM attempts LEFT JOIN answers
                ON answers.run = attempts.run AND answers.attempt = attempts.number AND attempts.author = 'model'
             WHERE attempts.run = $1 ORDER BY number",
        )
        .bind(run.to_string())
        .fetch_all(&self.read)
        .within()
        .await?;
        rows.iter().map(attempt_row).collect()
    }

    /// The code of a run's last attempt, with its SHA-256; none before there is one.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn last_code(&self, run: Uuid) -> Result<Option<(String, String)>> {
        let row = sqlx::query("SELECT code, sha256 FROM attempts WHERE run = $1 ORDER BY number DESC LIMIT 1")
            .bind(run.to_string())
            .fetch_optional(&self.read)
            .within()
            .await?;
        row.map(|row| Ok((row.try_get("code")?, row.try_get("sha256")?))).transpose()
    }

    /// How the engine failed on a run's attempts, the first first.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database), [`Error::Record`](super::Error::Record).
    pub async fn failures(&self, run: Uuid) -> Result<Vec<EngineError>> {
        let sql = "SELECT failure FROM attempts WHERE run = $1 AND failure IS NOT NULL ORDER BY number";
        let rows = sqlx::query(sql).bind(run.to_string()).fetch_all(&self.read).within().await?;
        rows.iter().map(|row| Ok(serde_json::from_str(row.try_get("failure")?)?)).collect()
    }
}
