//! The programs that are read, and the task that they are read for.

use std::{fmt::Write, fs, path::PathBuf};

use enginehouse_runtime as runtime;
use enginehouse_sdk as sdk;

const URI: &str = "s3://data/sales.csv";
/// What most programs of the validators' corpora read.
const SALES: &str = "s3://retail/sales.csv";
const COLUMNS: [&str; 3] = ["region", "amount", "day"];

/// A clean program of so many lines; another for every `number`.
pub(crate) fn program(lines: usize, number: usize) -> String {
    let mut text = format!(
        "import os\nfrom pyspark.sql import SparkSession\nfrom pyspark.sql import functions as F\n\n\
         spark = SparkSession.builder.appName(\"report {number}\").getOrCreate()\n\
         df = spark.read.option(\"header\", True).option(\"inferSchema\", True).csv(\"{URI}\")\n"
    );
    for line in 0..lines.saturating_sub(10) {
        let _ = match line % 4 {
            0 => writeln!(text, "df = df.withColumn(\"c{line}\", F.col(\"amount\") * {line} + F.lit({number}))"),
            1 => writeln!(text, "df = df.filter((F.col(\"amount\") > {line}) | (F.col(\"region\") == \"r{line}\"))"),
            2 => writeln!(text, "names = [name.strip() for name in [\"a\", \"b\", \"c{line}\"] if name != \"b\"]"),
            _ => writeln!(text, "totals = {{\"line\": {line}, \"half\": {line} / 2, \"names\": names}}"),
        };
    }
    text.push_str(
        "result = df.groupBy(\"region\").agg(F.sum(\"amount\").alias(\"total\"))\n\
         result.write.mode(\"overwrite\").parquet(os.environ[\"OUTPUT_PATH\"])\nresult.show()\nspark.stop()\n",
    );
    text
}

/// Programs, each as a function, over and over up to so many lines; another for every `number`.
pub(crate) fn assembled(programs: &[String], lines: usize, number: usize) -> String {
    let mut text = format!("# {number}\n");
    for (turn, program) in programs.iter().cycle().enumerate() {
        let left = lines.saturating_sub(text.lines().count());
        // A program that is cut off would be no Python.
        if program.lines().count() + 3 > left {
            text.push_str(&"# a line\n".repeat(left));
            return text;
        }
        let _ = writeln!(text, "def program_{turn}():");
        for line in program.lines() {
            let _ = if line.is_empty() { writeln!(text) } else { writeln!(text, "    {line}") };
        }
        let _ = writeln!(text, "\nprogram_{turn}()");
    }
    text
}

/// The programs of a validator's corpus that read `SALES`, without those of what may only stand in a module.
pub(crate) fn sales_programs(framework: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../plugins/{framework}/tests/corpus/valid"));
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let programs = paths.into_iter().map(|path| fs::read_to_string(path).unwrap());
    let fits = |program: &String| {
        program.contains(&format!("uri = \"{SALES}\""))
            && !program.contains("import *")
            && !program.contains("__future__")
    };
    programs.filter(fits).collect()
}

pub(crate) fn sales_task() -> runtime::Task {
    let columns = [
        ("order_id", "bigint"),
        ("region", "string"),
        ("product", "string"),
        ("amount", "double"),
        ("order_date", "date"),
    ];
    let column = |(name, kind): (&str, &str)| runtime::Column {
        name: name.to_owned(),
        data_type: Some(kind.to_owned()),
        comment: None,
    };
    let mut task = task();
    if let [runtime::Source::Objects(source)] = task.sources.as_mut_slice() {
        source.uri = SALES.to_owned();
        source.columns = columns.map(column).into();
    }
    task
}

pub(crate) fn task() -> runtime::Task {
    let column = |name: &str| runtime::Column { name: name.to_owned(), data_type: None, comment: None };
    let source = runtime::ObjectSource {
        uri: URI.to_owned(),
        format: Some("csv".to_owned()),
        bytes: None,
        columns: COLUMNS.map(column).into(),
        properties: Vec::new(),
        sample: None,
    };
    runtime::Task { sources: vec![runtime::Source::Objects(source)], ..task_without_places() }
}

pub(crate) fn task_without_places() -> runtime::Task {
    runtime::Task {
        prompt: String::new(),
        sources: Vec::new(),
        output: None,
        platform: None,
        places: Vec::new(),
        options: Vec::new(),
    }
}

/// The same, as the plugin itself sees it.
pub(crate) fn native_task() -> sdk::Task {
    let column = |name: &str| sdk::Column { name: name.to_owned(), data_type: None, comment: None };
    let source = sdk::ObjectSource {
        uri: URI.to_owned(),
        format: Some("csv".to_owned()),
        bytes: None,
        columns: COLUMNS.map(column).into(),
        properties: Vec::new(),
        sample: None,
    };
    sdk::Task {
        prompt: String::new(),
        sources: vec![sdk::Source::Objects(source)],
        output: None,
        platform: None,
        places: Vec::new(),
        options: Vec::new(),
    }
}
