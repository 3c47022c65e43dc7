//! Expressions to strings.

use std::rc::Rc;

use ruff_python_ast::{
    BoolOp, ConversionFlag, Expr, ExprAttribute, ExprBinOp, ExprCall, ExprFString, ExprName, ExprSubscript,
    FStringPart, InterpolatedStringElement, Number, Operator, UnaryOp,
};
use ruff_text_size::Ranged;

use super::{Resolver, WIDTH};
use crate::{
    chain::Root,
    scope::{Binding, Origin},
    value::{OUTPUT_PATH, Value},
};

impl<'a> Resolver<'a> {
    /// The strings that an expression may be: at least one.
    pub(crate) fn texts(&self, expr: &'a Expr) -> Rc<[Value]> {
        let outer = self.low.replace(usize::MAX);
        let values = self.recall(&self.texts, expr).unwrap_or_else(|| {
            let values: Rc<[Value]> = match expr {
                Expr::StringLiteral(text) => Rc::new([Value::text(text.value.to_str())]),
                _ => narrow(self.guarded(expr, true, || self.fold(expr)).unwrap_or_default()).into(),
            };
            self.keep(&self.texts, expr, &values);
            values
        });
        self.low.set(outer.min(self.low.get()));
        values
    }

    fn fold(&self, expr: &'a Expr) -> Vec<Value> {
        match expr {
            Expr::FString(text) => self.f_string(text),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => vec![Value::text(int.to_string())],
                _ => vec![Value::unknown()],
            },
            Expr::BytesLiteral(bytes) => {
                let bytes: Vec<u8> = bytes.value.bytes().collect();
                vec![String::from_utf8(bytes).map_or_else(|_| Value::unknown(), Value::text)]
            }
            Expr::BinOp(operation) => self.operation(operation),
            Expr::Name(name) => self.name_texts(name),
            Expr::Named(named) => self.texts(&named.value).to_vec(),
            Expr::If(choice) => [&choice.body, &choice.orelse].iter().flat_map(|e| self.texts(e).to_vec()).collect(),
            Expr::BoolOp(choice) if choice.op == BoolOp::Or => {
                let first = choice.values.first().map(|first| self.texts(first).to_vec()).unwrap_or_default();
                if first.iter().all(|value| value.after_env(OUTPUT_PATH).is_some()) {
                    return first;
                }
                choice.values.iter().flat_map(|e| self.texts(e).to_vec()).collect()
            }
            Expr::Call(call) => self.call_texts(call),
            Expr::Subscript(subscript) => self.item_texts(subscript),
            Expr::Attribute(attribute) => self.attribute_texts(attribute),
            _ => vec![Value::unknown()],
        }
    }

    fn f_string(&self, text: &'a ExprFString) -> Vec<Value> {
        let mut values = vec![Value::text("")];
        for part in &text.value {
            match part {
                FStringPart::Literal(literal) => values = join(values, &[Value::text(literal.value.as_ref())]),
                FStringPart::FString(string) => {
                    for element in &string.elements {
                        let next = match element {
                            InterpolatedStringElement::Literal(literal) => vec![Value::text(literal.value.as_ref())],
                            InterpolatedStringElement::Interpolation(inner)
                                if inner.format_spec.is_none()
                                    && inner.debug_text.is_none()
                                    && matches!(inner.conversion, ConversionFlag::None | ConversionFlag::Str) =>
                            {
                                self.texts(&inner.expression).to_vec()
                            }
                            InterpolatedStringElement::Interpolation(_) => vec![Value::unknown()],
                        };
                        values = join(values, &next);
                    }
                }
            }
        }
        values
    }

    fn operation(&self, operation: &'a ExprBinOp) -> Vec<Value> {
        match operation.op {
            Operator::Add => {
                // A long sum leans to the left: it is walked down without recursion.
                let mut terms = vec![operation.right.as_ref()];
                let mut left = operation.left.as_ref();
                while let Expr::BinOp(ExprBinOp { left: next, op: Operator::Add, right, .. }) = left {
                    terms.push(right);
                    left = next;
                }
                let mut values = self.texts(left).to_vec();
                for term in terms.into_iter().rev() {
                    values = join(values, &self.texts(term));
                }
                values
            }
            Operator::Mod => {
                let templates = self.texts(&operation.left);
                let arguments: Vec<&'a Expr> = match operation.right.as_ref() {
                    Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                    other => vec![other],
                };
                templates.iter().flat_map(|template| self.percent(template, &arguments)).collect()
            }
            _ => vec![Value::unknown()],
        }
    }

    /// `template % arguments`, for `%s` and `%d` alone.
    fn percent(&self, template: &Value, arguments: &[&'a Expr]) -> Vec<Value> {
        let Some(template) = template.known() else { return vec![Value::unknown()] };
        let mut arguments = arguments.iter();
        let mut pieces = template.split('%');
        let mut values = vec![Value::text(pieces.next().unwrap_or_default())];
        let mut escaped = false;
        for piece in pieces {
            if std::mem::take(&mut escaped) {
                values = join(values, &[Value::text(piece)]);
            } else if piece.is_empty() {
                escaped = true;
                values = join(values, &[Value::text("%")]);
            } else if let (Some(rest), Some(argument)) = (piece.strip_prefix(['s', 'd']), arguments.next()) {
                values = join(values, &self.texts(argument));
                values = join(values, &[Value::text(rest)]);
            } else {
                return vec![Value::unknown()];
            }
        }
        values
    }

    fn name_texts(&self, name: &'a ExprName) -> Vec<Value> {
        let Some(used) = self.model.use_of(name) else { return vec![Value::unknown()] };
        let reaching = self.model.reaching(used);
        self.spend(reaching.len());
        if reaching.len() > WIDTH {
            return vec![Value::unknown()];
        }
        reaching.iter().flat_map(|binding| self.bound_texts(binding)).collect()
    }

    fn bound_texts(&self, binding: &Binding<'a>) -> Vec<Value> {
        let all = |exprs: Vec<&'a Expr>| exprs.into_iter().flat_map(|e| self.texts(e).to_vec()).collect();
        match binding.origin {
            Origin::Value(value) => self.texts(value).to_vec(),
            Origin::Part(value, place) => {
                self.element_at(value, place).map(|e| self.texts(e).to_vec()).unwrap_or_else(unknown)
            }
            Origin::Element(iter, place) => self.elements(iter, place).map(all).unwrap_or_else(unknown),
            Origin::Parameter(def, name) => self.arguments(def, name).map(all).unwrap_or_else(unknown),
            Origin::Augmented(statement) if statement.op == Operator::Add => {
                join(self.texts(&statement.target).to_vec(), &self.texts(&statement.value))
            }
            Origin::Deleted => Vec::new(),
            _ => unknown(),
        }
    }

    fn item_texts(&self, subscript: &'a ExprSubscript) -> Vec<Value> {
        let environment = self.chains(&subscript.value).iter().all(|chain| chain.path() == Some("os.environ"));
        let keys = self.texts(&subscript.slice);
        if environment {
            return keys.iter().map(|key| key.known().map_or_else(Value::unknown, Value::env)).collect();
        }
        if let Some(reversed) = self.reversed(&subscript.value, &subscript.slice) {
            return reversed;
        }
        let [key] = keys.as_ref() else { return unknown() };
        let place = || match subscript.slice.as_ref() {
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_usize().and_then(|place| self.element_at(&subscript.value, place)),
                _ => None,
            },
            Expr::UnaryOp(minus) if minus.op == UnaryOp::USub => None,
            _ => None,
        };
        let value = place().or_else(|| self.value_of(&subscript.value, key.known()?));
        value.map(|value| self.texts(value).to_vec()).unwrap_or_else(unknown)
    }

    fn attribute_texts(&self, attribute: &'a ExprAttribute) -> Vec<Value> {
        let chains = self.chains(&attribute.value);
        let [chain] = chains.as_ref() else { return unknown() };
        match chain.root() {
            Root::Class(def) if chain.is_root() => {
                let bindings = self.class_bindings(def.start().to_u32(), attribute.attr.as_str()).unwrap_or_default();
                bindings.iter().flat_map(|binding| self.bound_texts(binding)).collect()
            }
            _ => unknown(),
        }
    }

    fn call_texts(&self, call: &'a ExprCall) -> Vec<Value> {
        let arguments = call.arguments.args.as_ref();
        if arguments.iter().any(Expr::is_starred_expr) {
            return unknown();
        }
        let callee = self.chains(&call.func);
        let [chain] = callee.as_ref() else { return unknown() };
        if let (Root::Function(def), true) = (chain.root(), chain.is_root()) {
            let Some(returned) = self.returned(def) else { return unknown() };
            return returned
                .iter()
                .flat_map(|value| value.map_or_else(unknown, |value| self.texts(value).to_vec()))
                .collect();
        }
        match (chain.path(), arguments) {
            (Some("os.getenv" | "os.environ.get"), [name, default @ ..]) => {
                let default =
                    default.first().or_else(|| call.arguments.find_keyword("default").map(|keyword| &keyword.value));
                self.environment(name, default)
            }
            (Some("os.path.join" | "posixpath.join"), [first, rest @ ..]) => {
                rest.iter().fold(self.texts(first).to_vec(), |values, next| {
                    product(&values, &self.texts(next), |value, next| value.clone().joined(next))
                })
            }
            (Some("builtins.str" | "os.fspath"), [only]) => self.texts(only).to_vec(),
            (Some("builtins.chr"), [only]) => {
                let code = self.texts(only);
                let character =
                    |value: &Value| value.known().and_then(|text| text.parse().ok()).and_then(char::from_u32);
                code.iter().map(|value| character(value).map_or_else(Value::unknown, Value::text)).collect()
            }
            (Some(path), _) if let Some(decoded) = self.decoded(path, call) => decoded,
            _ => match call.func.as_ref() {
                Expr::Attribute(method) => self.method(method, call),
                _ => unknown(),
            },
        }
    }

    fn environment(&self, name: &'a Expr, default: Option<&'a Expr>) -> Vec<Value> {
        let names = self.texts(name);
        let mut values: Vec<Value> =
            names.iter().map(|name| name.known().map_or_else(Value::unknown, Value::env)).collect();
        let set = values.iter().all(|value| value.after_env(OUTPUT_PATH).is_some());
        if let Some(default) = default
            && !set
            && !default.is_none_literal_expr()
        {
            values.extend(self.texts(default).iter().cloned());
        }
        values
    }

    /// A method of a string.
    fn method(&self, method: &'a ExprAttribute, call: &'a ExprCall) -> Vec<Value> {
        let base = self.texts(&method.value);
        let arguments = call.arguments.args.as_ref();
        let argument = |place: usize| -> Option<String> {
            match self.texts(arguments.get(place)?).as_ref() {
                [value] => value.known().map(str::to_owned),
                _ => None,
            }
        };
        let change = |f: &dyn Fn(&str) -> String| {
            base.iter().map(|v| v.known().map_or_else(Value::unknown, |t| Value::text(f(t)))).collect()
        };
        let name = method.attr.as_str();
        match (name, arguments.len()) {
            ("strip" | "lstrip" | "rstrip", 0 | 1) => {
                let characters = if arguments.is_empty() { Some(" \t\n\r".to_owned()) } else { argument(0) };
                let Some(characters) = characters else { return unknown() };
                let characters: Vec<char> = characters.chars().collect();
                base.iter()
                    .map(|value| value.clone().stripped(name != "rstrip", name != "lstrip", &characters))
                    .collect()
            }
            ("decode" | "encode", _) => base.to_vec(),
            ("lower", 0) => change(&str::to_lowercase),
            ("upper", 0) => change(&str::to_uppercase),
            ("replace", 2) => match (argument(0), argument(1)) {
                (Some(from), Some(to)) if !from.is_empty() && to.len() <= from.len() * 8 => {
                    change(&|t| t.replace(&from, &to))
                }
                _ => unknown(),
            },
            ("removesuffix", 1) => match argument(0) {
                Some(end) => change(&|t| t.strip_suffix(end.as_str()).unwrap_or(t).to_owned()),
                None => unknown(),
            },
            ("removeprefix", 1) => match argument(0) {
                Some(start) => change(&|t| t.strip_prefix(start.as_str()).unwrap_or(t).to_owned()),
                None => unknown(),
            },
            ("join", 1) => {
                if let Some(characters) = arguments.first().and_then(|list| self.joined_characters(list)) {
                    return join(vec![Value::text(characters)], &[Value::text("")]);
                }
                let Some(elements) = arguments.first().and_then(|list| self.elements(list, None)) else {
                    return unknown();
                };
                let mut values = vec![Value::text("")];
                for (place, element) in elements.into_iter().enumerate() {
                    if place > 0 {
                        values = join(values, &base);
                    }
                    values = join(values, &self.texts(element));
                }
                values
            }
            ("format", _) => base.iter().flat_map(|template| self.format(template, call)).collect(),
            _ => unknown(),
        }
    }

    /// `template.format(…)`, for `{}`, `{0}` and `{name}` alone.
    fn format(&self, template: &Value, call: &'a ExprCall) -> Vec<Value> {
        let Some(template) = template.known() else { return unknown() };
        let mut values = vec![Value::text("")];
        let mut rest = template;
        let mut next = 0_usize;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            values = join(values, &[Value::text(before)]);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                values = join(values, &[Value::text(if from.starts_with('{') { "{" } else { "}" })]);
                rest = after;
                continue;
            }
            let Some((field, after)) = from.strip_prefix('{').and_then(|from| from.split_once('}')) else {
                return unknown();
            };
            let argument = if field.is_empty() {
                next += 1;
                call.arguments.args.get(next - 1)
            } else if let Ok(place) = field.parse::<usize>() {
                call.arguments.args.get(place)
            } else {
                call.arguments.find_keyword(field).map(|keyword| &keyword.value)
            };
            let filled = argument.map(|argument| self.texts(argument).to_vec()).unwrap_or_else(unknown);
            values = join(values, &filled);
            rest = after;
        }
        join(values, &[Value::text(rest)])
    }
}

fn unknown() -> Vec<Value> {
    vec![Value::unknown()]
}

fn join(before: Vec<Value>, after: &[Value]) -> Vec<Value> {
    product(&before, after, |before, after| before.clone().then(after))
}

fn product(left: &[Value], right: &[Value], make: impl Fn(&Value, &Value) -> Value) -> Vec<Value> {
    narrow(left.iter().flat_map(|left| right.iter().map(|right| make(left, right)).collect::<Vec<_>>()).collect())
}

/// Possibilities without repeats. None at all means unknown, and so do too many.
fn narrow(values: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    if kept.is_empty() || kept.len() > WIDTH { unknown() } else { kept }
}
