//! One step of a run, in one transaction.

use serde::Serialize;
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use super::{Error, Result, RunState, Step, Store, cost, journal, now_ms, within::Within as _};

impl Store {
    /// Writes one step of a run and its journal entries together. `from` is the state that the step began in, `host` who
    /// takes it. A draft begins a new attempt: what the one before left at its engine is no longer the run's.
    ///
    /// # Errors
    /// [`Error::Moved`] where the run is in another state by now, or another host drives it; [`Error::OverDayCap`]. Then
    /// nothing is written.
    pub async fn step(&self, run: Uuid, host: Uuid, from: RunState, step: Step) -> Result<()> {
        let state = step.state.unwrap_or(from);
        let now = now_ms();
        let mut entries = step.entries;
        if state != from {
            let mut data = json!({ "state": state });
            if let (Some(problem), Some(object)) = (&step.problem, data.as_object_mut()) {
                object.insert("problem".to_owned(), serde_json::to_value(problem)?);
            }
            entries.push(("state", data));
        }
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let mut transaction = self.begin().await?;
        if let Some(cap) = step.day_cap {
            self.hold_to(&mut transaction, cap).await?;
        }
        let row = sqlx::query(
            "UPDATE runs SET state = $1, plan = COALESCE($2, plan), attempt = COALESCE($3, attempt),
                ticket = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN COALESCE($4, ticket) END,
                outcome = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN COALESCE($5, outcome) END,
                problem = COALESCE($6, problem), started_at = COALESCE(started_at, $7), finished_at = $8,
                submitted_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN COALESCE(submitted_at, $9) END,
                began_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN COALESCE(began_at, $10) END,
                heard_at = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN COALESCE(heard_at, $10) END,
                log_next = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN log_next ELSE 0 END,
                cost_expected = COALESCE($11, cost_expected), cost_billed = COALESCE(CAST($12 AS BIGINT) + COALESCE(cost_billed, 0), cost_billed),
                cost_counted = COALESCE(COALESCE(cost_counted, 0) + CAST($17 AS BIGINT),
                    cost_counted + CAST($12 AS BIGINT) - cost_expected, cost_counted),
                counted_at = CASE WHEN CAST($17 AS BIGINT) IS NULL THEN counted_at ELSE $7 END,
                seq = seq + $13
             WHERE id = $14 AND state = $15 AND host = $16
             RETURNING seq, attempt",
        )
        .bind(state.as_str())
        .bind(to_json(step.plan.as_ref())?)
        .bind(step.draft.as_ref().map(|draft| i64::from(draft.number)))
        .bind(step.ticket)
        .bind(to_json(step.outcome.as_ref())?)
        .bind(to_json(step.problem.as_ref())?)
        .bind(now)
        .bind(state.is_final().then_some(now))
        .bind((state == RunState::Submitting || step.day_cap.is_some()).then_some(now))
        .bind(step.began.then_some(now))
        .bind(step.cost_expected.map(cost::millionths))
        .bind(step.cost_billed.map(cost::millionths))
        .bind(count)
        .bind(run.to_string())
        .bind(from.as_str())
        .bind(host.to_string())
        .bind(step.day_cap.map(|cap| cost::millionths(cap.expected)))
        .fetch_optional(&mut *transaction)
        .within()
        .await?;
        let Some(row) = row else { return Err(Error::Moved(run)) };
        let (last, attempt): (i64, i64) = (row.try_get("seq")?, row.try_get("attempt")?);
        if let Some(draft) = step.draft {
            sqlx::query(
                "INSERT INTO attempts (run, number, code, sha256, author, notes, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(run.to_string())
            .bind(i64::from(draft.number))
            .bind(draft.code)
            .bind(draft.sha256)
            .bind(draft.author)
            .bind(serde_json::to_string(&draft.notes)?)
            .bind(now)
            .execute(&mut *transaction)
            .within()
            .await?;
        }
        if step.findings.is_some() || step.failure.is_some() {
            let (findings, digest) = step.findings.unzip();
            sqlx::query(
                "UPDATE attempts SET findings = COALESCE($1, findings), digest = COALESCE($2, digest),
                    failure = COALESCE($3, failure)
                 WHERE run = $4 AND number = $5",
            )
            .bind(to_json(findings.as_ref())?)
            .bind(digest)
            .bind(to_json(step.failure.as_ref())?)
            .bind(run.to_string())
            .bind(attempt)
            .execute(&mut *transaction)
            .within()
            .await?;
        }
        for (seq, (kind, data)) in (last - count + 1..).zip(&entries) {
            journal::insert(&mut transaction, run, seq, kind, data).await?;
        }
        transaction.commit().within().await?;
        Ok(())
    }
}

fn to_json<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    Ok(value.map(serde_json::to_string).transpose()?)
}
