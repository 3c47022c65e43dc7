//! Deeds that are answers.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
};

use enginehouse_sdk::{Attempt, Failure, Finding, Outcome, Position, Severity, Span, Table};

use crate::{calls, deeds::Deed};

pub(crate) fn findings(deed: Deed, code: &str) -> Vec<Finding> {
    match deed {
        Deed::SpanOutside if code.is_empty() => Vec::new(),
        Deed::SpanOutside => vec![outside()],
        Deed::CallsEverything => calls::everything(None).iter().map(|line| finding(line)).collect(),
        Deed::MakesFindings => {
            let message = "m".repeat(64 << 10);
            std::iter::from_fn(|| Some(finding(&message))).collect()
        }
        Deed::ValidatesByChance => {
            let chance = RandomState::new().build_hasher().finish();
            let severity = if chance.is_multiple_of(2) { Severity::Error } else { Severity::Note };
            vec![Finding { severity, ..finding(&chance.to_string()) }]
        }
        _ => Vec::new(),
    }
}

fn finding(message: &str) -> Finding {
    Finding { rule: "H001".into(), severity: Severity::Note, message: message.into(), hint: None, span: None }
}

fn outside() -> Finding {
    let at = |line| Position { line, column: 1 };
    Finding { span: Some(Span { start: at(1), end: at(1_000_000) }), ..finding("far below") }
}

pub(crate) fn ticket(deed: Deed, attempt: &Attempt) -> Result<String, Failure> {
    match deed {
        Deed::SpanOutside => Err(Failure::Rejected(vec![outside()])),
        Deed::LongTicket => Ok("t".repeat(10_000_000)),
        Deed::NulTicket => Ok("a\0b".into()),
        Deed::EmptyTicket => Ok(String::new()),
        _ => Ok(attempt.token.clone()),
    }
}

pub(crate) fn outcome(deed: Deed, attempt: &Attempt) -> Outcome {
    let named = match deed {
        Deed::DottedResult => Some(format!("{}../../../2/out/rows.csv", attempt.output)),
        Deed::ForeignResult => Some("s3://runs/8/1/out/rows.csv".to_owned()),
        _ => None,
    };
    let table = |uri| Table { name: "rows".into(), format: "csv".into(), header: true, escape: None, uris: vec![uri] };
    let tables = named.into_iter().map(table).collect();
    Outcome { tables, document: None, failure: None, figures: Vec::new(), usage: None }
}
