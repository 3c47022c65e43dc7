//! What the model said for the attempt that is being written.

use enginehouse_capabilities::{CodegenReply, Finish};
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{DAY_MS, Result, Store, now_ms, within::Within as _};

/// No answer took more; so that a day's sum fits its column, whatever a model says.
const MOST_TOKENS: u64 = 1 << 40;

impl Store {
    /// The number of the attempt that is being written for a run; none where there is no such run.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn attempt_being_written(&self, run: Uuid) -> Result<Option<i64>> {
        let row = sqlx::query("SELECT attempt + 1 AS attempt FROM runs WHERE id = $1").bind(run.to_string());
        row.fetch_optional(&self.read).within().await?.map(|row| Ok(row.try_get("attempt")?)).transpose()
    }

    /// What the model said to this very prompt for an attempt of a run; none where it was not asked yet.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn answer(&self, run: Uuid, attempt: i64, prompt_sha256: &str) -> Result<Option<CodegenReply>> {
        let row = sqlx::query(
            "SELECT text, finish, model, input_tokens, output_tokens FROM answers
             WHERE run = $1 AND attempt = $2 AND prompt_sha256 = $3",
        )
        .bind(run.to_string())
        .bind(attempt)
        .bind(prompt_sha256.to_owned())
        .fetch_optional(&self.read)
        .within()
        .await?;
        row.map(|row| {
            Ok(CodegenReply {
                text: row.try_get("text")?,
                finish: match row.try_get("finish")? {
                    "complete" => Finish::Complete,
                    "refused" => Finish::Refused,
                    _ => Finish::Truncated,
                },
                model: row.try_get("model")?,
                input_tokens: row.try_get::<i64, _>("input_tokens")?.cast_unsigned(),
                output_tokens: row.try_get::<i64, _>("output_tokens")?.cast_unsigned(),
            })
        })
        .transpose()
    }

    /// The tokens, read and written, that the model took for a framework in the last 24 hours.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn tokens_of_a_day(&self, framework: &str) -> Result<u64> {
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT) AS tokens FROM tokens WHERE framework = $1 AND at > $2",
        )
        .bind(framework.to_owned())
        .bind(now_ms() - DAY_MS)
        .fetch_one(&self.read)
        .within()
        .await?;
        Ok(row.try_get::<i64, _>("tokens")?.cast_unsigned())
    }

    /// The tokens, read and written, that the model took for one caller's runs in the last 24 hours.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn tokens_of_a_caller(&self, run: Uuid) -> Result<u64> {
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT) AS tokens FROM tokens
             WHERE owner = (SELECT owner FROM runs WHERE id = $1) AND at > $2",
        )
        .bind(run.to_string())
        .bind(now_ms() - DAY_MS)
        .fetch_one(&self.read)
        .within()
        .await?;
        Ok(row.try_get::<i64, _>("tokens")?.cast_unsigned())
    }

    /// Keeps what the model said, in the place of what it said to another prompt for the same attempt; nothing where that attempt
    /// is written by now. Its tokens count either way.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn keep_answer(
        &self,
        framework: &str,
        (run, attempt): (Uuid, i64),
        prompt_sha256: &str,
        reply: &CodegenReply,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        spend(&mut transaction, framework, run, reply).await?;
        let finish = match reply.finish {
            Finish::Complete => "complete",
            Finish::Truncated => "truncated",
            Finish::Refused => "refused",
        };
        sqlx::query(
            "INSERT INTO answers (run, attempt, prompt_sha256, text, finish, model, input_tokens, output_tokens)
             SELECT id, $8, $2, $3, $4, $5, $6, $7 FROM runs WHERE id = $1 AND attempt + 1 = $8
             ON CONFLICT (run, attempt) DO UPDATE SET prompt_sha256 = excluded.prompt_sha256, text = excluded.text,
                finish = excluded.finish, model = excluded.model, input_tokens = excluded.input_tokens,
                output_tokens = excluded.output_tokens",
        )
        .bind(run.to_string())
        .bind(prompt_sha256.to_owned())
        .bind(reply.text.replace('\0', "\u{fffd}"))
        .bind(finish)
        .bind(reply.model.replace('\0', "\u{fffd}"))
        .bind(i64::try_from(reply.input_tokens).unwrap_or(i64::MAX))
        .bind(i64::try_from(reply.output_tokens).unwrap_or(i64::MAX))
        .bind(attempt)
        .execute(&mut *transaction)
        .within()
        .await?;
        transaction.commit().within().await
    }
}

/// Counts what an answer took, and forgets what is older than a day.
async fn spend(connection: &mut AnyConnection, framework: &str, run: Uuid, reply: &CodegenReply) -> Result<()> {
    let now = now_ms();
    sqlx::query("DELETE FROM tokens WHERE framework = $1 AND at <= $2")
        .bind(framework.to_owned())
        .bind(now - DAY_MS)
        .execute(&mut *connection)
        .within()
        .await?;
    sqlx::query(
        "INSERT INTO tokens (framework, at, tokens, owner)
         VALUES ($1, $2, $3, COALESCE((SELECT owner FROM runs WHERE id = $4), 'local'))",
    )
    .bind(framework.to_owned())
    .bind(now)
    .bind(reply.input_tokens.saturating_add(reply.output_tokens).min(MOST_TOKENS).cast_signed())
    .bind(run.to_string())
    .execute(connection)
    .within()
    .await?;
    Ok(())
}
