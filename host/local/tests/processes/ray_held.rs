//! What holds Ray in its sandbox.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use enginehouse_capabilities::{ProcessState, Processes};
use enginehouse_local::processes::Limits;

use crate::house::{House, OUTPUT};

/// The sockets that listen where a process, by its folder in `/proc`, is: the links to them among its files.
fn listening(process: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in ["net/tcp", "net/tcp6"] {
        for line in fs::read_to_string(process.join(table)).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN.
            if fields[3] == "0A" {
                found.insert(format!("socket:[{}]", fields[9]));
            }
        }
    }
    found
}

/// The sockets of a process.
fn sockets(process: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()?.to_str().map(str::to_owned)).collect()
}

/// Every process in the sandbox of the house, by its folder in `/proc`.
fn inside(house: &House) -> Vec<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes.filter(|process| process.join("fd").is_dir() && house.is_within(process)).collect()
}

/// The processes of Ray on this machine, whosever they are.
fn rays() -> BTreeSet<PathBuf> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let is_ray = |process: &PathBuf| {
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains("/opt/engine/") && line.contains("/ray/") || line.starts_with("ray::")
    };
    processes.filter(is_ray).collect()
}

/// Waits until the program has printed this.
async fn printed(house: &House, text: &str) {
    while !house.stdout().await.contains(text) {
        assert!(!house.processes.check(&house.token()).await.unwrap().is_final(), "{}", house.both().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ray_is_held_to_its_run_and_heard_by_nobody() {
    is_held(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_was_started_ahead() {
    is_held(House::warm("ray").await).await;
}

async fn is_held(mut house: House) {
    let host = Path::new("/proc/self");
    let before = listening(host);
    let code = r#"
import os, socket, sys, time
import pandas as pd
import pyarrow as pa, pyarrow.fs, pyarrow.parquet as pq
import ray
out = os.environ["OUTPUT_PATH"]
fs, _ = pyarrow.fs.FileSystem.from_uri("s3://raw/?allow_bucket_creation=true")

def refused(name, work):
    try:
        got = work()
    except Exception as error:
        assert isinstance(error, (OSError, ray.exceptions.RayTaskError)), (name, error)
        return
    print(name, repr(got)[:200])

def write(path):
    with fs.open_output_stream(path) as file:
        file.write(b"x")

@ray.remote
def inside():
    refused("another object, in a task", lambda: pd.read_csv("s3://raw/secret/pay.csv"))
    refused("network, in a task", lambda: socket.create_connection(("1.1.1.1", 80), 2))

refused("another object", lambda: pd.read_csv("s3://raw/secret/pay.csv"))
refused("another folder", lambda: ray.data.read_csv("s3://raw/secret/").take_all())
refused("another run", lambda: pd.read_csv("s3://results/other/part.csv"))
refused("another bucket", lambda: pd.read_csv("s3://private/x"))
refused("the way around", lambda: pd.read_csv("s3://raw/../raw/secret/pay.csv"))
refused("the store", lambda: open("STORE/raw/sales.csv"))
table = pa.table({"n": [1]})
for place in ("raw/sales.csv", "raw/new", "results/r1/beside", "results/other/x", "private/x", "results/r1/out"):
    refused("write " + place, lambda: write(place))
    refused("pandas " + place, lambda: pd.DataFrame({"n": [1]}).to_csv("s3://" + place))
refused("ray, over an input", lambda: ray.data.range(1).write_parquet("s3://raw/new/"))
refused("delete", lambda: fs.delete_file("raw/sales.csv"))
refused("a bucket", lambda: fs.create_dir("private"))
refused("network", lambda: socket.create_connection(("1.1.1.1", 80), 2))
refused("the host", lambda: socket.create_connection(("127.0.0.1", PORT), 2))
ray.get(inside.remote())
assert {info.path for info in fs.get_file_info(pyarrow.fs.FileSelector("raw", recursive=True))} == {"raw/sales.csv"}
assert fs.get_file_info("raw/secret").type == pyarrow.fs.FileType.NotFound
write(out[5:] + "mine")
fs.delete_dir_contents(out[5:])
write(out[5:] + "deep/er/mine")
print("ready")
time.sleep(600)
"#;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let code = code
        .replace("STORE", &house.config.store.display().to_string())
        .replace("PORT", &listener.local_addr().unwrap().port().to_string());
    house.processes.start(&house.context, house.program("ray", &code)).await.unwrap();
    house.until(&house.token(), |state| *state == ProcessState::Running).await;
    house.without_pools().await;
    printed(&house, "ready\n").await;
    assert_eq!(house.both().await, "ready\n\n");
    // What else runs on the machine may open ports meanwhile: what counts is whose they are.
    let new: BTreeSet<String> = listening(host).difference(&before).cloned().collect();
    let processes = inside(&house);
    let held: BTreeSet<String> = processes.iter().flat_map(|process| sockets(process)).collect();
    assert!(held.is_disjoint(&new), "{held:?}");
    let within = processes.iter().map(|process| listening(process)).find(|found| !found.is_empty()).unwrap();
    assert!(!held.is_disjoint(&within), "it does listen, where only it can hear");
    let own: BTreeSet<PathBuf> = rays().into_iter().filter(|ray| processes.contains(ray)).collect();
    assert!(own.len() >= 5, "{own:?}");

    house.processes.cancel(&house.token()).await.unwrap();
    assert_eq!(house.end(&house.token()).await, ProcessState::Stopped("cancelled".into()));
    assert!(house.keys(OUTPUT).is_empty() && house.pids("bwrap").is_empty());
    assert!(own.is_disjoint(&rays()), "nothing of it runs on");
    assert_eq!(house.keys("s3://raw/"), ["sales.csv", "secret/pay.csv"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_hoards_memory_ends_its_program_and_all_of_ray() {
    let house = House::with(Limits { memory: 1 << 30, ..Limits::default() }).await;
    let code = "
import ray, time

@ray.remote
def hoard():
    hoard = []
    while True:
        hoard.append(b'x' * (32 << 20)); time.sleep(0.05)

print('ready')
ray.get(hoard.remote())
";
    house.processes.start(&house.context, house.program("ray", code)).await.unwrap();
    printed(&house, "ready\n").await;
    let own: BTreeSet<PathBuf> = rays().into_iter().filter(|ray| house.is_within(ray)).collect();
    assert!(own.len() >= 5, "{own:?}");
    assert_eq!(house.end(&house.token()).await, ProcessState::Stopped("memory".into()));
    assert!(house.pids("bwrap").is_empty() && own.is_disjoint(&rays()), "nothing of it runs on");
}
