//! The pages in `rules/` hold.

use super::{csv, rules, task, validate};

/// Rules whose pages are about data.
const DATA: &[&str] = &["R017", "R018", "R019", "R024", "R025"];

#[test]
fn pages_hold() {
    let faults: Vec<String> = rules()
        .into_iter()
        .filter(|rule| rule.id.starts_with('R') || rule.id == "X109")
        .flat_map(|rule| {
            let task = if DATA.contains(&rule.id.as_str()) { csv() } else { task(vec![]) };
            // Of processes a common rule speaks as well.
            let beside: &[&str] = if rule.id == "R015" { &["X101", "X110"] } else { &[] };
            enginehouse_pycheck::pages::faults(&[rule], |code| {
                let findings = validate(&task, code).into_iter();
                findings.filter(|finding| !beside.contains(&finding.rule.as_str())).collect()
            })
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_rule_is_there_once_and_has_a_summary() {
    let rules = rules();
    for number in 1..=25 {
        let id = format!("R{number:03}");
        assert_eq!(rules.iter().filter(|rule| rule.id == id).count(), 1, "{id}");
    }
    assert!(rules.iter().all(|rule| rule.summary.len() > 10 && rule.page.contains("## Right")));
}

#[test]
fn the_common_rules_are_active() {
    // What makes data up is another function with each engine: `c006_…` tells of Ray's.
    for rule in enginehouse_pycheck::rules().into_iter().filter(|rule| rule.id != "C006") {
        for code in enginehouse_pycheck::pages::blocks(&rule.page).0 {
            let findings = validate(&csv(), &code);
            assert!(findings.iter().any(|finding| finding.rule == rule.id), "{}: {findings:#?}\n{code}", rule.id);
        }
    }
}

#[test]
fn processes_are_told_by_rays_rule_as_well() {
    for code in ["import multiprocessing\nmultiprocessing.Pool(2)", "import os\nos.fork()"] {
        let findings = validate(&task(vec![]), &super::core(code));
        assert!(findings.iter().any(|finding| finding.rule == "R015"), "{findings:#?}");
        assert!(findings.iter().any(|finding| ["X101", "X110"].contains(&finding.rule.as_str())), "{findings:#?}");
    }
    // What other modules hide is still refused.
    let findings = validate(&task(vec![]), &super::core("import asyncio\nasyncio.create_subprocess_exec('ls')"));
    assert!(findings.iter().any(|finding| finding.rule == "X101"), "{findings:#?}");
}
