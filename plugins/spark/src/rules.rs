//! Reads a PySpark program against its task: which rules there are, and one function that runs them.

mod columns;
mod hops;
mod reads;
mod safety;
mod session;
mod sql;
mod style;
mod tables;
mod writes;

#[cfg(test)]
mod tests;

use enginehouse_pycheck::{Policy, Program, Syntax, check, paths, report};
use enginehouse_sdk::{Finding, Rule, Severity, Task};

/// The most findings that are answered.
const FINDINGS: usize = 200;

/// What the engine on this machine has beside the standard library.
const LOCAL_MODULES: &[&str] = &["pyspark"];
/// What the managed platforms have.
const CLOUD_MODULES: &[&str] =
    &["pyspark", "pandas", "numpy", "pyarrow", "dateutil", "pytz", "six", "boto3", "botocore", "awsglue"];

/// Reads the code and runs none of it. Pure: the same task and code give the same findings, in the order of the code.
pub(crate) fn validate(task: &Task, code: &str) -> Vec<Finding> {
    let syntax = match Syntax::parse(code) {
        Ok(syntax) => syntax,
        Err(findings) => return report::tidy(findings, FINDINGS),
    };
    let program = Program::read(&syntax);
    let given = paths::given(task);
    let cloud = matches!(task.platform.as_deref(), Some("lambda" | "emr" | "glue"));
    let policy =
        Policy { modules: if cloud { CLOUD_MODULES } else { LOCAL_MODULES }, given: &given, ..Policy::default() };
    let mut findings = check(&program, &policy);
    let reads = reads::find(&program);
    findings.extend(session::check(task, &program));
    findings.extend(reads::check(task, &program, &reads));
    findings.extend(tables::check(task, &program, &reads));
    findings.extend(writes::check(task, &program, &reads));
    findings.extend(style::check(&program));
    findings.extend(columns::check(task, &program));
    findings.extend(safety::check(&program));
    report::tidy(findings, FINDINGS)
}

/// All rules of this plugin, for `describe`.
pub(crate) fn rules() -> Vec<Rule> {
    let own = [
        ("P001", Severity::Error, "The program gets a SparkSession."),
        ("P002", Severity::Error, "The given source is read."),
        ("P003", Severity::Error, "Nothing but the given sources is read."),
        ("P004", Severity::Error, "Only the selected tables are read."),
        ("P005", Severity::Error, "Where tables are selected, the session has enableHiveSupport()."),
        ("P006", Severity::Error, "The result is written to OUTPUT_PATH; a program that only displays gets a warning."),
        ("P007", Severity::Warning, "A write names its mode, and does not overwrite an input."),
        ("P008", Severity::Warning, "The program leaves the master to the platform."),
        ("P009", Severity::Warning, "Rows are brought to the driver only after limit() or an aggregation."),
        (
            "P013",
            Severity::Error,
            "A name imported from pyspark.sql.functions is not used as the builtin that it hides.",
        ),
        ("P014", Severity::Error, "Columns are combined with &, | and ~, not with and, or and not."),
        ("P021", Severity::Error, "The columns that are used exist in the source."),
        ("P024", Severity::Error, "A batch program does no streaming."),
        ("P025", Severity::Error, "A Spark program does not use Ray."),
        (
            "P026",
            Severity::Error,
            "Nothing is written elsewhere than to OUTPUT_PATH or the declared output, and no table is changed.",
        ),
        ("X108", Severity::Error, "The program does not reach into the JVM."),
        ("X109", Severity::Error, "No code is loaded from elsewhere: no addPyFile, addJar, spark.jars."),
    ];
    let own = own.map(|(id, severity, summary)| Rule {
        id: id.to_owned(),
        severity,
        summary: summary.to_owned(),
        page: String::new(),
    });
    enginehouse_pycheck::rules().into_iter().chain(own).collect()
}
