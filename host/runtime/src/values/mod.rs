//! The limits of the contract (`wit/types.wit`) on every value that passes between host and guest.

mod given;
pub mod limit;
mod returned;
mod span;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use self::{
    given::{attempt, code, earlier, task, ticket},
    returned::{choice, description, draft, failure, findings, health, log_chunk, new_ticket, outcome, progress},
    span::within,
};

/// A value that breaks a rule of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {rule}")]
pub struct BadValue {
    /// Which value: `finding 3: message`.
    pub what: String,
    /// The rule that it breaks: `at most 2048 bytes, and has 9000`.
    pub rule: String,
}

impl BadValue {
    pub(crate) fn new(what: impl fmt::Display, rule: impl Into<String>) -> Self {
        Self { what: what.to_string(), rule: rule.into() }
    }

    pub(crate) fn too_many_bytes(what: impl fmt::Display, limit: usize) -> Self {
        Self::new(what, format!("at most {limit} bytes"))
    }
}

type Checked = Result<(), BadValue>;

/// The longest start of `text` that has at most `bytes` bytes and splits no character.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

/// What the engine says of a component, cut: the names in it are the component's own.
pub(crate) fn words(said: impl fmt::Display) -> String {
    cut(&said.to_string(), 16 << 10).to_owned()
}

fn text(what: impl fmt::Display, text: &str, limit: usize) -> Checked {
    if text.len() <= limit {
        Ok(())
    } else {
        Err(BadValue::new(what, format!("at most {limit} bytes, and has {}", text.len())))
    }
}

fn optional(what: impl fmt::Display, value: Option<&str>, limit: usize) -> Checked {
    value.map_or(Ok(()), |value| text(what, value, limit))
}

fn count(what: impl fmt::Display, number: usize, limit: usize) -> Checked {
    if number <= limit {
        Ok(())
    } else {
        Err(BadValue::new(what, format!("at most {limit} entries, and has {number}")))
    }
}

fn holds(what: impl fmt::Display, holds: bool, rule: &str) -> Checked {
    if holds { Ok(()) } else { Err(BadValue::new(what, rule)) }
}

/// Names that must differ from each other.
fn distinct<'a>(what: impl fmt::Display, names: impl Iterator<Item = &'a str>) -> Checked {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        holds(format_args!("{what} `{}`", cut(name, 80)), seen.insert(name), "is there twice")?;
    }
    Ok(())
}
