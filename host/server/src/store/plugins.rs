//! Plugins: the components that were installed, and which generation of each framework serves.

use std::collections::BTreeSet;

use enginehouse_capabilities::Interface;
use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use super::{
    Error, Result, Store, now_ms,
    read::{from_json, number},
    within::Within as _,
};

/// A component to be kept.
#[derive(Debug, Clone)]
pub struct NewComponent {
    /// SHA-256, in hex.
    pub digest: String,
    /// The framework that it says it is for.
    pub framework: String,
    /// Its own version.
    pub version: String,
    /// The interfaces that it asks for.
    pub imports: BTreeSet<Interface>,
    /// What a registry calls it, where it came from one.
    pub reference: Option<String>,
    /// Its detached signature.
    pub signature: Option<Vec<u8>>,
    /// Whose signature that is.
    pub publisher: Option<String>,
    /// The component itself.
    pub wasm: Vec<u8>,
}

/// A component that is kept, without its bytes.
#[derive(Debug, Clone)]
pub struct ComponentRow {
    pub digest: String,
    pub framework: String,
    pub version: String,
    pub imports: BTreeSet<Interface>,
    pub bytes: u64,
    pub reference: Option<String>,
    pub publisher: Option<String>,
    pub added_at: i64,
}

/// One activation.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerationRow {
    pub framework: String,
    /// Counts the activations of its framework, from 0; the highest serves.
    pub number: u32,
    pub digest: String,
    /// The interfaces that it was granted.
    pub grants: BTreeSet<Interface>,
    /// Nobody chose it: it came with the server.
    pub bundled: bool,
    pub activated_at: i64,
    /// It was tried out beside the one that serves, and does not serve.
    pub trial: Option<TrialRow>,
}

/// The most generations of a framework that are listed.
const LISTED: i64 = 100;

/// A candidate's trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    pub terms: Terms,
    /// Why it ended; none while it goes on.
    pub ended: Option<String>,
}

/// How a candidate is tried out, and what ends its trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// It reads what the serving generation reads, and the findings are compared.
    pub shadow: bool,
    /// Of new runs, in percent.
    pub share: u8,
    /// The most of its calls that may fail, 0 to 1.
    pub max_failures: f64,
    /// The most of the mirrored readings whose verdict may differ, 0 to 1.
    pub max_changed: f64,
    /// How many times as long as the serving generation it may take to read, on average.
    pub max_slowdown: f64,
    /// How many calls have to be seen before it is judged by them.
    pub min_calls: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { shadow: true, share: 0, max_failures: 0.01, max_changed: 0.0, max_slowdown: 3.0, min_calls: 20 }
    }
}

/// Where a generation comes from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// With the server.
    Bundled,
    /// An operator lets it serve.
    Operator,
    /// An operator tries it out.
    Trial(&'a Terms),
}

/// The generation that a run is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    pub generation: u32,
    /// SHA-256 of its component, in hex.
    pub digest: String,
}

const GENERATION: &str = "framework, number, digest, grants, bundled, activated_at, trial";
/// Which generation of its framework is the newest, on trial or not.
const NEWEST: &str =
    "number = (SELECT MAX(number) FROM generations AS all_of WHERE all_of.framework = generations.framework)";
/// Which one serves.
const LATEST: &str = "number = (SELECT MAX(number) FROM generations AS all_of WHERE all_of.framework = generations.framework AND trial IS NULL)";

