//! Calls that are made once, in the background.

use sqlx::Row;
use uuid::Uuid;

use super::{Error, LEASE, Result, Store, now_ms, within::Within as _};

/// How far a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// The host that makes it lives and has no answer yet.
    Running(Uuid),
    /// Its answer, as it was kept.
    Answered(String),
    /// Its host is gone, and with it the answer.
    Lost,
}

impl Store {
    /// Notes that `host` begins a call; `false` where the token stands for the same call already.
    ///
    /// # Errors
    /// [`Error::CallTaken`] where the token stands for another call, [`Error::Database`].
    pub async fn begin_call(&self, run: Uuid, token: &str, host: Uuid, request: &str) -> Result<bool> {
        let begun = sqlx::query(
            "INSERT INTO calls (token, run, host, request, begun_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token) DO NOTHING",
        )
        .bind(token.to_owned())
        .bind(run.to_string())
        .bind(host.to_string())
        .bind(request.to_owned())
        .bind(now_ms())
        .execute(&self.write)
        .within()
        .await?;
        if begun.rows_affected() == 1 {
            return Ok(true);
        }
        let known = sqlx::query("SELECT request FROM calls WHERE token = $1").bind(token.to_owned());
        let known = known.fetch_one(&self.write).within().await?;
        match known.try_get::<String, _>("request")? == request {
            true => Ok(false),
            false => Err(Error::CallTaken(token.to_owned())),
        }
    }

    /// Keeps the answer of a call that `host` made.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_call(&self, token: &str, host: Uuid, answer: &str) -> Result<()> {
        sqlx::query("UPDATE calls SET answer = $3 WHERE token = $1 AND host = $2 AND answer IS NULL")
            .bind(token.to_owned())
            .bind(host.to_string())
            .bind(answer.replace('\0', "\u{fffd}"))
            .execute(&self.write)
            .within()
            .await?;
        Ok(())
    }

    /// How far a call is; none where none was begun under this token.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn call(&self, token: &str) -> Result<Option<CallState>> {
        let sql = format!(
            "SELECT answer, host, (SELECT COUNT(*) FROM hosts WHERE id = host AND expires_at > {now} AND expires_at <= {now} + {far}) AS alive
             FROM calls WHERE token = $1",
            now = self.dialect.now(),
            far = 2 * LEASE.as_millis()
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(token.to_owned());
        let row = row.fetch_optional(&self.read).within().await?;
        row.map(|row| {
            let host: String = row.try_get("host")?;
            Ok(match (row.try_get::<Option<String>, _>("answer")?, row.try_get::<i64, _>("alive")?) {
                (Some(answer), _) => CallState::Answered(answer),
                (None, 0) => CallState::Lost,
                (None, _) => CallState::Running(host.parse().unwrap_or_default()),
            })
        })
        .transpose()
    }
}
