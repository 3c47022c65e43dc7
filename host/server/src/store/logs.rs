//! What programs printed, kept piece by piece while their runs go on.

use futures::TryStreamExt as _;
use sqlx::Row;
use uuid::Uuid;

use super::{Error, Result, RunState, Store, now_ms, within::Within as _};

/// What is kept of one run's log at its beginning, and as much at its end.
const KEPT_BYTES: i64 = 8 << 20;
/// The most of a log in one answer, give or take a piece.
const PAGE_BYTES: usize = 256 << 10;

/// The next piece of a program's log.
#[derive(Debug, Clone, Default)]
pub struct LogPiece {
    /// What was printed.
    pub text: String,
    /// Where the plugin goes on.
    pub next: u64,
    /// Bytes that were left out before it.
    pub dropped: u64,
}

/// A page of a run's log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPage {
    /// What was printed.
    pub text: String,
    /// The byte after it.
    pub next: u64,
    /// Bytes left out before it, because they are no longer kept or never were.
    pub dropped: u64,
}

impl Store {
    /// Adds a piece to the log of a run's attempt. `after` is where the plugin had left off: a piece that was added before is
    /// not added again.
    ///
    /// # Errors
    /// [`Error::Moved`] where the run is in another state by now, another host drives it, or its log went on; then nothing is
    /// written.
    pub async fn add_log(&self, run: Uuid, host: Uuid, from: RunState, after: u64, piece: LogPiece) -> Result<()> {
        // PostgreSQL keeps no NUL in a text.
        let text = piece.text.replace('\0', "\u{fffd}");
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let dropped = i64::try_from(piece.dropped).unwrap_or(i64::MAX);
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "UPDATE runs SET log_next = $1, log_bytes = log_bytes + $2 + $3,
                heard_at = CASE WHEN CAST($3 AS BIGINT) > 0 THEN $4 ELSE heard_at END
             WHERE id = $5 AND host = $6 AND state = $7 AND log_next = $8
             RETURNING log_bytes, attempt",
        )
        .bind(piece.next.cast_signed())
        .bind(dropped)
        .bind(length)
        .bind(now_ms())
        .bind(run.to_string())
        .bind(host.to_string())
        .bind(from.as_str())
        .bind(after.cast_signed())
        .fetch_optional(&mut *transaction)
        .within()
        .await?;
        let Some(row) = row else { return Err(Error::Moved(run)) };
        let end: i64 = row.try_get("log_bytes")?;
        if length == 0 {
            return transaction.commit().within().await;
        }
        sqlx::query("INSERT INTO logs (run, start, attempt, text) VALUES ($1, $2, $3, $4)")
            .bind(run.to_string())
            .bind(end - length)
            .bind(row.try_get::<i64, _>("attempt")?)
            .bind(text)
            .execute(&mut *transaction)
            .within()
            .await?;
        sqlx::query("DELETE FROM logs WHERE run = $1 AND start >= $3 AND start < $2")
            .bind(run.to_string())
            .bind(end - KEPT_BYTES)
            .bind(KEPT_BYTES)
            .execute(&mut *transaction)
            .within()
            .await?;
        transaction.commit().within().await
    }

    /// The log of a run from a byte on; about 256 KiB at most. A byte within a character counts as the one after it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn log(&self, run: Uuid, from: u64) -> Result<LogPage> {
        let asked = i64::try_from(from).unwrap_or(i64::MAX);
        let mut rows = sqlx::query(
            "SELECT start, text FROM logs
             WHERE run = $1 AND start >= COALESCE((SELECT MAX(start) FROM logs WHERE run = $1 AND start <= $2), 0)
             ORDER BY start",
        )
        .bind(run.to_string())
        .bind(asked)
        .fetch(&self.read);
        let mut page = LogPage { next: from, ..LogPage::default() };
        while let Some(row) = rows.try_next().within().await? {
            let (start, text): (i64, String) = (row.try_get("start")?, row.try_get("text")?);
            let start = start.cast_unsigned();
            let mut skipped = usize::try_from(page.next.saturating_sub(start)).unwrap_or(usize::MAX);
            while skipped < text.len() && !text.is_char_boundary(skipped) {
                skipped += 1;
            }
            let Some(rest) = text.get(skipped..).filter(|rest| !rest.is_empty()) else { continue };
            if start > page.next && !page.text.is_empty() {
                // What was left out is told before the piece that follows it.
                break;
            }
            page.dropped += start.saturating_sub(page.next);
            page.text.push_str(rest);
            page.next = start + text.len() as u64;
            if page.text.len() >= PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    /// What a run's last attempt printed. Of more than `limit` bytes both ends are told, with a line between them that says so.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn log_of_last_attempt(&self, run: Uuid, limit: usize) -> Result<String> {
        let beginning = self.pieces_of_last_attempt(run, "ASC", limit).await?.concat();
        if beginning.len() <= limit {
            return Ok(beginning);
        }
        let mut end = self.pieces_of_last_attempt(run, "DESC", limit / 2).await?;
        end.reverse();
        let end = end.concat();
        let first = beginning.get(..beginning.floor_char_boundary(limit / 2)).unwrap_or_default();
        let last = end.get(end.ceil_char_boundary(end.len().saturating_sub(limit / 2))..).unwrap_or_default();
        Ok(format!("{first}\n[what is between is left out: /v1/runs/{run}/log has it]\n{last}"))
    }

    /// In this order, until more than so many bytes have come.
    async fn pieces_of_last_attempt(&self, run: Uuid, order: &'static str, limit: usize) -> Result<Vec<String>> {
        let query = format!(
            "SELECT logs.text FROM logs JOIN runs ON runs.id = logs.run AND runs.attempt = logs.attempt
             WHERE logs.run = $1 ORDER BY logs.start {order}"
        );
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(run.to_string()).fetch(&self.read);
        let (mut pieces, mut bytes) = (Vec::<String>::new(), 0);
        while bytes <= limit
            && let Some(row) = rows.try_next().within().await?
        {
            let text: String = row.try_get("text")?;
            bytes += text.len();
            pieces.push(text);
        }
        Ok(pieces)
    }
}
