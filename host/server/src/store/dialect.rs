//! Where the two databases differ.

use std::{path::Path, str::FromStr, time::Duration};

use secrecy::ExposeSecret as _;
use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use url::Url;

use super::{Database, Error, Result};

/// Connections that read; with PostgreSQL also those that write.
const CONNECTIONS: u32 = 16;
/// How long a call waits for a connection before it fails: a database that is gone is told soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// A step is durable when its transaction is: hence FULL. Only one connection writes, so nothing is busy for long. What is
/// written is moved into the file beside the writer ([`Store::tidy`](super::Store::tidy)), who does it alone at 80 MB.
const SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                      PRAGMA busy_timeout = 10000; PRAGMA wal_autocheckpoint = 20000;";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// What begins a transaction that writes.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// The database's own clock, in milliseconds since the Unix epoch: all hosts go by the same.
    pub(super) fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Locks the rows of a subquery, and leaves those out that another host has locked.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    /// The same for one session, which `$1` names; nothing where a writer is alone anyway.
    pub(super) fn one_at_a_time_in_session(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT 1 FROM (SELECT pg_advisory_xact_lock(7263542, hashtext($1))) AS taken"),
        }
    }

    /// Keeps other transactions out that say the same, until this one ends; a writer of SQLite is alone anyway.
    pub(super) fn one_at_a_time(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT 1",
            Self::Postgres => "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7263541)) AS taken",
        }
    }
}

/// The pools for reading and for writing.
pub(super) async fn open(database: &Database) -> Result<(Dialect, AnyPool, AnyPool)> {
    sqlx::any::install_default_drivers();
    match database {
        Database::Sqlite(file) => {
            let options = sqlite(file)?;
            let pool = |connections: u32| {
                AnyPoolOptions::new()
                    .max_connections(connections)
                    .acquire_timeout(PATIENCE)
                    .after_connect(|connection, _| Box::pin(async move { connection.execute(SQLITE).await.map(drop) }))
            };
            let broken = |error: sqlx::Error| match is_broken(&error) {
                true => Error::Broken(file.clone(), error.to_string()),
                false => Error::Database(error),
            };
            // A pool would try again until its patience ends; this says at once what is wrong, and makes the file.
            let mut first = AnyConnection::connect_with(&options).await.map_err(broken)?;
            first.execute(SQLITE).await.map_err(broken)?;
            first.close().await?;
            let write = pool(1).connect_with(options.clone()).await?;
            let read = pool(CONNECTIONS).connect_with(options).await?;
            Ok((Dialect::Sqlite, read, write))
        }
        Database::Postgres(url) => {
            let options = AnyConnectOptions::from_str(url.expose_secret())?;
            let pool = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            let pool = pool.connect_with(options).await?;
            Ok((Dialect::Postgres, pool.clone(), pool))
        }
    }
}

fn sqlite(file: &Path) -> Result<AnyConnectOptions> {
    let path = file.to_str().ok_or_else(|| {
        sqlx::Error::Configuration(format!("the path {} is not UTF-8: choose another", file.display()).into())
    })?;
    let mut url = Url::parse("sqlite:///?mode=rwc").map_err(|error| sqlx::Error::Configuration(error.into()))?;
    url.set_path(path);
    Ok(AnyConnectOptions::from_url(&url)?)
}

/// Whether SQLite says that a file is none of its own, or damaged. `Any` keeps no code, so its words are all there is.
pub(super) fn is_broken(error: &dyn std::error::Error) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if text.contains("file is not a database") || text.contains("disk image is malformed") {
            return true;
        }
        cause = error.source();
    }
    matches!(error.to_string(), text if text.contains("malformed database schema"))
}
