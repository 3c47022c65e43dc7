use std::time::Duration;

use super::*;

fn report() -> Report {
    let check = |suite, name, outcome| Check { suite, name, outcome, took: Duration::from_millis(12) };
    Report {
        plugin: Some(Identity { framework: "duck".into(), version: "1.2.3".into(), digest: "ab".repeat(32) }),
        checks: vec![
            check(Suite::Contract, "the component loads", Outcome::Passed),
            check(
                Suite::Contract,
                "plan chooses",
                Outcome::Failed("said `<none>` & \"more\"\u{1}\ndo \u{1b}[31mthis".into()),
            ),
            check(Suite::Limits, "half is enough", Outcome::Skipped("no clean code".into())),
        ],
    }
}

#[test]
fn one_failure_is_enough_to_fail() {
    let mut report = report();
    assert!(!report.passed());
    assert_eq!(report.failures().map(|check| check.name).collect::<Vec<_>>(), ["plan chooses"]);
    report.checks.remove(1);
    assert!(report.passed(), "what is skipped has not failed");
}

#[test]
fn the_text_has_a_line_a_check_and_the_sum() {
    let text = report().text();
    assert!(
        text.starts_with("duck 1.2.3 (abababababab)\n\ncontract\n  ok       the component loads  (12 ms)\n"),
        "{text}"
    );
    assert!(text.contains("  FAILED   plan chooses  (12 ms)\n           said `<none>`"), "{text}");
    assert!(
        text.ends_with(
            "\nlimits\n  skipped  half is enough  (12 ms)\n           no clean code\n\n1 passed, 1 failed, 1 skipped\n"
        ),
        "{text}"
    );
}

#[test]
fn json_has_flat_checks() {
    let json = serde_json::to_value(report()).unwrap();
    assert_eq!(
        json["checks"][2],
        serde_json::json!({
            "suite": "limits", "name": "half is enough", "outcome": "skipped", "reason": "no clean code", "took_ms": 12
        })
    );
    assert_eq!(json["checks"][0]["outcome"], "passed");
    assert_eq!(json["plugin"]["framework"], "duck");
}

#[test]
fn junit_escapes_what_xml_cannot_hold() {
    let xml = report().junit().unwrap();
    assert!(xml.contains("<testsuite name=\"contract\" tests=\"2\""), "{xml}");
    assert!(xml.contains("&lt;none&gt;") && xml.contains("&amp;"), "{xml}");
    assert!(!xml.contains('\u{1}') && !xml.contains('\u{1b}'), "{xml}");
    assert!(xml.contains("<skipped message=\"no clean code\"/>"), "{xml}");
}
