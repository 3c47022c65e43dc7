//! The words and signs that compare, and what they compare with.

use super::Parser;
use crate::{
    NotUnderstood,
    plan::{Comparison, Kind, Part, Value},
    token::Token,
    words,
};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Compare(Comparison),
    /// A bare "is": a value, or several.
    Is,
    Between,
    /// "from … to …"
    From,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Null,
    Empty,
}

use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

const OPERATORS: &[(&str, Operator)] = &[
    ("greater than or equal to", Operator::Compare(GreaterOrEqual)),
    ("more than or equal to", Operator::Compare(GreaterOrEqual)),
    ("at least", Operator::Compare(GreaterOrEqual)),
    ("no less than", Operator::Compare(GreaterOrEqual)),
    ("less than or equal to", Operator::Compare(LessOrEqual)),
    ("at most", Operator::Compare(LessOrEqual)),
    ("no more than", Operator::Compare(LessOrEqual)),
    ("up to", Operator::Compare(LessOrEqual)),
    ("greater than", Operator::Compare(Greater)),
    ("more than", Operator::Compare(Greater)),
    ("higher than", Operator::Compare(Greater)),
    ("larger than", Operator::Compare(Greater)),
    ("bigger than", Operator::Compare(Greater)),
    ("over", Operator::Compare(Greater)),
    ("above", Operator::Compare(Greater)),
    ("exceeds", Operator::Compare(Greater)),
    ("exceeding", Operator::Compare(Greater)),
    ("exceed", Operator::Compare(Greater)),
    ("less than", Operator::Compare(Less)),
    ("lower than", Operator::Compare(Less)),
    ("smaller than", Operator::Compare(Less)),
    ("fewer than", Operator::Compare(Less)),
    ("under", Operator::Compare(Less)),
    ("below", Operator::Compare(Less)),
    ("equal to", Operator::Compare(Equal)),
    ("equals", Operator::Compare(Equal)),
    ("exactly", Operator::Compare(Equal)),
    ("one of", Operator::In),
    ("any of", Operator::In),
    ("either", Operator::In),
    ("between", Operator::Between),
    ("contains", Operator::Contains),
    ("contain", Operator::Contains),
    ("containing", Operator::Contains),
    ("starts with", Operator::StartsWith),
    ("start with", Operator::StartsWith),
    ("starting with", Operator::StartsWith),
    ("begins with", Operator::StartsWith),
    ("beginning with", Operator::StartsWith),
    ("ends with", Operator::EndsWith),
    ("end with", Operator::EndsWith),
    ("ending with", Operator::EndsWith),
    ("null", Operator::Null),
    ("missing", Operator::Null),
    ("empty", Operator::Empty),
    ("blank", Operator::Empty),
];

/// About time, and never about a number's size.
pub(super) const TEMPORAL: &[(&str, Operator)] = &[
    ("on or after", Operator::Compare(GreaterOrEqual)),
    ("on or before", Operator::Compare(LessOrEqual)),
    ("later than", Operator::Compare(Greater)),
    ("earlier than", Operator::Compare(Less)),
    ("since", Operator::Compare(GreaterOrEqual)),
    ("after", Operator::Compare(Greater)),
    ("before", Operator::Compare(Less)),
    ("until", Operator::Compare(LessOrEqual)),
    ("during", Operator::Compare(Equal)),
    ("on", Operator::Compare(Equal)),
    ("from", Operator::From),
    ("between", Operator::Between),
];

