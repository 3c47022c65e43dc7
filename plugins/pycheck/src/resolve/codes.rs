//! Strings that are hidden in codes, unfolded: reversed, encoded, put together of characters.

use base64::{Engine, prelude::BASE64_STANDARD};
use ruff_python_ast::{Expr, ExprCall, ExprSlice, Number, UnaryOp};

use super::Resolver;
use crate::value::Value;

/// The longest list of characters.
const LENGTH: usize = 4096;

impl<'a> Resolver<'a> {
    /// `text[::-1]`.
    pub(super) fn reversed(&self, value: &'a Expr, slice: &'a Expr) -> Option<Vec<Value>> {
        let Expr::Slice(ExprSlice { lower: None, upper: None, step: Some(step), .. }) = slice else { return None };
        let Expr::UnaryOp(minus) = step.as_ref() else { return None };
        (minus.op == UnaryOp::USub && number(&minus.operand) == Some(1)).then(|| {
            let reverse = |text: &str| Some(text.chars().rev().collect());
            self.texts(value).iter().map(|value| changed(value, reverse)).collect()
        })
    }

    /// What a function of the standard library makes of a text or of numbers; none where it is no decoder.
    pub(super) fn decoded(&self, path: &str, call: &'a ExprCall) -> Option<Vec<Value>> {
        let arguments = call.arguments.args.as_ref();
        let decode: fn(&str) -> Option<String> = match (path, arguments) {
            ("base64.b64decode" | "base64.standard_b64decode" | "base64.decodebytes", [_, ..]) => base64,
            ("binascii.a2b_base64", [_]) => base64,
            (
                "builtins.bytes.fromhex" | "binascii.unhexlify" | "binascii.a2b_hex" | "builtins.bytearray.fromhex",
                [_],
            ) => hex,
            ("codecs.decode", [_, code]) => match self.texts(code).first()?.known()?.replace(['-', '_'], "").as_str() {
                "rot13" => rot13,
                "hex" | "hexcodec" => hex,
                "base64" | "base64codec" => base64,
                _ => return None,
            },
            ("builtins.bytes" | "builtins.bytearray", [list]) => {
                return self.characters(list).map(|text| vec![Value::text(text)]);
            }
            _ => return None,
        };
        Some(self.texts(arguments.first()?).iter().map(|value| changed(value, decode)).collect())
    }

    /// What `"".join` of `map(chr, […])` or of `chr(c) for c in […]` makes.
    pub(super) fn joined_characters(&self, joined: &'a Expr) -> Option<String> {
        let is = |expr: &Expr, wanted: &str| matches!(expr, Expr::Name(name) if name.id.as_str() == wanted);
        match joined {
            Expr::Call(map) if is(&map.func, "map") => match map.arguments.args.as_ref() {
                [function, list] if is(function, "chr") => self.characters(list),
                _ => None,
            },
            Expr::Generator(made) => self.made_characters(&made.elt, &made.generators),
            Expr::ListComp(made) => self.made_characters(&made.elt, &made.generators),
            _ => None,
        }
    }

    fn made_characters(&self, element: &'a Expr, generators: &'a [ruff_python_ast::Comprehension]) -> Option<String> {
        let ([only], Expr::Call(call)) = (generators, element) else { return None };
        let chr = matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "chr");
        let ([Expr::Name(argument)], Expr::Name(target)) = (call.arguments.args.as_ref(), &only.target) else {
            return None;
        };
        if chr && only.ifs.is_empty() && argument.id == target.id { self.characters(&only.iter) } else { None }
    }

    /// The characters whose numbers a list holds.
    fn characters(&self, list: &'a Expr) -> Option<String> {
        let numbers = self.elements(list, None)?;
        if numbers.len() > LENGTH {
            return None;
        }
        numbers.into_iter().map(|expr| number(expr).and_then(char::from_u32)).collect()
    }
}

fn number(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(int) => int.as_u64().and_then(|int| u32::try_from(int).ok()),
            _ => None,
        },
        _ => None,
    }
}

fn changed(value: &Value, change: impl Fn(&str) -> Option<String>) -> Value {
    value.known().and_then(change).map_or_else(Value::unknown, Value::text)
}

fn base64(text: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(text.trim()).ok()?).ok()
}

fn hex(text: &str) -> Option<String> {
    String::from_utf8(::hex::decode(text.replace(' ', "")).ok()?).ok()
}

fn rot13(text: &str) -> Option<String> {
    let turn = |c: char, first: u8| char::from((c as u8 - first + 13) % 26 + first);
    let letter = |c: char| match c {
        'a'..='z' => turn(c, b'a'),
        'A'..='Z' => turn(c, b'A'),
        other => other,
    };
    Some(text.chars().map(letter).collect())
}
