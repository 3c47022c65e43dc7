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
            enginehouse_pycheck::pages::faults(&[rule], |code| validate(&task, code))
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
