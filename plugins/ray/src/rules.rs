//! Reads a Ray program against its task: which rules there are, and one function that runs them.

mod actors;
mod cluster;
mod datasets;
mod environment;
mod gets;
mod large;
mod methods;
mod paths;
mod platform;
mod reads;
mod refs;
mod remote;
mod repeats;
mod resources;
mod returns;
mod safety;
mod shared;
mod size;
mod walk;
mod writes;

#[cfg(test)]
mod tests;

use enginehouse_pycheck::{Policy, Program, Syntax, check, done, paths::given, report};
use enginehouse_sdk::{Failure, Finding, Rule, Severity, Source, Task};

pub(crate) use self::platform::{Platform, VERSION};
use self::walk::Walk;

/// The most findings that are answered.
const FINDINGS: usize = 200;
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
    let platform = Platform::of(task);
    let walk = Walk::of(&program);
    let mut findings = reads::check(task, &program);
    let unread = findings.iter().any(|finding| finding.rule == "R018" && finding.severity == Severity::Error);
    let policy = Policy {
        modules: platform::MODULES,
        given: &given,
        makers: if unread { MAKERS } else { &[] },
        lends_credentials: platform != Platform::Local,
    };
    findings.extend(check(&program, &policy));
    findings.extend(cluster::check(&program));
    findings.extend(environment::check(&program));
    findings.extend(datasets::check(&program, platform));
    findings.extend(writes::check(task, &program));
    findings.extend(remote::check(&program));
    findings.extend(gets::check(&program, &walk));
    findings.extend(returns::check(&program, &walk));
    findings.extend(repeats::check(&program, &walk));
    findings.extend(large::check(&program, &walk));
    findings.extend(actors::check(&program, &walk));
    findings.extend(shared::check(&program));
    findings.extend(resources::check(&program, platform));
    findings.extend(safety::check(&program));
    safety::spare_harmless(&mut findings);
    done(walk);
    done(program);
    done(syntax);
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

/// All rules of this plugin, for `describe`. Each is told, and tested, by its page in `rules/`.
pub(crate) fn rules() -> Vec<Rule> {
    use Severity::{Error, Warning};
    let own = [
        (Error, include_str!("../rules/R001.md")),
        (Error, include_str!("../rules/R002.md")),
        (Error, include_str!("../rules/R003.md")),
        (Warning, include_str!("../rules/R004.md")),
        (Error, include_str!("../rules/R005.md")),
        (Warning, include_str!("../rules/R006.md")),
        (Warning, include_str!("../rules/R007.md")),
        (Warning, include_str!("../rules/R008.md")),
        (Warning, include_str!("../rules/R009.md")),
        (Warning, include_str!("../rules/R010.md")),
        (Warning, include_str!("../rules/R011.md")),
        (Warning, include_str!("../rules/R012.md")),
        (Error, include_str!("../rules/R013.md")),
        (Warning, include_str!("../rules/R014.md")),
        (Error, include_str!("../rules/R015.md")),
        (Warning, include_str!("../rules/R016.md")),
        (Error, include_str!("../rules/R017.md")),
        (Error, include_str!("../rules/R018.md")),
        (Error, include_str!("../rules/R019.md")),
        (Error, include_str!("../rules/R020.md")),
        (Warning, include_str!("../rules/R021.md")),
        (Error, include_str!("../rules/R022.md")),
        (Error, include_str!("../rules/R023.md")),
        (Error, include_str!("../rules/R024.md")),
        (Error, include_str!("../rules/R025.md")),
        (Error, include_str!("../rules/X109.md")),
    ];
    let own = own.map(|(severity, page)| Rule::of_page(severity, page));
    enginehouse_pycheck::rules().into_iter().chain(own).collect()
}
