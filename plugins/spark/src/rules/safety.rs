//! Ways out that only Spark has. Rules `X108` and `X109`, and Spark's ways to what `X101` and `X106` forbid.

use enginehouse_pycheck::{Part, Program, ast::Expr, report};
use enginehouse_sdk::Finding;

use super::hops::may_be_spark;

const JVM: &[&str] = &[
    "_jvm",
    "_jsc",
    "_gateway",
    "_jdf",
    "_jsparkSession",
    "_jwrite",
    "_jreader",
    "_java_obj",
    "_jconf",
    "_jc",
    "_jcols",
    "_jmap",
    "_jrdd",
    "_jseq",
    "_jsqlContext",
    "_ssql_ctx",
    "_wrapped",
    "_to_java_column",
    "_jrdd_deserializer",
    "_active_spark_context",
    "_sc",
];
const LOADERS: &[&str] = &[
    "addPyFile",
    "addFile",
    "addJar",
    "addArtifact",
    "addArtifacts",
    "addArchive",
    "registerJavaFunction",
    "registerJavaUDAF",
];
/// Settings that make Spark load code or run it.
const SETTINGS: &[&str] = &[
    "spark.jars",
    "spark.submit.pyfiles",
    "spark.archives",
    "spark.plugins",
    "spark.extralisteners",
    "spark.driver.extra",
    "spark.executor.extra",
    "spark.pyspark.python",
    "spark.pyspark.driver.python",
    "spark.yarn.dist",
    "spark.yarn.jars",
    "spark.yarn.archive",
    "spark.sql.extensions",
    "spark.sql.hive.metastore.jars",
    "spark.executorenv.",
    "spark.driver.userclasspathfirst",
    "spark.executor.userclasspathfirst",
    "spark.r.",
    "spark.redaction.",
    "spark.driver.defaultjavaoptions",
    "spark.executor.defaultjavaoptions",
    "spark.driver.resource.",
    "spark.worker.",
    "spark.python.use.daemon",
    "spark.python.daemon.module",
    "spark.python.worker.module",
];

pub(super) fn check(program: &Program<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let jvm = "use the DataFrame API; it needs nothing of the JVM";
    for expr in program.references() {
        let name = match expr {
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            Expr::Name(name) if name.id.as_str() == "_to_java_column" => name.id.as_str(),
            _ => continue,
        };
        if JVM.contains(&name) {
            findings.push(report::error("X108", program.span(expr), format!("`{name}` reaches into the JVM"), jvm));
        }
    }
    for (path, range) in program.imports() {
        if path.split('.').any(|part| part == "py4j" || part == "java_gateway" || JVM.contains(&part)) {
            let message = format!("`{}` reaches into the JVM", report::quote(&path));
            findings.push(report::error("X108", program.span(&range), message, jvm));
        }
    }
    for call in program.calls() {
        let span = || program.span(call.node);
        for chain in call.chains.iter() {
            if let Some(hop) = chain.latest().find(|hop| JVM.contains(&hop.name.as_ref())) {
                findings.push(report::error("X108", span(), format!("`{}` reaches into the JVM", hop.name), jvm));
                break;
            }
            if !may_be_spark(chain) {
                continue;
            }
            let Some(name) = call.called(chain) else { continue };
            let functions = chain.path().is_some_and(|path| path.starts_with("pyspark.sql.functions."));
            if LOADERS.contains(&name) {
                let hint = "write all code in this one program";
                findings.push(report::error("X109", span(), format!("`{name}` loads code or files"), hint));
            } else if functions && matches!(name, "reflect" | "java_method" | "try_reflect") {
                findings.push(report::error("X108", span(), format!("`{name}` calls the JVM"), jvm));
            } else if name == "pickleFile" {
                let hint = "use Parquet, CSV or JSON";
                findings.push(report::error("X106", span(), "`pickleFile` unpickles, which runs code", hint));
            } else if name == "pipe" && call.argument(0, "command").is_some() {
                let hint = "use the DataFrame API";
                findings.push(report::error("X101", span(), "`pipe` starts other programs", hint));
            }
        }
    }
    findings.extend(settings(program));
    findings
}

fn settings(program: &Program<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (expr, values) in program.strings() {
        for value in values.iter() {
            if let Some((setting, text)) = setting(value.prefix().trim()) {
                let message = format!("the setting `{}` loads or runs other code", report::quote(&text));
                let hint = format!("leave `{setting}` to the platform");
                findings.push(report::error("X109", program.span(expr), message, hint));
            }
            // Every call and every script has one of these.
            let spaced = |part: &Part| matches!(part, Part::Text(text) if text.contains([' ', '(', '\n', '\t', '`']));
            if !value.parts().iter().any(spaced) {
                continue;
            }
            let known: String = value
                .parts()
                .iter()
                .filter_map(|part| if let Part::Text(text) = part { Some(text.to_lowercase()) } else { None })
                .collect();
            if calls_java(&known) {
                let hint = "use Spark's own functions";
                findings.push(report::error("X108", program.span(expr), "the expression calls the JVM", hint));
            }
            if known.contains("transform") && known.contains(" using ") && known.contains("select") {
                let hint = "use Spark's own functions";
                findings.push(report::error("X101", program.span(expr), "the query starts a script", hint));
            }
        }
    }
    findings
}

/// The setting that a text is or sets (`SET spark.jars=…`), and the text as Spark would read it.
fn setting(text: &str) -> Option<(&'static str, String)> {
    let text = match text.get(..4) {
        Some(set) if set.eq_ignore_ascii_case("set ") => text.get(4..).unwrap_or_default().trim_start(),
        _ => text,
    };
    if !text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("spark.")) {
        return None;
    }
    let text = text.to_lowercase();
    let found = SETTINGS.iter().find(|setting| text.starts_with(*setting));
    let found = found.or((text == "spark.files").then_some(&"spark.files"))?;
    Some((found, text))
}

/// Whether an SQL text calls `reflect` or `java_method` with a class's name.
fn calls_java(text: &str) -> bool {
    ["reflect", "java_method"].iter().any(|function| {
        text.match_indices(function).any(|(at, _)| {
            let after = text.get(at + function.len()..).unwrap_or_default().trim_start_matches([' ', '`', '\n', '\t']);
            after.strip_prefix('(').is_some_and(|arguments| arguments.trim_start().starts_with(['\'', '"', 'c']))
        })
    })
}
