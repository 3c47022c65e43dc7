//! Requests over whole numbers instead of a source: "sum of numbers 1-100", "count of even numbers up to 50".

use crate::{
    NotUnderstood,
    parse::{Planned, measure_name},
    plan::{Aggregate, Column, Groups, Input, Kind, Measure, Numbers, Output, Plan, Query, Rows},
    token::Token,
    words,
};

/// Ends of a range lie within this distance from 0.
const MAX: i64 = 1_000_000_000_000;

#[derive(Default)]
struct Reading {
    aggregates: Vec<Aggregate>,
    range: Option<(i64, i64)>,
    /// "first 10": how many, not up to where.
    first: bool,
    step: Option<i64>,
    odd: bool,
    power: Option<u32>,
    numbers: bool,
    unknown: Vec<String>,
}

/// # Errors
/// [`NotUnderstood`] where it is about anything else than numbers in a range.
pub(crate) fn plan(request: &str, tokens: &[Token]) -> Result<Planned, NotUnderstood> {
    let reading = read(tokens)?;
    let Some((first, last)) = reading.range.filter(|_| reading.unknown.is_empty()) else {
        let words = if reading.unknown.is_empty() { vec![crate::error::tidy(request)] } else { reading.unknown };
        return Err(if reading.numbers || reading.range.is_some() {
            NotUnderstood::Words { words, columns: Vec::new() }
        } else {
            NotUnderstood::Impossible(format!(
                "No source was given to read, and the request is not about a range of numbers (\"sum of numbers 1-100\"): did not understand {}.",
                crate::error::quoted(&words)
            ))
        });
    };
    let numbers = range(first, last, &reading)?;
    let column = Column { name: Numbers::COLUMN.to_owned(), kind: Kind::Integer };
    let query = if reading.aggregates.is_empty() {
        Query::Rows(Rows::default())
    } else {
        let measure = |aggregate: &Aggregate| {
            let column = (*aggregate != Aggregate::Count).then(|| column.clone());
            Measure { aggregate: *aggregate, name: measure_name(*aggregate, None), column }
        };
        Query::Groups(Groups { measures: reading.aggregates.iter().map(measure).collect(), ..Groups::default() })
    };
    let outputs = vec![Output { name: "result".to_owned(), query }];
    let notes = vec![format!("took the whole numbers from {} to {}", numbers.first, numbers.last)];
    Ok(Planned {
        plan: Plan { request: request.to_owned(), input: Input::Numbers(numbers), filter: None, outputs },
        notes,
    })
}

fn range(first: i64, last: i64, reading: &Reading) -> Result<Numbers, NotUnderstood> {
    let impossible = |text: &str| Err(NotUnderstood::Impossible(text.to_owned()));
    if first.abs() > MAX || last.abs() > MAX {
        return impossible("A range of numbers ends at 1,000,000,000,000 at most.");
    }
    if first > last {
        return impossible("The range of numbers ends before it starts.");
    }
    let step = reading.step.unwrap_or(1);
    let offset = i64::from(reading.odd);
    let (first, last) = match (reading.first, reading.odd) {
        // The first ten even numbers are 2 to 20, the first ten odd ones 1 to 19.
        (true, true) => (1, last.saturating_mul(2) - 1),
        (true, false) => (step, last.saturating_mul(step)),
        (false, _) => (first + (offset - first).rem_euclid(step), last),
    };
    if first > last {
        return impossible("There is no such number in the range.");
    }
    let power = reading.power.unwrap_or(1);
    #[expect(clippy::cast_precision_loss, reason = "an estimate of the size is enough")]
    let largest = {
        let exponent = i32::try_from(power).unwrap_or(1);
        ((last - first) / step + 1) as f64 * (first.abs().max(last.abs()) as f64).powi(exponent)
    };
    if largest > 1e37 {
        return impossible("The numbers are too large.");
    }
    Ok(Numbers { first, last, step, power, wide: largest > 9e18 })
}

fn read(tokens: &[Token]) -> Result<Reading, NotUnderstood> {
    let mut reading = Reading::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += match token {
            Token::Comma | Token::Other('&') => 1,
            Token::Number { .. } => reading.numbers_at(tokens, at)?,
            Token::Word(word) => reading.word(&word.lower, tokens, at)?,
            other => {
                reading.unknown.push(other.raw());
                1
            }
        };
    }
    Ok(reading)
}

