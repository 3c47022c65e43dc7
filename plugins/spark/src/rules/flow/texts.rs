//! Texts that are put together.

use std::rc::Rc;

use enginehouse_pycheck::ast::{
    ConversionFlag, Expr, ExprFString, FStringPart, InterpolatedStringElement, InterpolatedStringFormatSpec,
};

use super::{
    Flow,
    value::{Args, Value},
};

/// The longest text that is put together, in bytes.
const LENGTH: usize = 4096;

impl<'a> Flow<'_, 'a> {
    pub(super) fn f_string(&mut self, text: &'a ExprFString, expr: &'a Expr) -> Value<'a> {
        let mut whole = Some(String::new());
        for part in &text.value {
            let elements = match part {
                FStringPart::Literal(literal) => {
                    push(&mut whole, Some(literal.value.as_ref()));
                    continue;
                }
                FStringPart::FString(string) => &string.elements,
            };
            for element in elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => push(&mut whole, Some(literal.value.as_ref())),
                    InterpolatedStringElement::Interpolation(inner) => {
                        let value = self.eval(&inner.expression);
                        let plain = inner.debug_text.is_none()
                            && matches!(inner.conversion, ConversionFlag::None | ConversionFlag::Str);
                        let text = match (&value, inner.format_spec.as_deref()) {
                            (Value::Text(text, _), None) => Some(text.to_string()),
                            (Value::Int(int), None) => Some(int.to_string()),
                            (Value::Int(int), Some(spec)) => padded(*int, spec),
                            _ => None,
                        };
                        push(&mut whole, text.as_deref().filter(|_| plain));
                    }
                }
            }
        }
        match whole {
            Some(whole) => Value::Text(whole.into(), Some(expr)),
            None => self.text_of(expr),
        }
    }

    /// What the program's names alone tell of a text.
    pub(super) fn text_of(&self, expr: &'a Expr) -> Value<'a> {
        match self.program.texts(expr).as_ref() {
            [text] if let Some(text) = text.known() => Value::Text(text.into(), Some(expr)),
            _ => Value::Unknown,
        }
    }

    /// A method of a text.
    pub(super) fn text_method(
        &mut self,
        text: &Rc<str>,
        name: &str,
        args: &Args<'a>,
        expr: Option<&'a Expr>,
    ) -> Value<'a> {
        let first = args.placed.first().map(|(value, _)| value.clone());
        let argument = first.as_ref().and_then(Value::text);
        let new = |text: String| Value::Text(text.into(), expr);
        match (name, argument) {
            ("lower", None) => new(text.to_lowercase()),
            ("upper", None) => new(text.to_uppercase()),
            ("strip", None) if first.is_none() => new(text.trim().to_owned()),
            ("replace", Some(from)) if args.placed.len() == 2 => match args.placed.get(1).and_then(|(to, _)| to.text())
            {
                Some(to) if !from.is_empty() && text.len() * (to.len() + 1) <= LENGTH => new(text.replace(&**from, to)),
                _ => Value::Unknown,
            },
            ("startswith", Some(start)) => Value::Truth(text.starts_with(&**start)),
            ("endswith", Some(end)) => Value::Truth(text.ends_with(&**end)),
            ("split", Some(by)) if !by.is_empty() && args.placed.len() == 1 && args.named.is_empty() => {
                let parts = text.split(&**by).take(LENGTH).map(|part| Value::Text(part.into(), expr));
                let parts = Value::items(parts.collect());
                self.spend(text.len());
                self.hold(parts)
            }
            ("split", None) if first.is_none() && args.named.is_empty() => {
                let parts = text.split_whitespace().map(|part| Value::Text(part.into(), expr));
                let parts = Value::items(parts.collect());
                self.spend(text.len());
                self.hold(parts)
            }
            ("join", None) => {
                let parts = first.as_ref().and_then(|list| self.elements(list));
                let parts: Option<Vec<Rc<str>>> =
                    parts.and_then(|parts| parts.iter().map(|part| part.text().cloned()).collect());
                match parts {
                    Some(parts) if parts.iter().map(|part| part.len() + text.len()).sum::<usize>() <= LENGTH => {
                        self.spend(parts.len());
                        new(parts.join(text))
                    }
                    _ => Value::Unknown,
                }
            }
            _ => match expr.map(|expr| self.text_of(expr)) {
                Some(text @ Value::Text(..)) => text,
                _ => Value::Doubt,
            },
        }
    }
}

fn push(whole: &mut Option<String>, more: Option<&str>) {
    match (whole.as_mut(), more) {
        (Some(text), Some(more)) if text.len() + more.len() <= LENGTH => text.push_str(more),
        _ => *whole = None,
    }
}

/// `{month:02d}`.
fn padded(int: i64, spec: &InterpolatedStringFormatSpec) -> Option<String> {
    let [InterpolatedStringElement::Literal(spec)] = &*spec.elements else { return None };
    let width = spec.value.strip_prefix('0')?.trim_end_matches('d').parse().ok().filter(|width: &usize| *width < 20)?;
    Some(format!("{int:0width$}"))
}
