//! Names that PySpark's programs import, and data that is made up instead of read.

use enginehouse_corpus::{Mutant, Mutation, Valid, mutations::error};
use enginehouse_sdk::Source;

use super::functions;

pub(super) fn all() -> Vec<Mutation> {
    vec![
        error("C003", "the functions are not imported", &[], |valid| {
            let name = functions(valid)?;
            let import = format!("functions as {name}");
            let code = match valid.code.lines().find(|line| line.ends_with(&import))?.contains(',') {
                true => valid.replace(&format!(", {import}"), "")?,
                false => valid.without(|line| line.ends_with(&import))?,
            };
            Mutant::at_any(code, &format!("{name}."))
        }),
        error("C003", "the session's class is not imported", &["P001"], |valid| {
            let code = valid.without(|line| line == "from pyspark.sql import SparkSession")?;
            Mutant::at_any(code, "SparkSession")
        }),
        error("C006", "data is made up and not read", &["P002", "P003", "P021", "C003"], |valid| {
            let (line, name) = lone_read(valid)?;
            let made =
                format!("{name} = spark.createDataFrame([(1, \"a\", 10.5), (2, \"b\", 7.25)], [\"id\", \"k\", \"v\"])");
            Mutant::at(valid.replace(line, &made)?, &made)
        }),
    ]
}

/// A line that reads the only source, and the name that it gives to the frame.
fn lone_read(valid: &Valid) -> Option<(&str, &str)> {
    let [Source::Objects(objects)] = valid.task.sources.as_slice() else { return None };
    let reads: Vec<&str> = valid.code.lines().filter(|line| line.contains(".read.")).collect();
    let [line] = reads.as_slice() else { return None };
    let (name, read) = line.split_once(" = spark.read.")?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let whole = read.contains(&format!("\"{}\"", objects.uri)) && !read.contains(".rdd");
    (plain && whole && line.ends_with(')') && read.matches('(').count() == read.matches(')').count())
        .then_some((line, name))
}
