//! What runs cost, in the operator's currency.

use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{Error, Result, Store, now_ms, within::Within as _};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What a run costs; nothing where its platform has no price.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// What its plan says it will.
    pub expected: Option<f64>,
    /// What its engine says it did.
    pub billed: Option<f64>,
}

/// What the runs of the last 24 hours may cost together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayCap {
    /// All of them.
    pub cap: f64,
    /// The one that is to be handed to its engine.
    pub expected: f64,
}

/// An amount as it is kept: whole millionths, which databases add up exactly.
pub(super) fn millionths(amount: f64) -> i64 {
    // Beyond what an integer holds, the cast stops at its end.
    (amount * 1e6).round() as i64
}

/// An amount that was kept.
pub(super) fn amount(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

impl Store {
    /// Refuses a step that would take the runs of a day over their cap. Those that reached an engine count, with what they
    /// were billed, else with what was expected.
    pub(super) async fn hold_to(&self, connection: &mut AnyConnection, run: Uuid, cap: DayCap) -> Result<()> {
        sqlx::query(self.dialect.one_at_a_time()).execute(&mut *connection).within().await?;
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(COALESCE(cost_billed, cost_expected)), 0) AS BIGINT) AS spent FROM runs
             WHERE cost_expected IS NOT NULL AND created_at > $1 AND id <> $2
               AND (submitted_at IS NOT NULL OR cost_billed IS NOT NULL)",
        )
        .bind(now_ms() - DAY_MS)
        .bind(run.to_string())
        .fetch_one(connection)
        .within()
        .await?;
        let spent = amount(row.try_get("spent")?);
        if spent + cap.expected > cap.cap { Err(Error::OverDayCap { spent, cap: cap.cap }) } else { Ok(()) }
    }
}
