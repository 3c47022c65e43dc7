//! From a request to its rows on Ray in a sandbox that was started ahead, against `ray job submit` of the same program to a head
//! that runs.
//!
//! `cargo bench -p enginehouse-tests --bench local_ray` prints a table and, last, one line of JSON. The program is what the
//! recipes write for the request. The head is alone in a network of its own; its jobs need packages that our engine does without,
//! which are fetched from the package index that pip is set up for.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and fails loudly"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use enginehouse::config::Config;
use enginehouse_local::engines::EnginesRoot;
use enginehouse_tests::{
    TestHost,
    ahead::{Ahead, from_request_to_rows, last_code, median},
};
use serde_json::json;

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const WARM: usize = 7;

/// Starts a head and submits the program to it, five times; prints how long each took. Its own processes end with it.
const SUBMIT: &str = r#"
import subprocess, sys, time
RAY = [sys.executable, "-m", "ray.scripts.scripts"]
JOBS = ["--address", "http://127.0.0.1:8265"]
def ray(*arguments, check=True):
    return subprocess.run([*RAY, *arguments], check=check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
ray("start", "--head", "--node-ip-address=127.0.0.1", "--num-cpus=2", "--object-store-memory=100000000")
while ray("job", "list", *JOBS, check=False).returncode != 0:
    time.sleep(1)
for _ in range(5):
    begun = time.monotonic()
    ended = ray("job", "submit", *JOBS, "--working-dir", sys.argv[1], "--", "python", "program.py", check=False)
    print("took", time.monotonic() - begun, flush=True)
    assert ended.returncode == 0 and "succeeded" in ended.stdout, ended.stdout
"#;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let host = TestHost::start(BIN).await.unwrap();
    let request = json!({ "framework": "ray", "prompt": "Calculate sum of numbers 1-100" });
    let ahead = Ahead::of(&host, "ray");
    let (_, first) = from_request_to_rows(&host, &request).await.unwrap();
    let warm = ahead.runs(&request, &first, WARM).await.unwrap();
    ahead.waits().await.unwrap();
    let memory = ahead.memory();

    let code = last_code(&host).await.unwrap();
    drop(host);
    let folder = tempfile::tempdir().unwrap();
    let submitted = tokio::task::spawn_blocking(move || job_submit(folder.path(), &code)).await.unwrap();

    let (warm, submitted) = (median(warm).as_secs_f64(), median(submitted).as_secs_f64());
    println!("from a request to its rows, median             s");
    println!("  in a sandbox that was started ahead   {warm:>8.3}   which takes {memory:.0} MB while it waits");
    println!("  ray job submit to a head that runs    {submitted:>8.3}   {:.1} × as long", submitted / warm);
    let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
    let line = json!({
        "bench": "local_ray",
        "warm_s": round(warm),
        "job_submit_s": round(submitted),
        "ratio": round(submitted / warm),
    });
    println!("{line}");
}

fn job_submit(folder: &Path, code: &str) -> Vec<Duration> {
    let python = with_jobs();
    let job = folder.join("job");
    fs::create_dir(&job).unwrap();
    // Where the program writes is a folder here, not an object store, which has no folders.
    for name in code.split("save(\"").skip(1) {
        fs::create_dir_all(folder.join("out").join(name.split('"').next().unwrap())).unwrap();
    }
    let prelude = format!("import os\nos.environ['OUTPUT_PATH'] = {:?}\n", format!("file://{}/out/", folder.display()));
    fs::write(job.join("program.py"), format!("{prelude}{code}")).unwrap();
    let mut sandbox = Command::new("bwrap");
    sandbox.args(["--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--dev-bind", "/", "/"]);
    sandbox.args(["--proc", "/proc", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp", "--bind"]).arg(folder).arg(folder);
    sandbox.arg("--ro-bind").arg(&python).arg(&python).arg("--").arg(python.join("bin/python3"));
    sandbox.args(["-c", SUBMIT]).arg(&job);
    sandbox.env_clear().env("PATH", format!("{}/bin:/usr/bin:/bin", python.display())).env("HOME", folder);
    sandbox.env("RAY_USAGE_STATS_ENABLED", "0").env("RAY_AUTH_MODE", "disabled").stdin(Stdio::null());
    let ended = sandbox.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    said.lines().map(|line| Duration::from_secs_f64(line.strip_prefix("took ").unwrap().parse().unwrap())).collect()
}

/// An environment with our engine's packages and what `ray job` needs beside them; kept for the next time.
fn with_jobs() -> PathBuf {
    let engine = EnginesRoot::new(&Config::default().local.engines).installed("ray").unwrap();
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ray-jobs-{}", &engine.lock[..16]));
    let done = python.join("done");
    if !done.exists() {
        let run = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
        let own = engine.folder.join("venv/bin/python3");
        run(Command::new(own).args(["-m", "venv", "--clear"]).arg(&python));
        let packages = engine.folder.join(&engine.packages);
        let own = python.join(engine.packages.strip_prefix("venv").unwrap());
        fs::write(own.join("engine.pth"), packages.display().to_string()).unwrap();
        let mut fetch = Command::new(python.join("bin/python3"));
        run(fetch.args(["-m", "pip", "install", "--quiet", "ray[default]==2.60.0"]));
        fs::write(done, "").unwrap();
    }
    python
}
