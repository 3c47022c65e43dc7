//! Runs and their attempts.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

use super::{AttemptRow, Error, Result, RunRequest, RunRow, RunState, Step, Store, journal, now_ms};

/// Which runs to list: the newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub session: Option<String>,
    pub framework: Option<String>,
    pub state: Option<RunState>,
    /// Only runs older than this one.
    pub before: Option<Uuid>,
    pub limit: u32,
}

impl Store {
    /// Writes a new run with its first journal entry. With a key that was used before, answers the run that it made.
    pub async fn add_run(
        &self,
        id: Uuid,
        session: &str,
        framework: &str,
        request: &RunRequest,
        key: Option<&str>,
    ) -> Result<Uuid> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(key) = key {
            let found = sqlx::query("SELECT id FROM runs WHERE idempotency_key = ?")
                .bind(key)
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(row) = found {
                return uuid_of(&row, "id");
            }
        }
        sqlx::query(
            "INSERT INTO runs (id, session, framework, state, request, idempotency_key, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(session)
        .bind(framework)
        .bind(RunState::Queued.as_str())
        .bind(serde_json::to_string(request)?)
        .bind(key)
        .bind(now_ms())
        .execute(&mut *transaction)
        .await?;
        journal::append(&mut transaction, id, "state", &json!({ "state": RunState::Queued })).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// One run; none where there is no such id.
    pub async fn run(&self, id: Uuid) -> Result<Option<RunRow>> {
        let row =
            sqlx::query("SELECT * FROM runs WHERE id = ?").bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.as_ref().map(run_row).transpose()
    }

    /// Runs by filter, the newest first, at most 200.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        let rows = sqlx::query(
            "SELECT * FROM runs
             WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR framework = ?2) AND (?3 IS NULL OR state = ?3)
               AND (?4 IS NULL OR id < ?4)
             ORDER BY id DESC LIMIT ?5",
        )
        .bind(filter.session.as_deref())
        .bind(filter.framework.as_deref())
        .bind(filter.state.map(RunState::as_str))
        .bind(filter.before.map(|id| id.to_string()))
        .bind(filter.limit.clamp(1, 200))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(run_row).collect()
    }

    /// The runs that have not ended, the oldest first.
    pub async fn unfinished(&self) -> Result<Vec<Uuid>> {
        let rows =
            sqlx::query("SELECT id FROM runs WHERE finished_at IS NULL ORDER BY id").fetch_all(&self.pool).await?;
        rows.iter().map(|row| uuid_of(row, "id")).collect()
    }

    /// The attempts of a run, the first first.
    pub async fn attempts(&self, run: Uuid) -> Result<Vec<AttemptRow>> {
        let rows = sqlx::query("SELECT * FROM attempts WHERE run = ? ORDER BY number")
            .bind(run.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(attempt_row).collect()
    }

    /// Notes that the run is to end. Whoever drives it sees the mark at its next step.
    pub async fn request_cancel(&self, run: Uuid) -> Result<()> {
        sqlx::query("UPDATE runs SET cancel_requested = 1 WHERE id = ? AND finished_at IS NULL")
            .bind(run.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Writes one step of a run and its journal entries together. `from` is the state the step began in.
    pub async fn step(&self, run: Uuid, from: RunState, step: Step) -> Result<()> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let state = step.state.unwrap_or(from);
        let now = now_ms();
        let attempt = step.draft.as_ref().map(|draft| draft.number);
        let changed = sqlx::query(
            "UPDATE runs SET state = ?2, plan = COALESCE(?3, plan), attempt = COALESCE(?4, attempt),
                ticket = COALESCE(?5, ticket), outcome = COALESCE(?6, outcome), problem = COALESCE(?7, problem),
                started_at = COALESCE(started_at, ?8), finished_at = ?9,
                submitted_at = COALESCE(submitted_at, ?11)
             WHERE id = ?1 AND state = ?10",
        )
        .bind(run.to_string())
        .bind(state.as_str())
        .bind(to_json(step.plan.as_ref())?)
        .bind(attempt)
        .bind(step.ticket.as_deref())
        .bind(to_json(step.outcome.as_ref())?)
        .bind(to_json(step.problem.as_ref())?)
        .bind(now)
        .bind(state.is_final().then_some(now))
        .bind(from.as_str())
        .bind((state == RunState::Running).then_some(now))
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(Error::Moved(run));
        }
        if let Some(draft) = &step.draft {
            sqlx::query(
                "INSERT INTO attempts (run, number, code, sha256, author, notes, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(run.to_string())
            .bind(draft.number)
            .bind(&draft.code)
            .bind(&draft.sha256)
            .bind(&draft.author)
            .bind(serde_json::to_string(&draft.notes)?)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        let (findings, digest) = step.findings.unzip();
        sqlx::query(
            "UPDATE attempts SET findings = COALESCE(?2, findings), digest = COALESCE(?3, digest),
                failure = COALESCE(?4, failure)
             WHERE run = ?1 AND number = (SELECT attempt FROM runs WHERE id = ?1)",
        )
        .bind(run.to_string())
        .bind(to_json(findings.as_ref())?)
        .bind(digest)
        .bind(to_json(step.failure.as_ref())?)
        .execute(&mut *transaction)
        .await?;
        for (kind, data) in &step.entries {
            journal::append(&mut transaction, run, kind, data).await?;
        }
        if state != from {
            let mut data = json!({ "state": state });
            if let (Some(problem), Some(object)) = (&step.problem, data.as_object_mut()) {
                object.insert("problem".to_owned(), serde_json::to_value(problem)?);
            }
            journal::append(&mut transaction, run, "state", &data).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn to_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    Ok(value.map(serde_json::to_string).transpose()?)
}

fn from_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.map(serde_json::from_str).transpose()?)
}

fn uuid_of(row: &SqliteRow, column: &str) -> Result<Uuid> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error| Error::Sqlite(sqlx::Error::Decode(Box::new(error))))
}

fn run_row(row: &SqliteRow) -> Result<RunRow> {
    let state: &str = row.try_get("state")?;
    Ok(RunRow {
        id: uuid_of(row, "id")?,
        session: row.try_get("session")?,
        framework: row.try_get("framework")?,
        state: state.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        request: serde_json::from_str(row.try_get("request")?)?,
        plan: from_json(row, "plan")?,
        attempt: row.try_get("attempt")?,
        ticket: row.try_get("ticket")?,
        outcome: from_json(row, "outcome")?,
        problem: from_json(row, "problem")?,
        cancel_requested: row.try_get("cancel_requested")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        submitted_at: row.try_get("submitted_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

fn attempt_row(row: &SqliteRow) -> Result<AttemptRow> {
    Ok(AttemptRow {
        number: row.try_get("number")?,
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
