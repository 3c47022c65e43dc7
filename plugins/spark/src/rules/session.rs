//! How the program gets and sets up its session. Rules `P001`, `P005`, `P008`, `P024`, `P025`.

use enginehouse_pycheck::{Program, report};
use enginehouse_sdk::{Finding, Source, Task};

use super::hops::may_be_spark;

const SESSION: &str = "spark = SparkSession.builder.getOrCreate()";

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let tables = task.sources.iter().any(|source| matches!(source, Source::Table(_)));
    let (mut session, mut hive) = (false, false);
    let mut findings = Vec::new();
    for call in program.calls() {
        for chain in call.chains.iter().filter(|chain| may_be_spark(chain)) {
            let Some(name) = call.called(chain) else { continue };
            let span = program.span(call.node);
            match name {
                "getOrCreate" | "getActiveSession" | "active" | "create" => {
                    let path = chain.path().unwrap_or_default();
                    session |= name != "create"
                        && (chain.has("builder")
                            || path.contains("SparkSession")
                            || path.contains("DatabricksSession"));
                    session |= name == "create" && chain.has("builder");
                }
                "enableHiveSupport" => hive = true,
                "master" | "setMaster" if name == "setMaster" || chain.has("builder") => {
                    let hint = format!("leave the master to the platform: `{SESSION}`");
                    findings.push(report::warning("P008", span, "the program sets the Spark master", hint));
                }
                "GlueContext" => session = true,
                _ => {}
            }
            if chain.latest().any(|hop| matches!(hop.name.as_ref(), "readStream" | "writeStream")) {
                let hint = "use `spark.read` and `.write`";
                findings.push(report::error("P024", program.span(call.node), "a batch program uses streaming", hint));
            }
        }
    }
    let starred = program.imports().any(|(path, _)| path.starts_with("pyspark") && path.ends_with(".*"));
    session |= starred
        && program.calls().iter().any(|call| call.chains.iter().any(|chain| call.called(chain) == Some("getOrCreate")));
    for (expr, values) in program.strings() {
        if values.iter().any(|value| value.known() == Some("spark.master")) {
            findings.push(report::warning(
                "P008",
                program.span(expr),
                "the program sets the Spark master",
                "leave it to the platform",
            ));
        }
    }
    if !session {
        let hint = format!("write `from pyspark.sql import SparkSession` and `{SESSION}`");
        findings.push(report::error("P001", None, "the program gets no SparkSession", hint));
    }
    if tables && !hive {
        let hint = "write `SparkSession.builder.enableHiveSupport().getOrCreate()`";
        findings.push(report::error("P005", None, "tables are selected, and the session has no Hive support", hint));
    }
    for (path, range) in program.imports() {
        if path == "ray" || path.starts_with("ray.") {
            let hint = "write it with PySpark alone, or ask for the Ray framework";
            findings.push(report::error("P025", program.span(&range), "a Spark program imports Ray", hint));
        }
    }
    findings
}
