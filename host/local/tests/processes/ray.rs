//! Ray itself, in the sandbox.

use std::{collections::BTreeSet, fs};

use enginehouse_capabilities::ProcessState;

use crate::house::{House, OUTPUT};

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
