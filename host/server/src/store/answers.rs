//! What the model said for the attempt that is being written.

use enginehouse_capabilities::{CodegenReply, Finish};
use sqlx::Row;
use uuid::Uuid;

use super::{Reserved, Result, Store, tokens::spend, within::Within as _};

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

    /// Keeps what the model said, in the place of what it said to another prompt for the same attempt; nothing where that attempt
    /// is written by now. It counts by what it took either way.
    ///
    /// # Errors
    /// [`Error::Database`](super::Error::Database).
    pub async fn keep_answer(
        &self,
        reserved: &Reserved,
        (run, attempt): (Uuid, i64),
        prompt_sha256: &str,
        reply: &CodegenReply,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        spend(&mut transaction, reserved, reply.input_tokens.saturating_add(reply.output_tokens)).await?;
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