impl Reading {
    /// How many tokens were taken.
    fn word(&mut self, word: &str, tokens: &[Token], at: usize) -> Result<usize, NotUnderstood> {
        let next = text(tokens, at + 1);
        match word {
            "how" if next == "many" => {
                self.add(Aggregate::Count);
                return Ok(2);
            }
            "number" if next == "of" => {
                self.add(Aggregate::Count);
                return Ok(2);
            }
            "number" | "numbers" | "integer" | "integers" | "natural" | "whole" => self.numbers = true,
            "add" if next == "up" => {
                self.add(Aggregate::Sum);
                return Ok(2);
            }
            "add" => self.add(Aggregate::Sum),
            "even" => self.set_step(2)?,
            "odd" => {
                self.set_step(2)?;
                self.odd = true;
            }
            "square" | "squares" | "squared" => self.set_power(2)?,
            "cube" | "cubes" | "cubed" => self.set_power(3)?,
            "divisible" | "multiples" | "multiple" if matches!(next, "by" | "of") => {
                let step = integer(tokens.get(at + 2)).filter(|step| (1..=MAX).contains(step));
                let Some(step) = step else {
                    self.unknown.push(word.to_owned());
                    return Ok(1);
                };
                self.set_step(step)?;
                return Ok(3);
            }
            "first" => {
                if let Some(count) = integer(tokens.get(at + 1)).filter(|count| *count > 0) {
                    self.set_range(1, count)?;
                    self.first = true;
                    return Ok(2);
                }
                self.unknown.push(word.to_owned());
            }
            "up" if next == "to" => {
                if let Some(last) = integer(tokens.get(at + 2)) {
                    self.set_range(1, last)?;
                    return Ok(3);
                }
                self.unknown.push(word.to_owned());
            }
            // "the highest of": as min and max.
            "largest" | "highest" | "biggest" => self.add(Aggregate::Greatest),
            "smallest" | "lowest" => self.add(Aggregate::Least),
            "between" | "from" | "in" | "range" | "and" | "inclusive" | "for" => {}
            word => match words::aggregate(word) {
                Some(aggregate) => self.add(aggregate),
                None if words::GRAMMAR.contains(&word) || words::FILLER.contains(&word) => {}
                None => self.unknown.push(tokens.get(at).map(Token::raw).unwrap_or_default()),
            },
        }
        Ok(1)
    }

    /// "1-100", "1 to 100", "1 and 100"
    fn numbers_at(&mut self, tokens: &[Token], at: usize) -> Result<usize, NotUnderstood> {
        let joint = match tokens.get(at + 1) {
            Some(Token::Other('-' | '–' | '—' | '…')) => true,
            Some(Token::Word(word)) => matches!(word.lower.as_str(), "to" | "through" | "until" | "and" | "till"),
            _ => false,
        };
        match (integer(tokens.get(at)), integer(tokens.get(at + 2)).filter(|_| joint)) {
            (Some(first), Some(last)) => {
                self.set_range(first, last)?;
                Ok(3)
            }
            _ => {
                self.unknown.push(tokens.get(at).map(Token::raw).unwrap_or_default());
                Ok(1)
            }
        }
    }

    fn add(&mut self, aggregate: Aggregate) {
        if !self.aggregates.contains(&aggregate) {
            self.aggregates.push(aggregate);
        }
    }

    fn set_range(&mut self, first: i64, last: i64) -> Result<(), NotUnderstood> {
        once(self.range.replace((first, last)).is_none(), "two ranges of numbers")
    }

    fn set_step(&mut self, step: i64) -> Result<(), NotUnderstood> {
        once(self.step.replace(step).is_none(), "two conditions on the numbers")
    }

    fn set_power(&mut self, power: u32) -> Result<(), NotUnderstood> {
        once(self.power.replace(power).is_none(), "two powers of the numbers")
    }
}

fn once(is_first: bool, what: &str) -> Result<(), NotUnderstood> {
    if is_first { Ok(()) } else { Err(NotUnderstood::Impossible(format!("The request names {what}."))) }
}

fn text(tokens: &[Token], at: usize) -> &str {
    match tokens.get(at) {
        Some(Token::Word(word)) => &word.lower,
        _ => "",
    }
}

fn integer(token: Option<&Token>) -> Option<i64> {
    match token? {
        Token::Number { text, .. } => text.parse().ok(),
        _ => None,
    }
}
