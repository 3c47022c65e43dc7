use std::time::Duration;

use enginehouse_capabilities::{AttemptScope, Token};
use uuid::Uuid;

use super::*;
use crate::{
    Description, Draft, Failure, Finding, HostError, Outcome, Platform, Position, Rule, Severity, Span, Table,
};

fn description() -> Description {
    Description {
        framework: "spark".into(),
        title: "Spark".into(),
        version: "1.0.0".into(),
        platforms: vec![Platform { name: "local".into(), summary: String::new() }],
        rules: vec![Rule { id: "T001".into(), severity: Severity::Error, summary: String::new(), page: String::new() }],
        options: Vec::new(),
        settings: Vec::new(),
    }
}

fn finding() -> Finding {
    Finding { rule: "T001".into(), severity: Severity::Error, message: "m".into(), hint: None, span: None }
}

fn scope() -> AttemptScope {
    AttemptScope {
        token: Token::of_attempt(Uuid::from_u128(1), 1),
        inputs: Vec::new(),
        output: "s3://runs/1/out/".parse().unwrap(),
        scratch: "s3://runs/1/scratch/".parse().unwrap(),
        target: "spark".into(),
        timeout: Duration::from_secs(1),
    }
}

fn broken(checked: Checked) -> String {
    checked.unwrap_err().to_string()
}

#[test]
fn a_description_names_its_framework_in_lower_case_and_its_version_by_semver() {
    assert_eq!(super::description(&description()), Ok(()));
    for framework in ["", "Spark", "1spark", "spa rk", "spark/../..", &"s".repeat(33)] {
        let wrong = Description { framework: framework.into(), ..description() };
        assert!(broken(super::description(&wrong)).starts_with("description: framework"), "{framework}");
    }
    let wrong = Description { version: "new".into(), ..description() };
    assert!(broken(super::description(&wrong)).contains("semantic version"));
    let twice = Description { rules: [description().rules, description().rules].concat(), ..description() };
    assert_eq!(broken(super::description(&twice)), "rule `T001`: is there twice");
}

#[test]
fn findings_are_few_short_known_and_placed() {
    let check = |finding| findings(&[finding], &description());
    assert_eq!(check(finding()), Ok(()));
    assert!(broken(findings(&vec![finding(); 1001], &description())).contains("at most 1000 entries, and has 1001"));
    let long = Finding { message: "m".repeat(2049), ..finding() };
    assert_eq!(broken(check(long)), "finding 1: message: at most 2048 bytes, and has 2049");
    assert!(broken(check(Finding { rule: "T002".into(), ..finding() })).contains("not listed in `describe`"));
    let at = |line, column| Position { line, column };
    for (start, end) in [(at(0, 1), at(1, 1)), (at(1, 0), at(1, 1)), (at(2, 1), at(1, 9))] {
        assert!(check(Finding { span: Some(Span { start, end }), ..finding() }).is_err(), "{start:?} {end:?}");
    }
    assert_eq!(check(Finding { span: Some(Span { start: at(1, 1), end: at(1, 1) }), ..finding() }), Ok(()));
}

#[test]
fn code_of_a_mebibyte_is_the_most() {
    let of = |bytes| Draft { code: "x".repeat(bytes), author: "model".into(), notes: Vec::new() };
    assert_eq!(draft(&of(1 << 20)), Ok(()));
    assert!(draft(&of((1 << 20) + 1)).is_err());
    assert!(code(&"x".repeat((1 << 20) + 1)).is_err());
}

#[test]
fn a_new_ticket_is_neither_empty_nor_long() {
    assert_eq!(new_ticket("t"), Ok(()));
    assert!(new_ticket("").is_err());
    assert!(new_ticket(&"t".repeat(4097)).is_err());
    assert_eq!(ticket(""), Ok(()), "`cancel` may come without one");
}

#[test]
fn results_lie_under_the_attempts_output() {
    let of = |name: &str, uris: &[&str]| Table {
        name: name.into(),
        format: "csv".into(),
        header: true,
        escape: None,
        uris: uris.iter().map(|&uri| uri.into()).collect(),
    };
    let with = |tables| Outcome { tables, document: None, failure: None, figures: Vec::new(), usage: None };
    let check = |outcome: &Outcome| outcome_of(outcome);
    fn outcome_of(outcome: &Outcome) -> Checked {
        super::outcome(outcome, &scope())
    }
    assert_eq!(check(&with(vec![of("rows", &["s3://runs/1/out/part-0.csv"])])), Ok(()));
    for uri in
        ["s3://runs/1/out/", "s3://runs/1/outer.csv", "s3://runs/1/scratch/x", "s3://runs/1/out/../x", "file:///x"]
    {
        assert!(check(&with(vec![of("rows", &[uri])])).is_err(), "{uri}");
        assert!(check(&Outcome { figures: vec![uri.into()], ..with(Vec::new()) }).is_err(), "{uri}");
    }
    assert!(broken(check(&with(vec![of("a", &[]), of("a", &[])]))).contains("twice"));
    let many = vec!["s3://runs/1/out/x"; 5_001];
    assert!(broken(check(&with(vec![of("a", &many), of("b", &many)]))).contains("outcome: uris"));
    assert!(check(&with((0..17).map(|n| of(&n.to_string(), &[])).collect())).is_err());
    let json = |document: &str| check(&Outcome { document: Some(document.into()), ..with(Vec::new()) });
    assert_eq!(json("{\"a\": 1}"), Ok(()));
    assert_eq!(broken(json("{a: 1}")), "outcome: document: is JSON");
}

#[test]
fn a_failures_text_is_short() {
    let of = |bytes| Failure::Host(HostError::Other("x".repeat(bytes)));
    assert_eq!(failure(&of(2048), &description()), Ok(()));
    assert!(failure(&of(2049), &description()).is_err());
}

#[test]
fn the_hosts_own_errors_are_cut_to_what_a_guest_may_hand_back() {
    let long = enginehouse_capabilities::Error::Unavailable("ä".repeat(2000));
    let error = HostError::from(long);
    assert_eq!(failure(&Failure::Host(error), &description()), Ok(()));
}

#[test]
fn cutting_splits_no_character() {
    assert_eq!(cut("aä", 2), "a");
    assert_eq!(cut("aä", 3), "aä");
    assert_eq!(cut("", 3), "");
}
