//! Ray itself, in the sandbox.

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

async fn printed(house: &House, text: &str) {
    while !house.stdout().await.contains(text) {
        assert!(!house.processes.check(&house.token()).await.unwrap().is_final(), "{}", house.both().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ray_data_pyarrow_and_pandas_read_their_sources_and_write_their_output() {
    read_and_write(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_those_that_were_started_ahead() {
    read_and_write(House::warm("ray").await).await;
}

async fn read_and_write(house: House) {
    let code = r#"
import os
import pandas as pd
import pyarrow.csv, pyarrow.fs, pyarrow.parquet
import ray
ray.init(address="auto", num_cpus=64, runtime_env={"env_vars": {"A": "b"}})
out = os.environ["OUTPUT_PATH"]

@ray.remote
def part(numbers):
    return sum(numbers)

print(sum(ray.get([part.remote(range(start, start + 10)) for start in range(1, 101, 10)])))

sales = ray.data.read_csv("s3://raw/sales.csv")
assert sales.count() == 3
totals = sales.groupby("region").sum("amount").sort("region")
assert [row["sum(amount)"] for row in totals.take_all()] == [4, 2]
totals.write_parquet(out + "parquet")
totals.map_batches(lambda table: table, batch_format="pandas").write_csv(out + "csv")
assert ray.data.read_parquet(out + "parquet").count() == 2
assert ray.data.read_csv(out + "csv").sum("sum(amount)") == 6

fs, path = pyarrow.fs.FileSystem.from_uri("s3://raw/sales.csv")
with fs.open_input_stream(path) as file:
    table = pyarrow.csv.read_csv(file)
pyarrow.parquet.write_table(table, out + "arrow.parquet")
assert pyarrow.parquet.read_table(out + "arrow.parquet").num_rows == 3

frame = pd.read_csv("s3://raw/sales.csv")
frame.to_csv(out + "pandas.csv", index=False)
frame.to_parquet(out + "pandas.parquet")
assert len(pd.read_parquet(out + "pandas.parquet")) == 3
big = pd.DataFrame({"n": range(2_000_000)})
big.to_csv(out + "big.csv", index=False)
assert ray.data.read_csv(out + "big.csv").sum("n") == sum(range(2_000_000))
ray.shutdown()
assert ray.get(part.remote([1, 2])) == 3
with fs.open_output_stream(out[5:] + "closed") as file:
    file.write(b"x" * 20_000_000)
left = fs.open_output_stream(out[5:] + "never-closed")
left.write(b"x" * 20_000_000)
"#;
    assert_eq!(house.ray(code).await, ProcessState::Exited(0), "{}", house.both().await);
    assert_eq!(house.both().await, "5050\n\n");
    let keys = house.keys(OUTPUT);
    for single in ["arrow.parquet", "big.csv", "closed", "pandas.csv", "pandas.parquet"] {
        assert!(keys.contains(&single.to_owned()), "{keys:?}");
    }
    for (prefix, ending) in [("parquet/", ".parquet"), ("csv/", ".csv")] {
        assert!(keys.iter().any(|key| key.starts_with(prefix) && key.ends_with(ending)), "{keys:?}");
    }
    assert!(keys.iter().all(|key| !key.contains("drafts") && key != "never-closed"), "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tasks_and_actors_print_arrives_whole_and_without_rays_own_words() {
    prints(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_what_those_print_that_were_started_ahead() {
    prints(House::warm("ray").await).await;
}

async fn prints(house: House) {
    let code = r#"
import logging, subprocess, sys, threading, warnings
import ray
ray.init(logging_level=logging.DEBUG)

@ray.remote
def count(start):
    for n in range(start, start + 250):
        print("line", n, "of the task")
    print("x" * 100_000, "is a long line")
    print(":task_name:mine")
    print("to err", start, file=sys.stderr)
    subprocess.run("echo a command >&2", shell=True, check=True)
    sys.stdout.write(f"unended {start};")

@ray.remote
class Counter:
    async def say(self, text):
        print(text)

@ray.remote(max_concurrency=2)
class Threads:
    def say(self, text):
        warnings.warn("my own warning")
        logging.warning("my own log")
        print(text)

print("the driver begins")
ray.get([count.remote(start) for start in range(0, 2000, 250)])
@ray.remote(max_retries=0)
def fails():
    raise ValueError("never asked for")
fails.remote()
@ray.remote(max_retries=0)
def dies():
    import os; os._exit(3)
try:
    ray.get(dies.remote())
except ray.exceptions.WorkerCrashedError:
    print("a worker died")
ray.data.range(100).map(lambda row: row).materialize()
threads = Threads.remote()
ray.get(threads.say.remote("by a thread"))
actor = Counter.remote()
print("the driver is about to end")
ray.get(actor.say.remote("the last of the actor"))
"#;
    assert_eq!(house.ray(code).await, ProcessState::Exited(0), "{}", house.both().await);
    let (stdout, stderr) = (house.stdout().await, house.stderr().await);
    let mut text = stdout.clone();
    for start in (0..2000).step_by(250) {
        let unended = format!("unended {start};");
        assert_eq!(text.matches(&unended).count(), 1, "{stdout}");
        text = text.replace(&unended, "");
    }
    let mut lines: Vec<&str> = text.lines().collect();
    let numbers: BTreeSet<usize> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("line ")?.strip_suffix(" of the task")?.parse().ok())
        .collect();
    assert_eq!(numbers, (0..2000).collect());
    let long = format!("{} is a long line", "x".repeat(100_000));
    assert_eq!(lines.iter().filter(|line| **line == long).count(), 8, "long lines are whole");
    lines.retain(|line| !line.starts_with("line ") && *line != long);
    let mut others = vec!["the driver begins"];
    others.extend([":task_name:mine"; 8]);
    others.extend(["a worker died", "by a thread", "the driver is about to end", "the last of the actor"]);
    let by_thread = lines.iter().position(|line| *line == "by a thread").unwrap();
    lines.sort_unstable();
    others.sort_unstable();
    assert_eq!(lines, others);
    assert!(by_thread > 0 && stdout.ends_with("the last of the actor\n"), "{stdout}");

    let mut errors: Vec<&str> = stderr.lines().collect();
    assert_eq!(errors.iter().filter(|line| line.starts_with("to err ")).count(), 8, "{stderr}");
    assert_eq!(errors.iter().filter(|line| **line == "a command").count(), 8, "{stderr}");
    errors.retain(|line| !line.starts_with("to err ") && *line != "a command");
    assert_eq!(errors.len(), 3, "{stderr}");
    assert!(
        errors[0].starts_with("/work/program.py:") && errors[0].ends_with("UserWarning: my own warning"),
        "{stderr}"
    );
    assert!(errors[2].ends_with("my own log"), "{stderr}");
    let log = house.config.folder.join(house.token().as_str()).join("work/engine.log");
    assert!(!fs::read_to_string(log).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_task_is_described_with_its_line() {
    let house = House::new().await;
    let code = "import ray, json, engine

@ray.remote
def share(n):
    return 1 / n

def halve(row):
    raise KeyError('no amount')

class Own(Exception):
    def __init__(self, one, two): super().__init__(one)

@ray.remote
def raises():
    raise Own('own: words', 2)

@ray.remote
class Broken:
    def __init__(self): open('/work/missing')
    def say(self): pass

@ray.remote
def outer():
    return ray.get(share.remote(0))

for fails in (
    lambda: ray.data.read_csv('s3://raw/sales.csv').map(halve).take_all(),
    lambda: ray.get(raises.remote()),
    lambda: ray.get(Broken.remote().say.remote()),
    lambda: ray.get(outer.remote()),
):
    try:
        fails()
    except Exception as error:
        print(json.dumps(engine.describe(error)))
print(ray.get(share.remote(0)))
";
    assert_eq!(house.ray(code).await, ProcessState::Exited(1));
    let both = house.both().await;
    let told: Vec<serde_json::Value> =
        house.stdout().await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [("KeyError", 8), ("Own", 15), ("FileNotFoundError", 19), ("ZeroDivisionError", 5)];
    let types_and_lines: Vec<_> =
        told.iter().map(|told| (told["type"].as_str().unwrap(), told["line"].as_u64().unwrap())).collect();
    assert_eq!(types_and_lines, expected, "{told:?}");
    assert_eq!(told[1]["message"], "own: words");
    let failure = house.failure();
    assert_eq!(failure["type"], "ZeroDivisionError");
    assert_eq!(failure["message"], "division by zero");
    assert_eq!(failure["line"], 5);
    assert!(both.contains("File \"/work/program.py\", line 36, in <module>"), "{both}");
    assert!(both.contains("return 1 / n"), "{both}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ray_is_held_to_its_run_and_heard_by_nobody() {
    is_held(House::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_was_started_ahead() {
    is_held(House::warm("ray").await).await;
}

async fn is_held(house: House) {
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

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_were_started_ahead_have_the_programs_environment_and_nothing_else() {
    let code = r#"
import json, os
import ray

@ray.remote
def environment(_):
    return {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "__RAY", "AWS_ENDPOINT"))}

@ray.remote
class Actor:
    def output(self):
        return os.environ["OUTPUT_PATH"]

seen = ray.get([environment.remote(number) for number in range(8)])
assert all(one == seen[0] for one in seen), seen
actors = [Actor.remote() for _ in range(4)]
assert set(ray.get([actor.output.remote() for actor in actors])) == {os.environ["OUTPUT_PATH"]}
work = sorted(name for name in os.listdir("/work") if not name.startswith("engine."))
print(json.dumps([sorted(seen[0].items()), work, sorted(globals()), os.listdir("/in"), os.listdir("/out")]))
"#;
    let mut seen = Vec::new();
    for house in [House::new().await, House::warm("ray").await] {
        assert_eq!(house.ray(code).await, ProcessState::Exited(0), "{}", house.both().await);
        assert_eq!(house.stderr().await, "");
        seen.push(house.stdout().await);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].contains(OUTPUT), "{}", seen[0]);
}
