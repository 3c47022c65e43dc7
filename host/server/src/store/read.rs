//! Rows of the database as records.

use serde::de::DeserializeOwned;
use sqlx::{Row, any::AnyRow};
use uuid::Uuid;

use super::{AttemptRow, Cost, Error, ModelUse, Pin, Result, RunRow, cost};

pub(super) fn from_json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.as_deref().map(serde_json::from_str).transpose()?)
}

pub(super) fn uuid_of(row: &AnyRow, column: &str) -> Result<Uuid> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error| Error::Record(Box::new(error)))
}

pub(super) fn number(row: &AnyRow, column: &str) -> Result<u32> {
    let number: i64 = row.try_get(column)?;
    u32::try_from(number).map_err(|error| Error::Record(Box::new(error)))
}

pub(super) fn run_row(row: &AnyRow) -> Result<RunRow> {
    let state: String = row.try_get("state")?;
    Ok(RunRow {
        id: uuid_of(row, "id")?,
        session: row.try_get("session")?,
        framework: row.try_get("framework")?,
        state: state.parse().map_err(|error| Error::Record(Box::new(error)))?,
        request: serde_json::from_str(row.try_get("request")?)?,
        plan: from_json(row, "plan")?,
        attempt: number(row, "attempt")?,
        ticket: row.try_get("ticket")?,
        outcome: from_json(row, "outcome")?,
        problem: from_json(row, "problem")?,
        cancel_requested: number(row, "cancel_requested")? != 0,
        approved: row.try_get("approved")?,
        host: row.try_get("host")?,
        owner: row.try_get("owner")?,
        trace: row.try_get("trace")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        submitted_at: row.try_get("submitted_at")?,
        began_at: row.try_get("began_at")?,
        heard_at: row.try_get("heard_at")?,
        finished_at: row.try_get("finished_at")?,
        pin: pin(row)?,
        log_next: row.try_get::<i64, _>("log_next")?.cast_unsigned(),
        cost: Cost {
            expected: row.try_get::<Option<i64>, _>("cost_expected")?.map(cost::amount),
            billed: row.try_get::<Option<i64>, _>("cost_billed")?.map(cost::amount),
        },
    })
}

fn pin(row: &AnyRow) -> Result<Option<Pin>> {
    let Some(digest) = row.try_get("digest")? else { return Ok(None) };
    Ok(Some(Pin { generation: number(row, "generation")?, digest }))
}

fn model_use(row: &AnyRow) -> Result<Option<ModelUse>> {
    let Some(model) = row.try_get("model")? else { return Ok(None) };
    Ok(Some(ModelUse {
        model,
        input_tokens: row.try_get::<i64, _>("input_tokens")?.cast_unsigned(),
        output_tokens: row.try_get::<i64, _>("output_tokens")?.cast_unsigned(),
        prompt_sha256: row.try_get("prompt_sha256")?,
    }))
}

pub(super) fn attempt_row(row: &AnyRow) -> Result<AttemptRow> {
    Ok(AttemptRow {
        number: number(row, "number")?,
        code: row.try_get("code")?,
        sha256: row.try_get("sha256")?,
        author: row.try_get("author")?,
        notes: serde_json::from_str(row.try_get("notes")?)?,
        findings: from_json(row, "findings")?,
        digest: row.try_get("digest")?,
        failure: from_json(row, "failure")?,
        model: model_use(row)?,
        created_at: row.try_get("created_at")?,
    })
}