impl Parser<'_> {
    /// Whether the column just taken is compared with something.
    pub(super) fn comparison_follows(&self) -> bool {
        let mut ahead =
            Parser { cursor: self.cursor, scope: self.scope, source: self.source, draft: super::Draft::default() };
        let Some(Token::Word(_) | Token::Sign(_)) = self.cursor.token(0) else { return false };
        // A column's type is not needed to see that a comparison follows; words of time alone are none.
        match ahead.operator(Kind::Integer, false) {
            Some((Operator::Is, _)) => {
                matches!(ahead.cursor.token(0), Some(Token::Quoted(_) | Token::Number { .. } | Token::Date(_)))
                    || (!words::is_common(ahead.cursor.word(0)) && !ahead.cursor.word(0).is_empty())
            }
            Some(_) => true,
            None => false,
        }
    }

    /// The comparison and whether it is negated. `led`: a word such as "where" stood before, so that "in" compares.
    pub(super) fn operator(&mut self, kind: Kind, led: bool) -> Option<(Operator, bool)> {
        if let Some(Token::Sign(sign)) = self.cursor.token(0) {
            self.cursor.step();
            let comparison = match *sign {
                "=" => Equal,
                "!=" => NotEqual,
                "<" => Less,
                "<=" => LessOrEqual,
                ">" => Greater,
                _ => GreaterOrEqual,
            };
            return Some((Operator::Compare(comparison), false));
        }
        let copula = self.cursor.any(&["is", "are", "was", "were", "be", "being"]).is_some();
        let negated =
            self.cursor.any(&["not", "isn't", "aren't", "wasn't", "does not", "doesn't", "do not", "don't"]).is_some();
        // Plain forms after "does not".
        if negated {
            for (word, operator) in
                [("equal", Operator::Is), ("contain", Operator::Contains), ("exceed", Operator::Compare(Greater))]
            {
                if self.cursor.phrase(word) {
                    self.cursor.phrase("to");
                    return Some((operator, true));
                }
            }
        }
        let temporal = if kind.is_numeric() { &[] } else { TEMPORAL };
        for (phrase, operator) in OPERATORS.iter().chain(temporal) {
            if self.cursor.phrase(phrase) {
                if *operator == Operator::Compare(Greater) || *operator == Operator::Compare(Less) {
                    let wider = if *operator == Operator::Compare(Greater) { GreaterOrEqual } else { LessOrEqual };
                    if self.cursor.phrase("or equal to") {
                        return Some((Operator::Compare(wider), negated));
                    }
                }
                return Some((*operator, negated));
            }
        }
        if (led || copula || negated || self.cursor.token(1) == Some(&Token::Other('('))) && self.cursor.phrase("in") {
            return Some((Operator::In, negated));
        }
        (copula || negated).then_some((Operator::Is, negated))
    }
    /// "100 or more"
    pub(super) fn widened(&mut self, comparison: Comparison) -> Comparison {
        if self.cursor.any(&["or more", "or higher", "or greater", "or above", "or later", "or over"]).is_some() {
            GreaterOrEqual
        } else if self.cursor.any(&["or less", "or fewer", "or lower", "or below", "or earlier", "or under"]).is_some()
        {
            LessOrEqual
        } else {
            comparison
        }
    }

    pub(super) fn check_order(&self, column: usize, kind: Kind) -> Result<(), NotUnderstood> {
        match kind {
            Kind::Text | Kind::Boolean | Kind::Other => Err(self.misfit(column, "a number or a date")),
            _ => Ok(()),
        }
    }

    /// A value, and the part of the column it is about: a year of a date, the day of a time.
    pub(super) fn operand(
        &mut self,
        column: usize,
        kind: Kind,
    ) -> Result<Option<(Option<Part>, Value)>, NotUnderstood> {
        if kind.is_temporal() {
            if let Some(year) = self.year() {
                return Ok(Some((Some(Part::Year), year)));
            }
            return Ok(self.value(column)?.map(|value| {
                let day = matches!(&value, Value::Date(text) if text.len() == 10) && kind == Kind::Timestamp;
                (day.then_some(Part::Day), value)
            }));
        }
        Ok(self.value(column)?.map(|value| (None, value)))
    }

    /// Text to look for inside of values, as it was written.
    pub(super) fn plain_text(&mut self, column: usize) -> Result<Option<Value>, NotUnderstood> {
        if let Some(Token::Quoted(text)) = self.cursor.token(0) {
            self.cursor.step();
            return Ok(Some(Value::Text(text.clone())));
        }
        let raw = self.cursor.token(0).map(Token::raw);
        match self.value(column)? {
            Some(Value::Text(text)) => Ok(Some(Value::Text(text))),
            Some(_) => Ok(raw.map(Value::Text)),
            None => Ok(None),
        }
    }

    pub(super) fn year(&mut self) -> Option<Value> {
        let Some(Token::Number { text, raw }) = self.cursor.token(0) else { return None };
        let is_year = raw == text && text.parse::<u32>().is_ok_and(|year| (1800..=2200).contains(&year));
        is_year.then(|| {
            self.cursor.step();
            Value::Number(text.clone())
        })
    }
}
