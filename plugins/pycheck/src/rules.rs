//! The common rules: what they are, and one function that runs them all.

use enginehouse_sdk::{Finding, Rule, Severity};

use crate::{Program, habits, leftovers, names, report, safety};

/// What the caller of the rules knows.
#[derive(Debug, Clone, Default)]
pub struct Policy<'a> {
    /// Modules that the planned platform has beside [`crate::modules::SAFE`], with all that lies under them. Where no platform is
    /// planned yet, those of any. They win over the safety rules against imports.
    pub modules: &'a [&'a str],
    /// Texts that the task names, such as uris: no placeholder, whatever they look like.
    pub given: &'a [&'a str],
    /// The calls by which the framework makes data of what is written in the program, such as `createDataFrame` or
    /// `ray.data.from_items`, where a source was given and the program does not read it; empty otherwise.
    pub makers: &'a [&'a str],
    /// Whether the platform keeps credentials of its own in the environment, as AWS does: to pass these on is needless, and
    /// no more.
    pub lends_credentials: bool,
}

/// The most findings of the common rules.
const FINDINGS: usize = 500;

/// Runs the rules that hold for every Python engine, and answers in the order of the code. Syntax (`C001`, `C002`) was told by [`crate::Syntax::parse`].
pub fn check(program: &Program<'_>, policy: &Policy<'_>) -> Vec<Finding> {
    let mut findings = names::check(program);
    findings.extend(placeholders(program, policy));
    findings.extend(habits::check(program, policy));
    findings.extend(safety::check(program, policy));
    if program.exhausted() {
        let message = "the program is too intricate to be checked";
        findings.push(report::error("C001", None, message, "write it in fewer steps, without long chains of names"));
    }
    report::tidy(findings, FINDINGS)
}

/// The common rules, for `describe`. Each is told, and tested, by its page in `rules/`.
pub fn rules() -> Vec<Rule> {
    use Severity::{Error, Warning};
    [
        (Error, include_str!("../rules/C001.md")),
        (Error, include_str!("../rules/C002.md")),
        (Error, include_str!("../rules/C003.md")),
        (Warning, include_str!("../rules/C004.md")),
        (Error, include_str!("../rules/C005.md")),
        (Error, include_str!("../rules/C006.md")),
        (Warning, include_str!("../rules/C007.md")),
        (Error, include_str!("../rules/C008.md")),
        (Warning, include_str!("../rules/C009.md")),
        (Error, include_str!("../rules/C010.md")),
        (Error, include_str!("../rules/X101.md")),
        (Error, include_str!("../rules/X102.md")),
        (Error, include_str!("../rules/X103.md")),
        (Error, include_str!("../rules/X104.md")),
        (Error, include_str!("../rules/X105.md")),
        (Error, include_str!("../rules/X106.md")),
        (Error, include_str!("../rules/X107.md")),
        (Error, include_str!("../rules/X110.md")),
        (Warning, include_str!("../rules/X111.md")),
        (Error, include_str!("../rules/X114.md")),
        (Error, include_str!("../rules/X115.md")),
    ]
    .into_iter()
    .map(|(severity, page)| Rule::of_page(severity, page))
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
        let policy = Policy { given, ..Policy::default() };
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

    #[test]
    fn pages_hold() {
        let policy = Policy {
            modules: &["pyspark", "ray", "pandas", "numpy", "yaml"],
            makers: &["createDataFrame", "ray.data.from_items"],
            ..Policy::default()
        };
        let validate = |code: &str| match Syntax::parse(code) {
            Ok(syntax) => check(&Program::read(&syntax), &policy),
            Err(findings) => findings,
        };
        let faults = crate::pages::faults(&rules(), validate);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
