//! Whatever is sent as a program is read to the end: no panic, findings within the text, the same ones each time.
//!
//! Runs for two seconds; longer with `BOLERO_RANDOM_TEST_TIME_MS`, as in CI.

use enginehouse_corpus::fuzz::{self, SHORT};
use enginehouse_sdk::{Source, Supervisor, Task, testing};
use enginehouse_spark::Spark;

/// Whole programs, whose lines chance puts into another order, leaves out and breaks.
const SEEDS: &[&str] = &[
    include_str!("../rules/P003.md"),
    include_str!("../rules/P004.md"),
    include_str!("../rules/P014.md"),
    include_str!("../rules/P015.md"),
    include_str!("../rules/P021.md"),
    include_str!("../rules/X108.md"),
    include_str!("../rules/X109.md"),
    include_str!("../rules/X112.md"),
    include_str!("../rules/X113.md"),
];
/// What programs and queries are made of, so that chance makes some that parse.
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
    "df",
    "spark",
    "F",
    "output",
    "x",
    "1",
    "import os",
    "from pyspark.sql import SparkSession, Window",
    "spark = SparkSession.builder",
    ".getOrCreate()",
    "df = spark.read",
    ".csv('s3://data/sales.csv', header=True)",
    "from pyspark.sql import functions as F",
    ".table('sales.orders')",
    ".select('region')",
    ".filter(",
    "F.col('amount')",
    " > 1",
    " & ",
    " and ",
    " == ['a']",
    ".groupBy('region')",
    ".agg(",
    "F.sum('amount').alias('t')",
    ".withColumn('x', ",
    ".drop('day')",
    ".join(df, 'region')",
    ".orderBy('day')",
    ".createOrReplaceTempView('v')",
    "df = spark.sql('",
    "SELECT ",
    "* ",
    "FROM ",
    "v ",
    "sales.orders ",
    "WHERE ",
    "JOIN ",
    "WITH a AS (",
    "UNION ",
    "LATERAL VIEW explode(b) t AS c ",
    "CASE WHEN ",
    "END ",
    "DROP TABLE ",
    "INSERT INTO ",
    "CREATE OR REPLACE TEMP VIEW v AS ",
    "csv.`s3://x/y` ",
    "/*",
    "*/",
    "--",
    "`",
    "\\'",
    "{df}",
    "${x}",
    ".over(Window.partitionBy('region'))",
    ".write.mode('overwrite')",
    ".parquet(os.environ['OUTPUT_PATH'])",
    ".cache()",
    ".count()",
    ".collect()",
    ".rdd",
    "for c in ['a']:\n    ",
    "def f(df):\n    ",
    "return ",
    "lambda x: ",
    "._jvm",
    "if ",
    ":\n    ",
    "é",
    "\u{202e}",
    "\0",
    "*args",
    "**kw",
    ".config('spark.jars', 'x')",
    ".master('local')",
    "spark.stop()",
];

fn task() -> Task {
    let csv = testing::csv("s3://data/sales.csv", &[("region", ""), ("amount", ""), ("day", "")]);
    let table = testing::table("sales", "orders", &[("id", ""), ("total", "")]);
    testing::task("", vec![Source::Objects(csv), Source::Table(table)])
}

fn holds(task: &Task, code: &str) {
    fuzz::holds(code, |code| Spark::validate(task, code));
}

#[test]
fn fuzz_programs_of_spark_and_sql_pieces() {
    let task = task();
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(300).for_each(|bytes: &[u8]| {
        holds(&task, &fuzz::of_pieces(PIECES, bytes));
    });
}

#[test]
fn fuzz_programs_with_their_lines_mixed() {
    let task = task();
    let lines: Vec<&str> = SEEDS.iter().flat_map(|page| page.lines()).filter(|line| !line.starts_with("```")).collect();
    bolero::check!().with_test_time(SHORT).with_iterations(usize::MAX).with_max_len(120).for_each(|bytes: &[u8]| {
        holds(&task, &fuzz::of_lines(&lines, bytes));
    });
}
