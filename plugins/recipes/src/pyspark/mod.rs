//! Renders a plan as a PySpark program that writes each output as Parquet under `OUTPUT_PATH`.
//!
//! It prints nothing: Spark would work each output out a second time, from its sources on.

mod filter;
mod query;
mod read;

use enginehouse_sdk::Source;

use crate::plan::{Input, JoinKind, Joined, Numbers, Plan};
pub use crate::text::{comment, data_type, identifier, literal};

/// The program. `sources` are those that the plan was made over.
#[must_use]
pub fn render(plan: &Plan, sources: &[Source]) -> String {
    let used = plan.input.used().into_iter().filter_map(|at| sources.get(at));
    let mut session = vec![".appName(\"enginehouse\")".to_owned()];
    if used.clone().any(|source| matches!(source, Source::Table(_))) {
        session.push(".enableHiveSupport()".to_owned());
    }
    if used.clone().any(read::differs_only_in_case) {
        session.push(".config(\"spark.sql.caseSensitive\", \"true\")".to_owned());
    }
    session.push(".getOrCreate()".to_owned());
    let mut body = input(&plan.input, sources);
    if let Some(filter) = &plan.filter {
        body.push(chain("df", "df", &[format!(".filter({})", filter::render(filter))]));
    }
    for output in &plan.outputs {
        let name = &output.name;
        body.push(String::new());
        body.push(query::render(name, &output.query));
        body.push(format!("{name}.write.mode(\"overwrite\").parquet(output.rstrip(\"/\") + \"/{name}\")"));
    }
    let mut lines = vec!["import os".to_owned(), String::new(), "from pyspark.sql import SparkSession".to_owned()];
    if body.iter().any(|line| line.contains("F.")) {
        lines.push("from pyspark.sql import functions as F".to_owned());
    }
    lines.extend([
        String::new(),
        comment(&format!("Request: {}", plan.request)),
        chain("spark", "SparkSession.builder", &session),
        "output = os.environ[\"OUTPUT_PATH\"]".to_owned(),
        String::new(),
    ]);
    lines.append(&mut body);
    lines.extend([String::new(), "spark.stop()".to_owned(), String::new()]);
    lines.join("\n")
}

fn input(input: &Input, sources: &[Source]) -> Vec<String> {
    match input {
        Input::Numbers(numbers) => vec![chain("df", &spark_range(numbers), &[power(numbers)])],
        Input::Source(at) => {
            sources.get(*at).map(read::calls).map(|(head, calls)| chain("df", head, &calls)).into_iter().collect()
        }
        Input::Join(joined) => join(joined, sources),
    }
}

fn join(joined: &[Joined], sources: &[Source]) -> Vec<String> {
    let mut lines = Vec::new();
    for table in joined {
        let Some(source) = sources.get(table.source) else { continue };
        let (head, mut calls) = read::calls(source);
        let renames = table.renames.iter();
        calls.extend(renames.map(|(old, new)| format!(".withColumnRenamed({}, {})", literal(old), literal(new))));
        lines.push(chain(&table.name, head, &calls));
    }
    let Some((first, rest)) = joined.split_first() else { return lines };
    let calls: Vec<String> = rest
        .iter()
        .map(|table| {
            let keys: Vec<String> = table.keys.iter().map(|key| literal(key)).collect();
            let how = match table.kind {
                JoinKind::Inner => "inner",
                JoinKind::Left => "left",
                JoinKind::Right => "right",
                JoinKind::Full => "full",
            };
            format!(".join({}, on=[{}], how=\"{how}\")", table.name, keys.join(", "))
        })
        .collect();
    lines.push(chain("df", &first.name, &calls));
    lines
}

fn spark_range(numbers: &Numbers) -> String {
    let end = numbers.last.saturating_add(1);
    match numbers.step {
        1 => format!("spark.range({}, {end})", numbers.first),
        step => format!("spark.range({}, {end}, {step})", numbers.first),
    }
}

fn power(numbers: &Numbers) -> String {
    let id = if numbers.wide { "F.col(\"id\").cast(\"decimal(38,0)\")" } else { "F.col(\"id\")" };
    let factors = vec![id; usize::try_from(numbers.power).unwrap_or(1)].join(" * ");
    let name = Numbers::COLUMN;
    if numbers.power == 1 {
        format!(".select({id}.alias(\"{name}\"))")
    } else {
        format!(".select(({factors}).alias(\"{name}\"))")
    }
}

/// `name = head.a().b()`, on one line where it is short enough.
fn chain(name: &str, head: &str, calls: &[String]) -> String {
    let line = format!("{name} = {head}{}", calls.concat());
    if line.chars().count() <= 100 || calls.is_empty() {
        return line;
    }
    format!("{name} = (\n    {head}\n    {}\n)", calls.join("\n    "))
}
