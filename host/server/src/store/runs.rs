//! Runs: made, found, listed, forgotten.

use enginehouse_capabilities::ObjectUri;
use futures::TryStreamExt as _;
use serde_json::json;
use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{
    Error, Pin, Problem, Result, RunRequest, RunRow, RunState, Store, journal, now_ms,
    read::{number, run_row, uuid_of},
    within::Within as _,
};

const COLUMNS: &str = "id, session, framework, state, request, plan, attempt, ticket, outcome, problem, \
                       cancel_requested, approved, host, owner, trace, created_at, started_at, submitted_at, began_at, \
                       heard_at, finished_at, log_next, cost_expected, cost_billed, generation, digest";

/// A run to be made.
#[derive(Debug, Clone)]
pub struct NewRunRow {
    pub id: Uuid,
    pub session: String,
    pub framework: String,
    /// The generation that it is pinned to.
    pub pin: Pin,
    pub request: RunRequest,
    /// Who may see it.
    pub owner: String,
    /// W3C trace context of the request.
    pub trace: Option<String>,
    /// Who drives it.
    pub host: Uuid,
    /// How many runs of its session may be open, this one included.
    pub most_open: u32,
    /// The caller's key, and the hash of what came with it.
    pub key: Option<(String, String)>,
}

/// Which runs to list: the newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub owner: Option<String>,
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
    /// writes to its output, [`Error::TooManyRuns`] where its session has too many of these; then nothing is written.
    pub async fn add_run(&self, new: NewRunRow) -> Result<(Uuid, bool)> {
        let mut transaction = self.begin().await?;
        if new.key.is_some() || new.request.task.output.is_some() {
            sqlx::query(self.dialect.one_at_a_time()).execute(&mut *transaction).within().await?;
        }
        if let Some((key, hash)) = &new.key
            && let Some((id, known)) = keyed(&mut transaction, key).await?
        {
            return if same(known.as_deref(), hash) { Ok((id, false)) } else { Err(Error::KeyTaken(id)) };
        }
        if let Some(sql) = self.dialect.one_at_a_time_in_session() {
            sqlx::query(sql).bind(new.session.clone()).execute(&mut *transaction).within().await?;
        }
        if let Some(output) = &new.request.task.output {
            free(&mut transaction, output).await?;
        }
        let (key, hash) = new.key.unzip();
        let made = sqlx::query(
            "INSERT INTO runs (id, session, framework, state, request, idempotency_key, request_hash, output, host, owner,
                trace, seq, created_at, generation, digest)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $14, $15
             WHERE (SELECT COUNT(*) FROM runs WHERE session = $2 AND finished_at IS NULL) < $13",
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
        .bind(new.owner)
        .bind(new.trace)
        .bind(now_ms())
        .bind(i64::from(new.most_open))
        .bind(i64::from(new.pin.generation))
        .bind(new.pin.digest)
        .execute(&mut *transaction)
        .within()
        .await?;
        if made.rows_affected() == 0 {
            return Err(Error::TooManyRuns(new.most_open));
        }
        journal::insert(&mut transaction, new.id, 1, "state", &json!({ "state": RunState::Queued })).await?;
        transaction.commit().within().await?;
        Ok((new.id, true))
    }

    /// The run that a request with this key has made; none where it has made none yet.
    ///
    /// # Errors
    /// [`Error::KeyTaken`] where the key came with another request.
    pub async fn made_by(&self, key: &str, hash: &str) -> Result<Option<Uuid>> {
        let mut connection = self.read.acquire().within().await?;
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
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).fetch_optional(&self.read).within().await?;
        row.as_ref().map(run_row).transpose()
    }

    /// Runs by filter, the newest first, at most 200; without the code that their callers sent, of which one run is in memory at a
    /// time.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>> {
        if [&filter.session, &filter.framework].into_iter().flatten().any(|text| text.contains('\0')) {
            // PostgreSQL takes no NUL, and nothing has one in its name.
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM runs
             WHERE (CAST($1 AS TEXT) IS NULL OR session = $1) AND (CAST($2 AS TEXT) IS NULL OR framework = $2)
               AND (CAST($3 AS TEXT) IS NULL OR state = $3) AND (CAST($4 AS TEXT) IS NULL OR id < $4)
               AND (CAST($5 AS TEXT) IS NULL OR owner = $5)
             ORDER BY id DESC LIMIT $6"
        );
        let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(filter.session.clone())
            .bind(filter.framework.clone())
            .bind(filter.state.map(RunState::as_str))
            .bind(filter.before.map(|id| id.to_string()))
            .bind(filter.owner.clone())
            .bind(i64::from(filter.limit.clamp(1, 200)))
            .fetch(&self.read);
        let mut found = Vec::new();
        while let Some(row) = rows.try_next().within().await? {
            match run_row(&row) {
                Ok(mut row) => {
                    row.request.code = None;
                    found.push(row);
                }
                // It must not hide the others; asked for by itself, it says so.
                Err(error) => tracing::warn!(%error, "a run is left out of a list"),
            }
        }
        Ok(found)
    }

    /// Who may see a run; none where there is no such run.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn owner(&self, run: Uuid) -> Result<Option<String>> {
        let row = sqlx::query("SELECT owner FROM runs WHERE id = $1").bind(run.to_string()).fetch_optional(&self.read);
        row.within().await?.map(|row| Ok(row.try_get("owner")?)).transpose()
    }

    /// Whether a host still drives a run that is in this state.
    ///
    /// # Errors
    /// [`Error::Moved`] where it does not.
    pub async fn holds(&self, run: Uuid, host: Uuid, state: RunState) -> Result<()> {
        let row = sqlx::query("SELECT 1 FROM runs WHERE id = $1 AND host = $2 AND state = $3")
            .bind(run.to_string())
            .bind(host.to_string())
            .bind(state.as_str())
            .fetch_optional(&self.read)
            .within()
            .await?;
        row.map(drop).ok_or(Error::Moved(run))
    }

    /// Ends a run that this version cannot read, so that it is not tried for ever; it stays for a version that can.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn condemn(&self, run: Uuid, host: Uuid, problem: &Problem) -> Result<()> {
        let mut transaction = self.begin().await?;
        let (state, now) = (RunState::Failed, now_ms());
        let row = sqlx::query(
            "UPDATE runs SET state = $1, problem = $2, finished_at = $3, seq = seq + 1
             WHERE id = $4 AND host = $5 AND finished_at IS NULL RETURNING seq",
        )
        .bind(state.as_str())
        .bind(serde_json::to_string(problem)?)
        .bind(now)
        .bind(run.to_string())
        .bind(host.to_string())
        .fetch_optional(&mut *transaction)
        .within()
        .await?;
        let Some(row) = row else { return Err(Error::Moved(run)) };
        let entry = json!({ "state": state, "problem": problem });
        journal::insert(&mut transaction, run, row.try_get("seq")?, "state", &entry).await?;
        transaction.commit().within().await
    }

    /// Notes that the run is to end. Whoever drives it sees the mark at its next step.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn request_cancel(&self, run: Uuid) -> Result<()> {
        sqlx::query("UPDATE runs SET cancel_requested = 1 WHERE id = $1 AND finished_at IS NULL")
            .bind(run.to_string())
            .execute(&self.write)
            .within()
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
            .within()
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Whether a run has ended, and its last attempt's number: also of one that cannot be read. None where there is no such run.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn stands(&self, run: Uuid) -> Result<Option<(bool, u32)>> {
        let row = sqlx::query("SELECT finished_at, attempt FROM runs WHERE id = $1").bind(run.to_string());
        let row = row.fetch_optional(&self.read).within().await?;
        row.map(|row| Ok((row.try_get::<Option<i64>, _>("finished_at")?.is_some(), number(&row, "attempt")?)))
            .transpose()
    }

    /// Runs that ended before this time, the oldest first, from one on.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn ended_before(&self, at: i64, after: Uuid, limit: u32) -> Result<Vec<Uuid>> {
        let rows = sqlx::query("SELECT id FROM runs WHERE finished_at < $1 AND id > $2 ORDER BY id LIMIT $3")
            .bind(at)
            .bind(after.to_string())
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .within()
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
            .within()
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
        .within()
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
        .within()
        .await?;
    row.map(|row| Ok((uuid_of(&row, "id")?, row.try_get("request_hash")?))).transpose()
}

/// Refuses an output that overlaps with that of a run that has not ended.
async fn free(connection: &mut AnyConnection, output: &str) -> Result<()> {
    let rows = sqlx::query("SELECT id, output FROM runs WHERE finished_at IS NULL AND output IS NOT NULL")
        .fetch_all(connection)
        .within()
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
