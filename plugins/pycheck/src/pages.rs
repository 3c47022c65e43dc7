//! Rules' pages are their tests: what stands under `## Wrong` raises the rule, what stands under `## Right` raises none.

use enginehouse_sdk::{Finding, Rule};

/// The longest page that the contract takes, in bytes.
const PAGE: usize = 16 << 10;

/// The blocks of Python under `## Wrong` and under `## Right`.
pub fn blocks(page: &str) -> (Vec<String>, Vec<String>) {
    let (mut wrong, mut right) = (Vec::new(), Vec::new());
    let mut lines = page.lines();
    let mut section = "";
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            section = line;
        }
        let Some(fence) = line.strip_suffix("python").filter(|fence| fence.starts_with("```")) else { continue };
        let code =
            lines.by_ref().take_while(|line| *line != fence).fold(String::new(), |code, line| code + line + "\n");
        match section {
            "## Wrong" => wrong.push(code),
            "## Right" => right.push(code),
            _ => {}
        }
    }
    (wrong, right)
}

/// What on the rules' pages does not hold, for a test to tell: each block under `## Wrong` has findings of the page's rule, at least one
/// of its severity, and of no other rule; each under `## Right` has none. A page has both.
pub fn faults(rules: &[Rule], validate: impl Fn(&str) -> Vec<Finding>) -> Vec<String> {
    let mut faults = Vec::new();
    for rule in rules {
        let (wrong, right) = blocks(&rule.page);
        if wrong.is_empty() || right.is_empty() || rule.page.len() > PAGE {
            faults.push(format!("{}: a page has `## Wrong`, `## Right` and at most 16 KiB", rule.id));
        }
        for code in wrong {
            let findings = validate(&code);
            let only = findings.iter().all(|finding| finding.rule == rule.id);
            if !only || !findings.iter().any(|finding| finding.severity == rule.severity) {
                faults.push(format!("{}: wrong, but not just so:\n{code}{}", rule.id, told(&findings)));
            }
        }
        for code in right {
            let findings = validate(&code);
            if !findings.is_empty() {
                faults.push(format!("{}: right, and yet:\n{code}{}", rule.id, told(&findings)));
            }
        }
    }
    faults
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("→ {} {:?}: {}\n", finding.rule, finding.severity, finding.message)).collect()
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::Severity;

    use super::*;

    const PAGE: &str = "# A1: x.\n\n```python\nno\n```\n## Wrong\n````python\n```\na\n````\n```python\nb\n```\n\
        ## Right\n\n```python\nc\n\nd\n```\n";

    #[test]
    fn blocks_are_taken_by_their_heading() {
        let (wrong, right) = blocks(PAGE);
        assert_eq!(wrong, ["```\na\n", "b\n"]);
        assert_eq!(right, ["c\n\nd\n"]);
    }

    #[test]
    fn what_does_not_hold_is_told() {
        let rules = [Rule::of_page(Severity::Error, PAGE), Rule::of_page(Severity::Error, "# A2: y.\n")];
        assert_eq!(faults(&rules, |_| Vec::new()).len(), 3);
        let always = |_: &str| vec![crate::report::error("A1", None, "x", "")];
        assert_eq!(faults(&rules, always).len(), 2);
    }
}
