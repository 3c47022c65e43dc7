//! Runs and their attempts: made, found, listed.

use enginehouse_capabilities::ObjectUri;
use serde::de::DeserializeOwned;
use serde_json::json;
use sqlx::{AnyConnection, Row, any::AnyRow};
use uuid::Uuid;

use super::{AttemptRow, Error, Result, RunRequest, RunRow, RunState, Store, journal, now_ms};

const COLUMNS: &str = "id, session, framework, state, request, plan, attempt, ticket, outcome, problem, \
                       cancel_requested, approved, host, created_at, started_at, submitted_at, began_at, finished_at";

/// A run to be made.
#[derive(Debug, Clone)]
pub struct NewRunRow {
    pub id: Uuid,
    pub session: String,
    pub framework: String,
    pub request: RunRequest,
    /// Who drives it.
    pub host: Uuid,
    /// The caller's key, and the hash of what came with it.
    pub key: Option<(String, String)>,
}

/// Which runs to list: the newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub session: Option<String>,
    pub framework: Option<String>,
    pub state: Option<RunState>,
    /// Only runs older than this one.
    pub before: Option<Uuid>,
    /// At most 200.
    pub limit: u32,
}

impl Store {
    /// Writes a new run with its first journal entry. With a key that the same request came with before, answers the run
    /// that it made, which is then not a new one.
    ///
    /// # Errors
    /// [`Error::KeyTaken`] where the key came with another request, [`Error::OutputTaken`] where a run that has not ended
    /// writes to its output; then nothing is written.
    pub async fn add_run(&self, new: NewRunRow) -> Result<(Uuid, bool)> {
        let mut transaction = self.begin().await?;
        if new.key.is_some() || new.request.task.output.is_some() {
            sqlx::query(self.dialect.one_at_a_time()).execute(&mut *transaction).await?;
        }
        if let Some((key, hash)) = &new.key
            && let Some((id, known)) = keyed(&mut transaction, key).await?
        {
            return if same(known.as_deref(), hash) { Ok((id, false)) } else { Err(Error::KeyTaken(id)) };
        }
        if let Some(output) = &new.request.task.output {
            free(&mut transaction, output).await?;
        }
        let (key, hash) = new.key.unzip();
        sqlx::query(
            "INSERT INTO runs (id, session, framework, state, request, idempotency_key, request_hash, output, host, seq,
                created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)",
        )
        .bind(new.id.to_string())
        .bind(new.session)
        .bind(new.framework)
        .bind(RunState::Queued.as_str())
        .bind(serde_json::to_string(&new.request)?)
        .bind(key)
        .bind(hash)
        .bind(new.request.task.output)
        .bind(new.host.to_string())
        .bind(now_ms())
        .execute(&mut *transaction)
        .await?;
        journal::insert(&mut transaction, new.id, 1, "state", &json!({ "state": RunState::Queued })).await?;
        transaction.commit().await?;
        Ok((new.id, true))
    }

    /// The run that a request with this key has made; none where it has made none yet.
    ///
    /// # Errors
    /// [`Error::KeyTaken`] where the key came with another request.
    pub async fn made_by(&self, key: &str, hash: &str) -> Result<Option<Uuid>> {
        let mut connection = self.read.acquire().await?;
        match keyed(&mut connection, key).await? {
            Some((id, known)) if !same(known.as_deref(), hash) => Err(Error::KeyTaken(id)),
            found => Ok(found.map(|(id, _)| id)),
        }
    }

    /// One run; none where there is no such id.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn run(&self, id: Uuid) -> Result<Option<RunRow>> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&self.read).await?;
        row.as_ref().map(run_row).transpose()
    }

    /// Runs by filter, the newest first, at most 200.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs
             WHERE (CAST($1 AS TEXT) IS NULL OR session = $1) AND (CAST($2 AS TEXT) IS NULL OR framework = $2)
               AND (CAST($3 AS TEXT) IS NULL OR state = $3) AND (CAST($4 AS TEXT) IS NULL OR id < $4)
             ORDER BY id DESC LIMIT $5"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(filter.session.clone())
            .bind(filter.framework.clone())
            .bind(filter.state.map(RunState::as_str))
            .bind(filter.before.map(|id| id.to_string()))
            .bind(i64::from(filter.limit.clamp(1, 200)))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(run_row).collect()
    }

    /// The attempts of a run, the first first.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn attempts(&self, run: Uuid) -> Result<Vec<AttemptRow>> {
        let rows = sqlx::query(
            "SELECT number, code, sha256, author, notes, findings, digest, failure, created_at
             FROM attempts WHERE run = $1 ORDER BY number",
        )
        .bind(run.to_string())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(attempt_row).collect()
    }

    /// Notes that the run is to end. Whoever drives it sees the mark at its next step.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn request_cancel(&self, run: Uuid) -> Result<()> {
        sqlx::query("UPDATE runs SET cancel_requested = 1 WHERE id = $1 AND finished_at IS NULL")
            .bind(run.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Notes that this code of the run may run, where it waits for that; whether it does.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn approve(&self, run: Uuid, sha256: &str) -> Result<bool> {
        let done = sqlx::query("UPDATE runs SET approved = $1 WHERE id = $2 AND state = $3")
            .bind(sha256.to_owned())
            .bind(run.to_string())
            .bind(RunState::AwaitingApproval.as_str())
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Runs that ended before this time, the oldest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn ended_before(&self, at: i64, limit: u32) -> Result<Vec<Uuid>> {
        let rows = sqlx::query("SELECT id FROM runs WHERE finished_at < $1 ORDER BY id LIMIT $2")
            .bind(at)
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| uuid_of(row, "id")).collect()
    }

    /// Forgets a run that has ended, with its attempts and its journal; whether there was one.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget_run(&self, run: Uuid) -> Result<bool> {
        let done = sqlx::query("DELETE FROM runs WHERE id = $1 AND finished_at IS NOT NULL")
            .bind(run.to_string())
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many runs have not ended, by framework and state.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open_runs(&self) -> Result<Vec<(String, String, i64)>> {
        let rows = sqlx::query(
            "SELECT framework, state, COUNT(*) AS count FROM runs WHERE finished_at IS NULL GROUP BY framework, state",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| Ok((row.try_get("framework")?, row.try_get("state")?, row.try_get("count")?))).collect()
    }
}

