//! How the program gets, sets up and leaves its session. Rules `P001`, `P005`, `P008`, `P023`, `P024`, `P025`.

use enginehouse_pycheck::{Call, Chain, Program, Ranged, TextRange, argument, report};
use enginehouse_sdk::{Finding, Severity, Source, Task};

use super::{hops::may_be_spark, platform::Platform};

const SESSION: &str = "spark = SparkSession.builder.getOrCreate()";
/// What a platform's engine is told before the program: the program need not, and must not say otherwise.
const CATALOG: &[&str] = &["spark.sql.catalogImplementation", "spark.hadoop.hive.metastore.client.factory.class"];

pub(super) fn check(task: &Task, platform: Platform, program: &Program<'_>) -> Vec<Finding> {
    let (mut session, mut stopped) = (false, false);
    let mut findings = Vec::new();
    for call in program.calls() {
        for chain in call.chains.iter().filter(|chain| may_be_spark(chain)) {
            let Some(name) = call.called(chain) else { continue };
            session |= makes_session(chain, name);
            stopped |= name == "stop";
            if matches!(name, "master" | "setMaster") && (name == "setMaster" || chain.has("builder")) {
                let texts = argument(call.node, 0, "master").map(|master| program.texts(master));
                let local = texts.is_some_and(|texts| {
                    texts.iter().all(|text| text.known().is_some_and(|text| text.starts_with("local")))
                });
                findings.extend(master(program, platform, call.node.range(), local));
            }
            if chain.latest().any(|hop| matches!(hop.name.as_ref(), "readStream" | "writeStream"))
                || matches!(name, "awaitTermination" | "awaitAnyTermination")
            {
                let hint = "use `spark.read` and `.write`";
                findings.push(report::error("P024", program.span(call.node), "a batch program uses streaming", hint));
                break;
            }
        }
        findings.extend(catalog(task, program, call));
    }
    let starred = program.imports().any(|(path, _)| path.starts_with("pyspark") && path.ends_with(".*"));
    session |= starred
        && program.calls().iter().any(|call| call.chains.iter().any(|chain| call.called(chain) == Some("getOrCreate")));
    for (expr, values) in program.strings() {
        if values.iter().any(|value| matches!(value.known(), Some("spark.master" | "spark.submit.deployMode"))) {
            findings.extend(master(program, platform, expr.range(), false));
        }
    }
    if !session {
        let hint = format!("write `from pyspark.sql import SparkSession` and `{SESSION}`");
        findings.push(report::error("P001", None, "the program gets no SparkSession", hint));
    }
    if session && !stopped && platform == Platform::Lambda {
        let message = "the session is not stopped, and the function keeps it for whoever comes next";
        findings.push(report::warning("P023", None, message, "end the program with `spark.stop()`"));
    }
    for (path, range) in program.imports() {
        let span = program.span(&range);
        if path == "ray" || path.starts_with("ray.") {
            let hint = "write it with PySpark alone, or ask for the Ray framework";
            findings.push(report::error("P025", span, "a Spark program imports Ray", hint));
        } else if path.starts_with("pyspark.streaming") || path.starts_with("pyspark.sql.streaming") {
            let hint = "use `spark.read` and `.write`";
            findings.push(report::error("P024", span, "a batch program uses streaming", hint));
        }
    }
    findings
}

fn makes_session(chain: &Chain<'_>, name: &str) -> bool {
    let path = chain.path().unwrap_or_default();
    match name {
        "getOrCreate" | "getActiveSession" | "active" => {
            chain.has("builder") || path.contains("SparkSession") || path.contains("DatabricksSession")
        }
        "create" => chain.has("builder"),
        "GlueContext" | "SparkSession" | "SQLContext" | "HiveContext" => true,
        _ => false,
    }
}

/// EMR takes the master of the code before its own; elsewhere the session is there already.
fn master(program: &Program<'_>, platform: Platform, range: TextRange, local: bool) -> Option<Finding> {
    let severity = match platform {
        Platform::Emr => Severity::Error,
        Platform::Local | Platform::Lambda if local => return None,
        _ => Severity::Warning,
    };
    let hint = format!("leave the master to the platform: `{SESSION}`");
    Some(report::finding("P008", severity, program.span(&range), "the program sets the Spark master", hint))
}

/// Whether a call takes away the catalog in which the platform has put the tables.
fn catalog<'a>(task: &Task, program: &Program<'a>, call: &Call<'a>) -> Option<Finding> {
    let tables = task.sources.iter().any(|source| matches!(source, Source::Table(_)));
    let [key, ..] = call.node.arguments.args.as_ref() else { return None };
    let set = call.chains.iter().any(|chain| matches!(call.called(chain), Some("config" | "set")));
    if !tables || !set {
        return None;
    }
    let keys = program.texts(key);
    let setting = CATALOG.iter().find(|setting| keys.iter().any(|key| key.known() == Some(setting)))?;
    let value = call.argument(1, "value").map(|value| program.texts(value))?;
    let same = |text: &str| text == "hive" || text.ends_with("AWSGlueDataCatalogHiveClientFactory");
    if value.iter().all(|value| value.known().is_none_or(same)) {
        return None;
    }
    let message = format!("`{setting}` takes away the catalog that has the selected tables");
    Some(report::error("P005", program.span(call.node), message, "leave the catalog to the platform"))
}
