//! Databases with nothing in them, and what to put there.

use std::sync::Arc;

use enginehouse::store::{AttemptRow, Database, NewRunRow, Pin, RunRequest, RunState, Step, Store};
use enginehouse_runtime::Task;
use enginehouse_tests::postgres::TestPostgres;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use uuid::Uuid;

/// A database of a test's own; ends with the value.
pub(crate) struct Fresh {
    pub(crate) database: Database,
    _kept: Kept,
}

#[allow(dead_code, reason = "held for what its end does")]
enum Kept {
    Folder(TempDir),
    Server(Arc<TestPostgres>),
}

impl Fresh {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A name that is none of a plain url's.
        let database = Database::Sqlite(folder.path().join("a b#c%41?.sqlite"));
        Self { database, _kept: Kept::Folder(folder) }
    }

    pub(crate) fn postgres() -> Self {
        let server = TestPostgres::shared().unwrap();
        Self { database: Database::Postgres(server.database().unwrap().into()), _kept: Kept::Server(server) }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.database).await.unwrap()
    }

    /// For what the store itself never does.
    pub(crate) async fn execute(&self, sql: &'static str) {
        sqlx::any::install_default_drivers();
        let url = match &self.database {
            Database::Postgres(url) => url.expose_secret().to_owned(),
            Database::Sqlite(file) => {
                let mut url = url::Url::parse("sqlite:///").unwrap();
                url.set_path(file.to_str().unwrap());
                url.to_string()
            }
        };
        let pool = sqlx::AnyPool::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

pub(crate) fn request() -> RunRequest {
    RunRequest {
        task: Task {
            prompt: "count rows".into(),
            sources: Vec::new(),
            output: None,
            platform: None,
            places: Vec::new(),
            options: Vec::new(),
        },
        code: None,
        generate_only: false,
        dry_run: false,
        approval: Default::default(),
        overwrite: false,
        max_attempts: 3,
        queue_seconds: 60,
        run_seconds: 60,
        idle_seconds: None,
    }
}

pub(crate) fn new_run(host: Uuid) -> NewRunRow {
    let (id, session) = (Uuid::now_v7(), "me".to_owned());
    NewRunRow {
        id,
        session,
        framework: "spark".into(),
        pin: Pin { generation: 3, digest: "d".repeat(64) },
        request: request(),
        owner: "local".into(),
        trace: None,
        host,
        most_open: 100,
        key: None,
    }
}

/// A host, and a run of its own.
pub(crate) async fn a_run(store: &Store) -> (Uuid, Uuid) {
    let host = Uuid::now_v7();
    store.beat(host).await.unwrap();
    (host, store.add_run(new_run(host)).await.unwrap().0)
}

pub(crate) fn draft(number: u32) -> AttemptRow {
    AttemptRow {
        number,
        code: "x = 1".into(),
        sha256: "00".into(),
        author: "caller".into(),
        notes: vec!["a note".into()],
        findings: None,
        digest: None,
        failure: None,
        model: None,
        created_at: 0,
    }
}

pub(crate) fn to(state: RunState) -> Step {
    Step { state: Some(state), ..Step::default() }
}