impl Store {
    /// Keeps a component. Of one that is there already, what is known now and was not before.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn add_component(&self, new: NewComponent) -> Result<()> {
        sqlx::query(
            "INSERT INTO components (digest, framework, version, imports, bytes, wasm, added_at, reference, signature, publisher)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (digest) DO UPDATE SET reference = COALESCE(excluded.reference, components.reference),
                signature = COALESCE(excluded.signature, components.signature),
                publisher = COALESCE(excluded.publisher, components.publisher)",
        )
        .bind(new.digest)
        .bind(new.framework)
        .bind(new.version)
        .bind(names(&new.imports)?)
        .bind(i64::try_from(new.wasm.len()).unwrap_or(i64::MAX))
        .bind(new.wasm)
        .bind(now_ms())
        .bind(new.reference)
        .bind(new.signature)
        .bind(new.publisher)
        .execute(&self.write)
        .within()
        .await?;
        Ok(())
    }

    /// The bytes of a component and its signature; none where there is no such digest.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn component(&self, digest: &str) -> Result<Option<(Vec<u8>, Option<Vec<u8>>)>> {
        let row = sqlx::query("SELECT wasm, signature FROM components WHERE digest = $1").bind(digest.to_owned());
        let row = row.fetch_optional(&self.read).within().await?;
        row.map(|row| Ok((row.try_get("wasm")?, row.try_get("signature")?))).transpose()
    }

    /// All components, by framework, the newest first.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn components(&self) -> Result<Vec<ComponentRow>> {
        let sql = "SELECT digest, framework, version, imports, bytes, reference, publisher, added_at FROM components
                   ORDER BY framework, added_at DESC, digest";
        let rows = sqlx::query(sql).fetch_all(&self.read).within().await?;
        let component = |row: &AnyRow| {
            Ok(ComponentRow {
                digest: row.try_get("digest")?,
                framework: row.try_get("framework")?,
                version: row.try_get("version")?,
                imports: interfaces(row, "imports")?,
                bytes: row.try_get::<i64, _>("bytes")?.cast_unsigned(),
                reference: row.try_get("reference")?,
                publisher: row.try_get("publisher")?,
                added_at: row.try_get("added_at")?,
            })
        };
        rows.iter().map(component).collect()
    }

    /// Forgets a component; whether there was one.
    ///
    /// # Errors
    /// [`Error::ComponentInUse`] where it serves or is tried out, or a run that has not ended is pinned to it.
    pub async fn remove_component(&self, digest: &str) -> Result<bool> {
        let sql = format!(
            "DELETE FROM components WHERE digest = $1
                AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.digest = $1 AND finished_at IS NULL)
                AND NOT EXISTS (SELECT 1 FROM generations WHERE generations.digest = $1 AND ({LATEST} OR {NEWEST}))"
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(digest.to_owned()).execute(&self.write).within().await?;
        if done.rows_affected() == 0 && self.component(digest).await?.is_some() {
            return Err(Error::ComponentInUse(digest.to_owned()));
        }
        Ok(done.rows_affected() == 1)
    }

    /// Lets a component serve its framework from now on, or be tried out, under the next number.
    ///
    /// # Errors
    /// [`Error::NoComponent`] where it was removed; [`Error::Database`], also where another server activates one at this very
    /// moment.
    pub async fn add_generation(
        &self,
        framework: &str,
        digest: &str,
        grants: &BTreeSet<Interface>,
        origin: Origin<'_>,
    ) -> Result<u32> {
        let row = sqlx::query(
            "INSERT INTO generations (framework, number, digest, grants, bundled, activated_at, trial)
             SELECT $1, (SELECT COALESCE(MAX(number) + 1, 0) FROM generations WHERE framework = $1), $2, $3, $4, $5, $6
             FROM components WHERE digest = $2
             RETURNING number",
        )
        .bind(framework.to_owned())
        .bind(digest.to_owned())
        .bind(names(grants)?)
        .bind(i64::from(matches!(origin, Origin::Bundled)))
        .bind(now_ms())
        .bind(match origin {
            Origin::Trial(terms) => Some(serde_json::to_string(&TrialRow { terms: terms.clone(), ended: None })?),
            _ => None,
        })
        .fetch_optional(&self.write)
        .within()
        .await?;
        row.map_or_else(|| Err(Error::NoComponent(digest.to_owned())), |row| number(&row, "number"))
    }

    /// Notes how a generation's trial ended.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_trial(&self, framework: &str, number: u32, trial: &TrialRow) -> Result<()> {
        sqlx::query("UPDATE generations SET trial = $1 WHERE framework = $2 AND number = $3 AND trial IS NOT NULL")
            .bind(serde_json::to_string(trial)?)
            .bind(framework.to_owned())
            .bind(i64::from(number))
            .execute(&self.write)
            .within()
            .await?;
        Ok(())
    }

    /// The generations whose trials go on: a trial is over once anything else of its framework was begun.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn open_trials(&self) -> Result<Vec<GenerationRow>> {
        let sql = format!("SELECT {GENERATION} FROM generations WHERE trial IS NOT NULL AND {NEWEST}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.read).within().await?;
        let rows: Vec<GenerationRow> = rows.iter().map(generation).collect::<Result<_>>()?;
        Ok(rows.into_iter().filter(|row| row.trial.as_ref().is_some_and(|trial| trial.ended.is_none())).collect())
    }

    /// The latest generation of each framework: those that are to serve.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn latest_generations(&self) -> Result<Vec<GenerationRow>> {
        let sql = format!("SELECT {GENERATION} FROM generations WHERE {LATEST} ORDER BY framework");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.read).within().await?;
        rows.iter().map(generation).collect()
    }

    /// The generations of a framework, those on trial among them, the newest first, at most 100.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn generations(&self, framework: &str) -> Result<Vec<GenerationRow>> {
        let sql = format!("SELECT {GENERATION} FROM generations WHERE framework = $1 ORDER BY number DESC LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(framework.to_owned()).bind(LISTED);
        rows.fetch_all(&self.read).within().await?.iter().map(generation).collect()
    }

    /// Those that served, the newest first, at most 100.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn served_generations(&self, framework: &str) -> Result<Vec<GenerationRow>> {
        let sql = format!(
            "SELECT {GENERATION} FROM generations WHERE framework = $1 AND trial IS NULL ORDER BY number DESC LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(framework.to_owned()).bind(LISTED);
        rows.fetch_all(&self.read).within().await?.iter().map(generation).collect()
    }

    /// One generation of a framework; none where there is no such number.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn generation(&self, framework: &str, number: u32) -> Result<Option<GenerationRow>> {
        let sql = format!("SELECT {GENERATION} FROM generations WHERE framework = $1 AND number = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(framework.to_owned()).bind(i64::from(number));
        row.fetch_optional(&self.read).within().await?.as_ref().map(generation).transpose()
    }

    /// How many runs that have not ended are pinned to each generation, by framework and number.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Record`].
    pub async fn pinned_runs(&self) -> Result<Vec<(String, u32, u64)>> {
        let sql = "SELECT framework, generation, COUNT(*) AS count FROM runs
                   WHERE finished_at IS NULL AND generation IS NOT NULL GROUP BY framework, generation";
        let rows = sqlx::query(sql).fetch_all(&self.read).within().await?;
        let pinned = |row: &AnyRow| {
            let count: i64 = row.try_get("count")?;
            Ok((row.try_get("framework")?, number(row, "generation")?, count.cast_unsigned()))
        };
        rows.iter().map(pinned).collect()
    }
}

fn generation(row: &AnyRow) -> Result<GenerationRow> {
    Ok(GenerationRow {
        framework: row.try_get("framework")?,
        number: number(row, "number")?,
        digest: row.try_get("digest")?,
        grants: interfaces(row, "grants")?,
        bundled: number(row, "bundled")? != 0,
        activated_at: row.try_get("activated_at")?,
        trial: from_json(row, "trial")?,
    })
}

fn names(interfaces: &BTreeSet<Interface>) -> Result<String> {
    let names: Vec<_> = interfaces.iter().map(|interface| interface.as_str()).collect();
    Ok(serde_json::to_string(&names)?)
}

/// Those that this version knows; others it would not link anyway.
fn interfaces(row: &AnyRow, column: &str) -> Result<BTreeSet<Interface>> {
    let names: Vec<String> = serde_json::from_str(row.try_get(column)?)?;
    Ok(names.iter().filter_map(|name| Interface::named(name)).collect())
}
