//! Whatever is sent as a program is read to the end: no panic, findings within the text, the same ones each time.
//!
//! Runs for two seconds; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.

use enginehouse_corpus::fuzz::{self, SHORT};
use enginehouse_ray::Ray;
use enginehouse_sdk::{Source, Supervisor, TableSource, Task, testing};

/// What programs are made of, so that chance makes some that parse.
const PIECES: &[&str] = &[
    "\n",
    "\n    ",
    " ",
    ", ",
    ".",
    " = ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "f'{",
    "}'",
    "ds",
    "ray",
    "output",
    "x",
    "1",
    "import os",
    "import ray",
    "ray.init(",
    "address='ray://a:1'",
    "local_mode=True",
    "runtime_env={'pip': ",
    "@ray.remote\n",
    "@ray.remote(num_cpus=1)\n",
    "ray.remote(",
    "def f(x):\n    ",
    "class A:\n    ",
    "def __init__(self):\n        ",
    "async def g(self):\n        ",
    "self.x",
    "f.remote(x)",
    "f(x)",
    "A.remote()",
    ".options(num_cpus=1)",
    ".remote(",
    "a.g.remote()",
    "ray.get(",
    "ray.put(",
    "ray.wait([x])",
    "for x in ",
    "range(3):\n    ",
    "global x",
    "x.append(1)",
    "x[1] = 2",
    "ds = ray.data",
    ".read_csv('s3://data/sales.csv')",
    ".read_parquet('s3://lake/orders/')",
    ".read_excel(",
    ".read_sql(",
    "import pandas as pd",
    "pd.read_csv(",
    "import pyarrow.parquet as pq",
    "pq.write_table(",
    "from pyarrow import fs",
    ".map(lambda row: ",
    ".map_batches(A, concurrency=2)",
    ".groupby('region')",
    ".aggregate(",
    ".sum('amount')",
    ".filter(expr=",
    ".limit(5)",
    ".take_all()",
    ".to_pandas()",
    ".iter_batches()",
    ".write_parquet(os.environ['OUTPUT_PATH'])",
    ".write_sql(",
    ".to_csv(output + '/x')",
    "print(",
    "ray.shutdown()",
    "ray._private",
    "from ray import serve",
    "serve.run(",
    "from multiprocessing import Pool",
    "allow_pickle=True",
    "try:\n    ",
    "\nfinally:\n    ",
    "while True:\n    ",
    "return ",
    "yield ",
    "await ",
    "if ",
    ":\n    ",
    "é",
    "\u{202e}",
    "\0",
    "*args",
    "**kw",
    ":= ",
];

fn task() -> Task {
    let csv = testing::csv("s3://data/sales.csv", &[("region", ""), ("amount", ""), ("day", "")]);
    let table = TableSource {
        location: Some("s3://lake/orders".to_owned()),
        format: Some("parquet".to_owned()),
        ..testing::table("sales", "orders", &[("id", ""), ("total", "")])
    };
    testing::task("", vec![Source::Objects(csv), Source::Table(table)])
}

fn holds(task: &Task, code: &str) {
    fuzz::holds(code, |code| Ray::validate(task, code));
}

#[test]
fn fuzz_programs_of_ray_pieces() {
    let task = task();
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(300).for_each(|bytes: &[u8]| {
        holds(&task, &fuzz::of_pieces(PIECES, bytes));
    });
}

/// The programs of the corpus, whose lines chance puts into another order, leaves out and breaks.
#[test]
fn fuzz_programs_with_their_lines_mixed() {
    let task = task();
    let lines = fuzz::lines_of(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/valid"));
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(180).for_each(|bytes: &[u8]| {
        holds(&task, &fuzz::of_lines(&lines, bytes));
    });
}