/// Whether a key came with the same request; of those that an older version wrote, nothing else is known.
fn same(known: Option<&str>, hash: &str) -> bool {
    known.is_none_or(|known| known == hash)
}

/// The run that a key made, with the hash of its request.
async fn keyed(connection: &mut AnyConnection, key: &str) -> Result<Option<(Uuid, Option<String>)>> {
    let row = sqlx::query("SELECT id, request_hash FROM runs WHERE idempotency_key = $1")
        .bind(key.to_owned())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((uuid_of(&row, "id")?, row.try_get("request_hash")?))).transpose()
}

/// Refuses an output that overlaps with that of a run that has not ended.
async fn free(connection: &mut AnyConnection, output: &str) -> Result<()> {
    let rows = sqlx::query("SELECT id, output FROM runs WHERE finished_at IS NULL AND output IS NOT NULL")
        .fetch_all(connection)
        .await?;
    let Ok(wanted) = output.parse::<ObjectUri>() else { return Ok(()) };
    for row in rows {
        let taken: String = row.try_get("output")?;
        if taken.parse::<ObjectUri>().is_ok_and(|taken| taken.covers(&wanted) || wanted.covers(&taken)) {
            return Err(Error::OutputTaken(uuid_of(&row, "id")?));
        }
    }
    Ok(())
}

fn from_json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.as_deref().map(serde_json::from_str).transpose()?)
}

pub(super) fn uuid_of(row: &AnyRow, column: &str) -> Result<Uuid> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}

fn number(row: &AnyRow, column: &str) -> Result<u32> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}

fn run_row(row: &AnyRow) -> Result<RunRow> {
    let state: String = row.try_get("state")?;
    Ok(RunRow {
        id: uuid_of(row, "id")?,
        session: row.try_get("session")?,
        framework: row.try_get("framework")?,
        state: state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        request: serde_json::from_str(row.try_get("request")?)?,
        plan: from_json(row, "plan")?,
        attempt: number(row, "attempt")?,
        ticket: row.try_get("ticket")?,
        outcome: from_json(row, "outcome")?,
        problem: from_json(row, "problem")?,
        cancel_requested: number(row, "cancel_requested")? != 0,
        approved: row.try_get("approved")?,
        host: row.try_get("host")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        submitted_at: row.try_get("submitted_at")?,
        began_at: row.try_get("began_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

fn attempt_row(row: &AnyRow) -> Result<AttemptRow> {
    Ok(AttemptRow {
        number: number(row, "number")?,
        code: row.try_get("code")?,
        sha256: row.try_get("sha256")?,
        author: row.try_get("author")?,
        notes: serde_json::from_str(row.try_get("notes")?)?,
        findings: from_json(row, "findings")?,
        digest: row.try_get("digest")?,
        failure: from_json(row, "failure")?,
        created_at: row.try_get("created_at")?,
    })
}
