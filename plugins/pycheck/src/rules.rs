//! The common rules: what they are, and one function that runs them all.

use enginehouse_sdk::{Finding, Rule, Severity};

use crate::{Program, leftovers, names, report, safety};

/// What the caller of the rules knows.
#[derive(Debug, Clone, Default)]
pub struct Policy<'a> {
    /// Modules that may be imported with all that lies under them, beside [`crate::modules::SAFE`]: the framework's own.
    /// They win over the safety rules against imports.
    pub modules: &'a [&'a str],
    /// Texts that the task names, such as uris: no placeholder, whatever they look like.
    pub given: &'a [&'a str],
}

/// The most findings of the common rules.
const FINDINGS: usize = 500;

/// Runs the rules that hold for every Python engine, and answers in the order of the code. Syntax (`C001`, `C002`) was told by [`crate::Syntax::parse`].
pub fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = names::check(program);
    findings.extend(placeholders(program, policy));
    findings.extend(safety::check(program, policy));
    if program.exhausted() {
        let message = "the program is too intricate to be checked";
        findings.push(report::error("C001", None, message, "write it in fewer steps, without long chains of names"));
    }
    report::tidy(findings, FINDINGS)
}

/// The common rules, for `describe`.
pub fn rules() -> Vec<Rule> {
    [
        ("C001", Severity::Error, "The code is valid Python 3.11 and not nested too deeply."),
        ("C002", Severity::Error, "Nothing but the program is in the answer: no fences, no thinking, no prose."),
        ("C003", Severity::Error, "Every name is defined before it is used."),
        ("C004", Severity::Warning, "Every import is used."),
        ("C005", Severity::Error, "No placeholder is left, such as YOUR_BUCKET or <path>."),
        ("C010", Severity::Error, "Only modules that the engine offers are imported."),
        ("X101", Severity::Error, "No other program is started."),
        ("X102", Severity::Error, "No code is made at run time: eval, exec, compile, __import__, importlib."),
        ("X103", Severity::Error, "No network connection is opened."),
        ("X104", Severity::Error, "No file is deleted, renamed, searched for or opened for writing."),
        ("X105", Severity::Error, "No credentials are written down or looked for, and the environment is left alone."),
        ("X106", Severity::Error, "Nothing is unpickled."),
        ("X107", Severity::Error, "The program does not reach into the interpreter."),
        ("X110", Severity::Error, "No threads, processes, signals or native code."),
    ]
    .into_iter()
    .map(|(id, severity, summary)| Rule {
        id: id.to_owned(),
        severity,
        summary: summary.to_owned(),
        page: String::new(),
    })
    .collect()
}

fn placeholders(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (expr, values) in program.strings() {
        let texts = values.iter().flat_map(|value| value.parts()).filter_map(|part| match part {
            crate::Part::Text(text) => Some(text),
            _ => None,
        });
        for text in texts {
            let Some((mark, place)) = leftovers::placeholder(text) else { continue };
            if policy.given.iter().any(|given| given.contains(mark)) {
                continue;
            }
            let message = format!("the text `{}` holds the placeholder `{mark}`", report::quote(text));
            let severity = if place { Severity::Error } else { Severity::Warning };
            findings.push(report::finding(
                "C005",
                severity,
                program.span(expr),
                message,
                "write the real value from the request",
            ));
            break;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Syntax;

    fn found(code: &str, given: &[&str]) -> Vec<(String, Severity)> {
        let syntax = Syntax::parse(code).unwrap_or_else(|findings| panic!("{findings:?}"));
        let policy = Policy { modules: &[], given };
        check(&Program::read(&syntax), &policy).into_iter().map(|finding| (finding.rule, finding.severity)).collect()
    }

    #[test]
    fn placeholders_are_told_where_they_are_not_given() {
        let code = "path = \"s3://YOUR_BUCKET/x\"\nprint(path)\n";
        assert_eq!(found(code, &[]), [("C005".to_owned(), Severity::Error)]);
        assert_eq!(found(code, &["s3://YOUR_BUCKET/x"]), []);
        assert_eq!(found("print(\"REPLACE_ME\")\n", &[]), [("C005".to_owned(), Severity::Warning)]);
        assert_eq!(found("print(\"s3://data/x\", \"mail@example.com\")\n", &[]), []);
        assert_eq!(found("b = \"<bucket>\"\nprint(f\"s3://{b}/x\")\n", &[]).len(), 2);
    }

    #[test]
    fn rules_have_ids_of_their_own() {
        let rules = rules();
        let ids: std::collections::BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.len(), rules.len());
    }
}
