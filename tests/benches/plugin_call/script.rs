//! The programs that are read, and the task that they are read for.

use std::fmt::Write;

use enginehouse_runtime as runtime;
use enginehouse_sdk as sdk;

const URI: &str = "s3://data/sales.csv";
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
