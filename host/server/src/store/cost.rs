//! What runs cost, in the operator's currency.

use sqlx::{AnyConnection, Row};

use super::{DAY_MS, Error, Result, Store, now_ms, within::Within as _};

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
    // So that thousands of them can be added up.
    (amount * 1e6).round().min(1e15) as i64
}

/// An amount that was kept.
pub(super) fn amount(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

impl Store {
    /// Refuses a step that would take the runs of a day over their cap. Each of their attempts counts,
    /// with what was expected until it is billed.
    pub(super) async fn hold_to(&self, connection: &mut AnyConnection, cap: DayCap) -> Result<()> {
        sqlx::query(self.dialect.one_at_a_time()).execute(&mut *connection).within().await?;
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(cost_counted), 0) AS BIGINT) AS spent FROM runs WHERE counted_at > $1",
        )
        .bind(now_ms() - DAY_MS)
        .fetch_one(connection)
        .within()
        .await?;
        let spent = amount(row.try_get("spent")?);
        if spent + cap.expected > cap.cap { Err(Error::OverDayCap { spent, cap: cap.cap }) } else { Ok(()) }
    }
}
