//! A real PostgreSQL for tests: the Debian package's programs over a folder of its own, reachable by a socket in it alone.

use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

const USER: &str = "enginehouse";

/// A server with nothing in it; ends with the value.
#[derive(Debug)]
pub struct TestPostgres {
    programs: PathBuf,
    folder: TempDir,
    owner: Option<(u32, u32)>,
    environment: Vec<(&'static str, String)>,
    server: Child,
    databases: AtomicU32,
}

impl TestPostgres {
    /// The server that other tests of this process use at this moment, or a new one.
    pub fn shared() -> anyhow::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<TestPostgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// Makes a cluster and starts it.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_in(Vec::new())
    }

    /// The same with these variables in its environment.
    pub fn start_in(environment: Vec<(&'static str, String)>) -> anyhow::Result<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir()?;
        // The server refuses to run as root: the package has made a user for it.
        let owner = match id("-u", None)? {
            0 => Some((id("-u", Some("postgres"))?, id("-g", Some("postgres"))?)),
            _ => None,
        };
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut initdb = as_owner(&programs.join("initdb"), owner);
        initdb.args(["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username", USER, "--pgdata"]);
        run(initdb.arg(folder.path().join("data")))?;
        let server = serve(&programs, folder.path(), owner, &environment)?;
        let postgres = Self { programs, folder, owner, environment, server, databases: AtomicU32::new(0) };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// Makes a database; its url.
    pub fn database(&self) -> anyhow::Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(Command::new(self.programs.join("createdb")).args(["-U", USER, "-h"]).arg(self.folder.path()).arg(&name))?;
        let folder = self.folder.path().to_str().context("the folder is not UTF-8")?.replace('/', "%2F");
        Ok(format!("postgres://{USER}@{folder}/{name}"))
    }

    /// Ends the server at once, as a crash would.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        self.stop()
    }

    /// Starts it again over the same data.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.server = serve(&self.programs, self.folder.path(), self.owner, &self.environment)?;
        self.wait_until_ready()
    }

    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        let mut ask = Command::new(self.programs.join("pg_isready"));
        ask.arg("-q").arg("-h").arg(self.folder.path());
        while !ask.status()?.success() {
            ensure!(since.elapsed() < Duration::from_secs(60), "PostgreSQL is not ready after 60 s");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        let mut stop = as_owner(&self.programs.join("pg_ctl"), self.owner);
        run(stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.folder.path().join("data")))?;
        self.server.wait()?;
        Ok(())
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        if self.server.try_wait().is_ok_and(|ended| ended.is_none()) && self.stop().is_err() {
            let _ended = self.server.kill();
        }
    }
}

fn serve(
    programs: &Path,
    folder: &Path,
    owner: Option<(u32, u32)>,
    environment: &[(&'static str, String)],
) -> anyhow::Result<Child> {
    let mut serve = as_owner(&programs.join("postgres"), owner);
    serve.envs(environment.iter().map(|(name, value)| (name, value)));
    serve.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    // Only hosts crash in tests, never the machine.
    serve.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]);
    serve.stdout(Stdio::null()).stderr(std::fs::File::create(folder.join("log"))?);
    serve.spawn().context("cannot start postgres")
}

/// The programs of the newest version that is installed.
fn programs() -> anyhow::Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = installed.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.splice(0..0, std::env::split_paths(&path));
    match folders.into_iter().rev().find(|folder| folder.join("initdb").is_file()) {
        Some(folder) => Ok(folder),
        None => bail!("PostgreSQL is not installed: install the package `postgresql`"),
    }
}

fn as_owner(program: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // A folder that the owner can be in.
    command.current_dir("/").stdin(Stdio::null());
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn id(which: &str, user: Option<&str>) -> anyhow::Result<u32> {
    let output = Command::new("id").arg(which).args(user).output()?;
    ensure!(output.status.success(), "there is no user {}", user.unwrap_or("for this process"));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
