//! Reads a Ray program against its task: which rules there are, and one function that runs them.

mod cluster;
mod paths;
mod reads;
mod remote;
mod safety;
mod shared;
mod writes;

#[cfg(test)]
mod tests;

use enginehouse_pycheck::{Policy, Program, Syntax, check, paths::given, report};
use enginehouse_sdk::{Failure, Finding, Rule, Severity, Source, Task};

/// The most findings that are answered.
const FINDINGS: usize = 200;

/// What the engine has beside the standard library. Async actors need `asyncio`.
const MODULES: &[&str] = &["ray", "pyarrow", "pandas", "numpy", "asyncio"];
/// What makes data of what is written in the program.
const MAKERS: &[&str] = &["ray.data.from_items", "ray.data.from_pandas"];

/// Reads the code and runs none of it. Pure: the same task and code give the same findings, in the order of the code.
pub(crate) fn validate(task: &Task, code: &str) -> Vec<Finding> {
    let syntax = match Syntax::parse(code) {
        Ok(syntax) => syntax,
        Err(findings) => return report::tidy(findings, FINDINGS),
    };
    let program = Program::read(&syntax);
    let given = given(task);
    let mut findings = reads::check(task, &program);
    let unread = findings.iter().any(|finding| finding.rule == "R018" && finding.severity == Severity::Error);
    let policy =
        Policy { modules: MODULES, given: &given, makers: if unread { MAKERS } else { &[] }, ..Policy::default() };
    findings.extend(check(&program, &policy));
    findings.extend(cluster::check(&program));
    findings.extend(writes::check(task, &program));
    findings.extend(remote::check(&program));
    findings.extend(shared::check(&program));
    findings.extend(safety::check(&program));
    report::tidy(findings, FINDINGS)
}

/// Whether Ray has a way to all sources of a task.
///
/// # Errors
/// [`Failure::Unsupported`] for views, tables without files and relations.
pub(crate) fn readable(task: &Task) -> Result<(), Failure> {
    for source in &task.sources {
        let name = match source {
            Source::Objects(_) => continue,
            Source::Table(table) if paths::location(table).is_some() => continue,
            Source::Table(table) => format!("{}.{}", table.database, table.name),
            Source::Relation(relation) => relation.name.clone(),
        };
        return Err(Failure::Unsupported(format!(
            "Ray reads files, and `{}` is none: it reads tables with a location in the object store and the format CSV, \
             Parquet or JSON; use Spark for views, other tables and relations",
            report::quote(&name)
        )));
    }
    Ok(())
}

/// All rules of this plugin, for `describe`.
pub(crate) fn rules() -> Vec<Rule> {
    let own = [
        ("R001", Severity::Error, "The program imports ray."),
        ("R002", Severity::Error, "ray.init() takes the cluster that is there: no foreign address, no local_mode."),
        ("R004", Severity::Warning, "The program calls ray.init() itself."),
        (
            "R005",
            Severity::Error,
            "Remote functions and actors are called with .remote(), and others without; actors' methods too.",
        ),
        ("R006", Severity::Warning, "ray.get() gathers many results at once, and not one after the other in a loop."),
        ("R013", Severity::Error, "Tasks do not change global variables: each process has its own."),
        ("R015", Severity::Error, "Tasks start no processes of their own."),
        ("R017", Severity::Error, "Readers of ray.data exist; all rows are taken only where there are few (warning)."),
        ("R018", Severity::Error, "The given source is read."),
        ("R019", Severity::Error, "The program writes a result to OUTPUT_PATH or prints it."),
        ("R020", Severity::Error, "A Ray program does not use Spark."),
        ("R022", Severity::Error, "A batch program starts no service: no Ray Serve, dashboard, jobs or client."),
        ("R024", Severity::Error, "Nothing but the given sources is read."),
        ("R025", Severity::Error, "Nothing is written elsewhere than to OUTPUT_PATH or the declared output."),
        ("X109", Severity::Error, "No code is loaded from elsewhere: no runtime_env but env_vars."),
    ];
    let own = own.map(|(id, severity, summary)| Rule {
        id: id.to_owned(),
        severity,
        summary: summary.to_owned(),
        page: String::new(),
    });
    enginehouse_pycheck::rules().into_iter().chain(own).collect()
}
