//! What is compared with what, and how it comes out.

use std::rc::Rc;

use enginehouse_pycheck::ast::{CmpOp, ExprCompare};

use super::{Flow, expressions::unnamed, value::Value};

impl<'a> Flow<'_, 'a> {
    pub(super) fn compare(&mut self, compare: &'a ExprCompare) -> Value<'a> {
        let mut left = self.eval(&compare.left);
        let mut columns = None;
        let mut truth = None;
        let mut doubt = matches!(left, Value::Doubt);
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.eval(right);
            doubt |= matches!(right, Value::Doubt);
            let plain = matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn);
            if !plain && (left.is_column() || right.is_column()) {
                columns = Some(unnamed(&[&left, &right]));
            }
            truth = self.compared(&left, *op, &right);
            // What is in a list may be the columns.
            let holds = matches!(op, CmpOp::In | CmpOp::NotIn);
            doubt |= truth.is_none() && (is_list(&left) || (holds || is_list(&right)) && !self.is_written(&right));
            left = right;
        }
        match columns {
            Some(columns) => Value::Column(Rc::new(columns)),
            None if compare.ops.len() == 1 && truth.is_some() => truth.map_or(Value::Unknown, Value::Truth),
            None if doubt => Value::Doubt,
            None => Value::Unknown,
        }
    }

    fn compared(&mut self, left: &Value<'a>, op: CmpOp, right: &Value<'a>) -> Option<bool> {
        let nothing = |value: &Value<'a>| match value {
            Value::Nothing => Some(true),
            Value::Unknown | Value::Doubt | Value::Perhaps(_) | Value::Of(_) | Value::Method(..) => None,
            _ => Some(false),
        };
        match op {
            CmpOp::Is if matches!(right, Value::Nothing) => nothing(left),
            CmpOp::IsNot if matches!(right, Value::Nothing) => nothing(left).map(|is| !is),
            _ if matches!(left, Value::Doubt) || matches!(right, Value::Doubt) => None,
            CmpOp::Eq => same(left, right),
            CmpOp::NotEq => same(left, right).map(|same| !same),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => {
                let (Value::Int(left), Value::Int(right)) = (left, right) else { return None };
                Some(match op {
                    CmpOp::Lt => left < right,
                    CmpOp::LtE => left <= right,
                    CmpOp::Gt => left > right,
                    _ => left >= right,
                })
            }
            CmpOp::In => self.holds(right, left.text()?),
            CmpOp::NotIn => self.holds(right, left.text()?).map(|holds| !holds),
            _ => None,
        }
    }

    /// Whether all that a list holds is written out.
    fn is_written(&self, of: &Value<'a>) -> bool {
        let written = |value: &Value<'a>| matches!(value, Value::Text(_, Some(_)) | Value::Int(_) | Value::Nothing);
        self.elements(of).is_some_and(|elements| elements.iter().all(written))
    }

    /// Whether a list, a dict or a frame's names hold a text.
    fn holds(&mut self, of: &Value<'a>, text: &Rc<str>) -> Option<bool> {
        if let Value::Names(frame) = self.open(of) {
            return match frame.columns.iter().any(|column| column == text) {
                true => frame.exact().map(|_| true),
                false => (!frame.has(text)).then_some(false),
            };
        }
        let elements = self.elements(of)?;
        self.spend(elements.len());
        if elements.iter().any(|element| element.text() == Some(text)) {
            return Some(true);
        }
        elements.iter().all(|element| element.text().is_some()).then_some(false)
    }
}

pub(super) fn is_list(value: &Value<'_>) -> bool {
    matches!(value, Value::Held(_) | Value::Items(_) | Value::Each(_) | Value::Names(_))
}

/// Whether two texts or numbers are one.
pub(super) fn same(left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    match (left, right) {
        (Value::Text(left, _), Value::Text(right, _)) => Some(left == right),
        (Value::Int(left), Value::Int(right)) => Some(left == right),
        _ => None,
    }
}
