//! Reads a PySpark program against its task: which rules there are, and one function that runs them.

mod columns;
mod cost;
mod flow;
mod formats;
mod glue;
mod hops;
mod kinds;
mod platform;
mod reads;
mod safety;
mod session;
mod sql;
mod style;
mod symbols;
mod tables;
mod versions;
mod walk;
mod writes;

#[cfg(test)]
mod tests;

use enginehouse_pycheck::{Policy, Program, Syntax, check, done, paths, report};
use enginehouse_sdk::{Finding, Rule, Severity, Task};

use self::{kinds::Kinds, walk::Walk};
pub(crate) use self::{platform::Platform, symbols::VERSION};

/// The most findings that are answered.
const FINDINGS: usize = 200;
/// What makes data of what is written in the program.
const MAKERS: &[&str] = &["createDataFrame", "parallelize"];

/// Reads the code and runs none of it. Pure: the same task and code give the same findings, in the order of the code.
pub(crate) fn validate(task: &Task, code: &str) -> Vec<Finding> {
    let syntax = match Syntax::parse(code) {
        Ok(syntax) => syntax,
        Err(findings) => return report::tidy(findings, FINDINGS),
    };
    let program = Program::read_with(&syntax, &symbols::symbols().stars());
    let given = paths::given(task);
    let platform = Platform::of(task);
    let (kinds, walk) = (Kinds::new(&program), Walk::of(syntax.body()));
    let reads = reads::find(&program, &walk);
    let mut findings = reads::check(task, &program, &reads);
    let unread = findings.iter().any(|finding| finding.rule == "P002" && finding.severity == Severity::Error);
    let makes_up = unread && !reads::reads_files(&program, &reads);
    let policy = Policy {
        modules: platform.modules(),
        given: &given,
        makers: if makes_up { MAKERS } else { &[] },
        lends_credentials: platform != Platform::Local,
    };
    findings.extend(check(&program, &policy));
    findings.extend(session::check(task, platform, &program));
    findings.extend(tables::check(task, &program, &reads));
    findings.extend(formats::check(task, &program));
    findings.extend(writes::check(task, &program, &reads));
    findings.extend(style::check(&program, &kinds, &walk));
    let found = flow::follow(task, &program, &kinds, &walk, &reads);
    findings.extend(versions::check(&program, &kinds, &walk, &found));
    findings.extend(cost::check(task, &program, &kinds, &walk));
    findings.extend(columns::check(&program, &found));
    findings.extend(safety::check(&program));
    done((kinds, walk, found));
    done(program);
    done(syntax);
    report::tidy(findings, FINDINGS)
}

/// All rules of this plugin, for `describe`. Each is told, and tested, by its page in `rules/`.
pub(crate) fn rules() -> Vec<Rule> {
    use Severity::{Error, Warning};
    let own = [
        (Error, include_str!("../rules/P001.md")),
        (Error, include_str!("../rules/P002.md")),
        (Error, include_str!("../rules/P003.md")),
        (Error, include_str!("../rules/P004.md")),
        (Error, include_str!("../rules/P005.md")),
        (Error, include_str!("../rules/P006.md")),
        (Error, include_str!("../rules/P007.md")),
        (Error, include_str!("../rules/P008.md")),
        (Warning, include_str!("../rules/P009.md")),
        (Warning, include_str!("../rules/P010.md")),
        (Warning, include_str!("../rules/P011.md")),
        (Warning, include_str!("../rules/P012.md")),
        (Error, include_str!("../rules/P013.md")),
        (Error, include_str!("../rules/P014.md")),
        (Error, include_str!("../rules/P015.md")),
        (Warning, include_str!("../rules/P016.md")),
        (Warning, include_str!("../rules/P017.md")),
        (Warning, include_str!("../rules/P018.md")),
        (Warning, include_str!("../rules/P019.md")),
        (Warning, include_str!("../rules/P020.md")),
        (Error, include_str!("../rules/P021.md")),
        (Warning, include_str!("../rules/P022.md")),
        (Warning, include_str!("../rules/P023.md")),
        (Error, include_str!("../rules/P024.md")),
        (Error, include_str!("../rules/P025.md")),
        (Error, include_str!("../rules/P026.md")),
        (Error, include_str!("../rules/X108.md")),
        (Error, include_str!("../rules/X109.md")),
        (Error, include_str!("../rules/X112.md")),
        (Warning, include_str!("../rules/X113.md")),
    ];
    let own = own.map(|(severity, page)| Rule::of_page(severity, page));
    enginehouse_pycheck::rules().into_iter().chain(own).collect()
}
