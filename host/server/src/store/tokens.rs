//! What the model takes, counted before it answers, so that many who ask at once do not take more than one may.

use sqlx::{AnyConnection, Row};
use uuid::Uuid;

use super::{DAY_MS, Error, Result, Store, now_ms, within::Within as _};

/// No answer took more; so that a day's sum fits its column, whatever a model says.
const MOST_TOKENS: u64 = 1 << 40;

/// The most tokens, read and written, of 24 hours; none: any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenBudgets {
    /// Of the framework that asks.
    pub of_plugin: Option<u64>,
    /// Of the caller whose run it is.
    pub of_caller: Option<u64>,
}

/// Whose tokens are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spender {
    /// The framework.
    Plugin,
    /// The caller.
    Caller,
}

/// An answer that is counted, and not there yet. A server that goes down before it leaves it counted for the day: it may have been
/// paid for.
#[derive(Debug)]
pub struct Reserved(pub(super) Uuid);

impl Store {
    /// Counts an answer for a run by what it may take at most, where something is left of the budgets.
    ///
    /// # Errors
    /// [`Error::OutOfTokens`], and [`Error::Database`].
    pub async fn reserve_tokens(
        &self,
        framework: &str,
        run: Uuid,
        most: u64,
        budgets: TokenBudgets,
    ) -> Result<Reserved> {
        let mut transaction = self.begin().await?;
        sqlx::query(self.dialect.one_at_a_time()).execute(&mut *transaction).within().await?;
        let owner = sqlx::query("SELECT owner FROM runs WHERE id = $1").bind(run.to_string());
        let owner = owner.fetch_optional(&mut *transaction).within().await?;
        let owner: String = owner.map_or_else(|| Ok("local".to_owned()), |row| row.try_get("owner"))?;
        let taken_by = [
            (Spender::Plugin, budgets.of_plugin, "framework", framework),
            (Spender::Caller, budgets.of_caller, "owner", owner.as_str()),
        ];
        for (spender, budget, column, name) in taken_by {
            let Some(budget) = budget else { continue };
            let taken = taken(&mut transaction, column, name).await?;
            if taken >= budget {
                return Err(Error::OutOfTokens { spender, taken });
            }
        }
        let (id, now) = (Uuid::now_v7(), now_ms());
        sqlx::query("DELETE FROM tokens WHERE framework = $1 AND at <= $2")
            .bind(framework.to_owned())
            .bind(now - DAY_MS)
            .execute(&mut *transaction)
            .within()
            .await?;
        sqlx::query("INSERT INTO tokens (id, framework, at, tokens, owner) VALUES ($1, $2, $3, $4, $5)")
            .bind(id.to_string())
            .bind(framework.to_owned())
            .bind(now)
            .bind(most.min(MOST_TOKENS).cast_signed())
            .bind(owner)
            .execute(&mut *transaction)
            .within()
            .await?;
        transaction.commit().within().await?;
        Ok(Reserved(id))
    }

    /// Counts an answer that never came as nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn release_tokens(&self, Reserved(id): Reserved) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM tokens WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *transaction)
            .within()
            .await?;
        transaction.commit().within().await
    }
}

/// Counts an answer by what it took.
pub(super) async fn spend(connection: &mut AnyConnection, Reserved(id): &Reserved, took: u64) -> Result<()> {
    sqlx::query("UPDATE tokens SET tokens = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(took.min(MOST_TOKENS).cast_signed())
        .execute(connection)
        .within()
        .await?;
    Ok(())
}

async fn taken(connection: &mut AnyConnection, column: &'static str, name: &str) -> Result<u64> {
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT) AS tokens FROM tokens WHERE {column} = $1 AND at > $2"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(name.to_owned())
        .bind(now_ms() - DAY_MS)
        .fetch_one(connection)
        .within()
        .await?;
    Ok(row.try_get::<i64, _>("tokens")?.cast_unsigned())
}
