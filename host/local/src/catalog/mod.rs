//! A table catalog in SQLite.

mod names;
mod record;

use std::{fmt, path::Path, time::Duration};

use async_trait::async_trait;
use enginehouse_capabilities::{Catalog, Error, Names, Result, Table};
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use self::{names::checked, record::Record};

/// Names in one page.
const PAGE: usize = 100;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS databases (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables (
    database TEXT NOT NULL REFERENCES databases (name),
    name TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (database, name)
) STRICT, WITHOUT ROWID;
";

/// The catalog of one data folder, in `<data>/catalog.sqlite`.
///
/// Names of databases and tables are 1 to 255 characters of `a-z`, `0-9` and `_`; they are taken in any case and kept in
/// lower case. A database stays when its last table is forgotten.
#[derive(Clone)]
pub struct SqliteCatalog {
    pool: SqlitePool,
}

impl SqliteCatalog {
    /// Opens the catalog, or makes it.
    ///
    /// # Errors
    /// What SQLite said, where the file cannot be opened or is no catalog.
    pub async fn open(data: &Path) -> Result<Self> {
        let file = data.join("catalog.sqlite");
        let told = |e| Error::other(format!("cannot open the catalog in {}", file.display()), e);
        tokio::fs::create_dir_all(data)
            .await
            .map_err(|e| Error::other(format!("cannot make the folder {}", data.display()), e))?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(told)?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await.map_err(told)?;
        Ok(Self { pool })
    }

    async fn require(&self, database: &str) -> Result<()> {
        let found = sqlx::query("SELECT 1 FROM databases WHERE name = ?").bind(database).fetch_optional(&self.pool);
        match found.await.map_err(failed)? {
            Some(_) => Ok(()),
            None => Err(Error::NotFound(format!("the catalog has no database `{database}`"))),
        }
    }
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn databases(&self, after: Option<&str>) -> Result<Names> {
        let rows = sqlx::query_scalar("SELECT name FROM databases WHERE name > ? ORDER BY name LIMIT ?")
            .bind(after.unwrap_or_default())
            .bind(page_and_one())
            .fetch_all(&self.pool);
        Ok(page(rows.await.map_err(failed)?))
    }

    async fn tables(&self, database: &str, after: Option<&str>) -> Result<Names> {
        let database = checked("a database", database)?;
        let rows = sqlx::query_scalar("SELECT name FROM tables WHERE database = ? AND name > ? ORDER BY name LIMIT ?")
            .bind(&database)
            .bind(after.unwrap_or_default())
            .bind(page_and_one())
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        if rows.is_empty() {
            self.require(&database).await?;
        }
        Ok(page(rows))
    }

    async fn table(&self, database: &str, name: &str) -> Result<Table> {
        let (database, name) = (checked("a database", database)?, checked("a table", name)?);
        let row = sqlx::query("SELECT record FROM tables WHERE database = ? AND name = ?")
            .bind(&database)
            .bind(&name)
            .fetch_optional(&self.pool);
        match row.await.map_err(failed)? {
            Some(row) => Record::parse(row.try_get("record").map_err(failed)?)?.into_table(database, name),
            None => {
                self.require(&database).await?;
                Err(Error::NotFound(format!("the database `{database}` has no table `{name}`")))
            }
        }
    }

    async fn register(&self, table: Table) -> Result<()> {
        let (database, name) = (checked("a database", &table.database)?, checked("a table", &table.name)?);
        let record = Record::of(table)?.to_json()?;
        let mut step = self.pool.begin().await.map_err(failed)?;
        sqlx::query("INSERT INTO databases (name) VALUES (?) ON CONFLICT DO NOTHING")
            .bind(&database)
            .execute(&mut *step)
            .await
            .map_err(failed)?;
        sqlx::query(
            "INSERT INTO tables (database, name, record) VALUES (?, ?, ?)
             ON CONFLICT (database, name) DO UPDATE SET record = excluded.record",
        )
        .bind(&database)
        .bind(&name)
        .bind(record)
        .execute(&mut *step)
        .await
        .map_err(failed)?;
        step.commit().await.map_err(failed)
    }

    async fn forget(&self, database: &str, name: &str) -> Result<()> {
        let (database, name) = (checked("a database", database)?, checked("a table", name)?);
        let deleted = sqlx::query("DELETE FROM tables WHERE database = ? AND name = ?").bind(database).bind(name);
        deleted.execute(&self.pool).await.map_err(failed).map(drop)
    }
}

impl fmt::Debug for SqliteCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteCatalog").finish_non_exhaustive()
    }
}

impl fmt::Display for SqliteCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the embedded catalog")
    }
}

/// One row more than a page shows whether there is a next one.
fn page_and_one() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

fn page(mut names: Vec<String>) -> Names {
    let more = names.len() > PAGE;
    names.truncate(PAGE);
    Names { next: names.last().filter(|_| more).cloned(), names }
}

fn failed(e: sqlx::Error) -> Error {
    match e {
        sqlx::Error::PoolTimedOut => Error::Unavailable("the embedded catalog is busy; try again".into()),
        sqlx::Error::Database(e) if e.message().contains("locked") => {
            Error::Unavailable("the embedded catalog is locked by another process; try again".into())
        }
        e => Error::other("the embedded catalog failed", e),
    }
}
