//! What the server remembers: sessions, uploads, runs and their journals, in SQLite or in PostgreSQL.
//!
//! The two differ in how they are opened, in how a writer keeps others out, and in whose clock a lease goes by
//! ([`dialect`]); all statements are the same text for both, and one suite in `tests/tests/store/` runs against both.

mod answers;
mod attempts;
mod calls;
mod cost;
mod dialect;
mod hosts;
mod journal;
mod logs;
mod plugins;
mod read;
mod rows;
mod runs;
mod sessions;
mod step;
mod tokens;
mod within;

use std::path::PathBuf;

use secrecy::SecretString;
use sqlx::{Any, AnyPool, Transaction, migrate::MigrateError};
use uuid::Uuid;

use dialect::Dialect;
use within::Within as _;

pub use calls::CallState;
pub use cost::{Cost, DayCap};
pub use hosts::LEASE;
pub use journal::Entry;
pub use logs::{LogPage, LogPiece};
pub use plugins::{ComponentRow, GenerationRow, NewComponent, Origin, Pin, Terms, TrialRow};
pub use rows::{Approval, AttemptRow, ModelUse, Problem, RunRequest, RunRow, RunState, SourceRef, Step};
pub use runs::{NewRunRow, RunFilter};
pub use sessions::SessionRow;
pub use tokens::{Reserved, Spender, TokenBudgets};

/// Which database.
#[derive(Debug, Clone)]
pub enum Database {
    /// One file, of one server.
    Sqlite(PathBuf),
    /// `postgres://user@host/database`, shared by any number of servers.
    Postgres(SecretString),
}

/// The store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed, or cannot be reached.
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A newer version of this server has written the schema.
    #[error(
        "the store was written by a newer version of this server (its schema has the step {0}, which this version does \
         not know): start that version, or one after it"
    )]
    Newer(i64),
    /// The schema could not be brought up to date.
    #[error("the store's schema cannot be brought up to date: {0}")]
    Schema(MigrateError),
    /// The file is no database, or damaged.
    #[error("the store {0} is no database or is damaged ({1}): put a copy back, or move it away to begin anew")]
    Broken(PathBuf, String),
    /// The database said nothing for so many seconds.
    #[error("the store failed: it did not answer within {0} s")]
    Silent(u64),
    /// A row holds what this version cannot read.
    #[error("the store holds a record this version cannot read: {0}")]
    Record(Box<dyn std::error::Error + Send + Sync>),
    /// A run moved on in the meantime, or another host drives it now.
    #[error("the run `{0}` moved on in the meantime")]
    Moved(Uuid),
    /// Another run that has not ended writes there.
    #[error("the run {0} writes to the same output at this moment")]
    OutputTaken(Uuid),
    /// The key was used for another request.
    #[error("this Idempotency-Key made the run {0} from another request")]
    KeyTaken(Uuid),
    /// A token stands for another call.
    #[error("the token `{0}` was used for another call")]
    CallTaken(String),
    /// What runs cost in a day would be more than it may.
    #[error("the runs of the last 24 hours cost {spent:.2}, and with this one it would be more than {cap:.2}")]
    OverDayCap {
        /// What they cost so far.
        spent: f64,
        /// What they may.
        cap: f64,
    },
    /// The model took as many tokens in a day as it may; what is being answered counts by what it may take.
    #[error(
        "the model took {taken} tokens in the last 24 hours, what is being answered among them, and no more are left"
    )]
    OutOfTokens {
        /// Whose they are.
        spender: Spender,
        /// How many.
        taken: u64,
    },
    /// A plugin's component is not there any more.
    #[error("the component {0} is not in the store: install it again")]
    NoComponent(String),
    /// A plugin's component is not to be removed.
    #[error(
        "the component {0} serves or is tried out, or runs that have not ended are pinned to it: activate another, end the \
         trial, and wait for the runs"
    )]
    ComponentInUse(String),
    /// The session belongs to another caller.
    #[error("there is no such session")]
    NotOwned,
    /// A caller has as many sessions as they may.
    #[error("there are {0} sessions already, as many as `limits.sessions` allows: use one of them, or raise the limit")]
    TooManySessions(u32),
    /// A session has as many runs that have not ended as it may.
    #[error("the session has {0} runs that have not ended, as many as `limits.open-runs` allows: wait for one of them")]
    TooManyRuns(u32),
}

impl Error {
    /// Whether the same statement would fail the same way again, however well the database is: what was to be written, or read,
    /// is at fault. All else is worth trying again.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Record(_) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                match code.parse::<i32>() {
                    // SQLite, without the details above the lowest byte: too big, a constraint, a wrong type.
                    Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
                    // PostgreSQL's classes of errors in data and in constraints.
                    _ => code.starts_with("22") || code.starts_with("23"),
                }
            }
            _ => false,
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Record(Box::new(error))
    }
}

/// The result of every call of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A database, shared by all tasks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    dialect: Dialect,
    read: AnyPool,
    write: AnyPool,
}

impl Store {
    /// Opens the database, makes a SQLite file that is missing, and brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Database`] where it cannot be opened, [`Error::Broken`] for a file that is none, [`Error::Newer`] where a
    /// newer version has written it.
    pub async fn open(database: &Database) -> Result<Self> {
        let (dialect, read, write) = dialect::open(database).await?;
        let store = Self { dialect, read, write };
        let migrated = match dialect {
            Dialect::Sqlite => sqlx::migrate!("./migrations/sqlite").run(&store.write).await,
            Dialect::Postgres => sqlx::migrate!("./migrations/postgres").run(&store.write).await,
        };
        migrated.map_err(|error| match (error, database) {
            (MigrateError::VersionMissing(step), _) => Error::Newer(step),
            (error, Database::Sqlite(file)) if dialect::is_broken(&error) => {
                Error::Broken(file.clone(), error.to_string())
            }
            (error, _) => Error::Schema(error),
        })?;
        Ok(store)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Database`] where it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.read).within().await?;
        Ok(())
    }

    /// Does what would otherwise keep a writer waiting now and then; to be called every few seconds.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn tidy(&self) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&self.read).within().await?;
        }
        Ok(())
    }

    /// Begins to write. With SQLite writers wait for each other here, in turn, and not within the database.
    async fn begin(&self) -> Result<Transaction<'static, Any>> {
        let begun = self.write.begin_with(self.dialect.begin()).within().await;
        let stuck = matches!(begun, Err(Error::Database(sqlx::Error::InvalidSavePointStatement)));
        if !stuck || self.dialect != Dialect::Sqlite {
            return begun;
        }
        // On a full disk SQLite takes a transaction back by itself, and sqlx, whose own ROLLBACK then fails, believes for ever
        // that the connection is in one: only another connection writes again.
        drop(self.write.acquire().within().await?.detach());
        self.write.begin_with(self.dialect.begin()).within().await
    }
}

/// A day, in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 3600 * 1000;

/// Milliseconds since the Unix epoch. Goes on evenly while the process lives, whatever happens to the machine's clock: limits
/// of runs are counted by it.
pub fn now_ms() -> i64 {
    use std::{
        sync::OnceLock,
        time::{Instant, SystemTime, UNIX_EPOCH},
    };
    static START: OnceLock<(Instant, i64)> = OnceLock::new();
    let (instant, wall) = START.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now(), i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    });
    wall.saturating_add(i64::try_from(instant.elapsed().as_millis()).unwrap_or(i64::MAX))
}
