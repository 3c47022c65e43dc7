//! Expressions to values.

use std::rc::Rc;

use enginehouse_pycheck::ast::{BoolOp, Expr, ExprBoolOp, ExprSubscript, Number, Operator, UnaryOp};

use super::{
    Flow,
    columns::by_name,
    compares::is_list,
    state::Way,
    value::{Code, Column, Value},
};

impl<'a> Flow<'_, 'a> {
    pub(super) fn eval(&mut self, expr: &'a Expr) -> Value<'a> {
        match expr {
            Expr::StringLiteral(text) => {
                self.spend(1);
                Value::Text(text.value.to_str().into(), Some(expr))
            }
            Expr::Name(name) => {
                self.spend(1);
                let text = name.id.as_str();
                self.lookup(text).unwrap_or_else(|| self.outside(expr, text))
            }
            Expr::BooleanLiteral(literal) => Value::Truth(literal.value),
            Expr::NoneLiteral(_) => Value::Nothing,
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_i64().map_or(Value::Plain, Value::Int),
                _ => Value::Plain,
            },
            Expr::BytesLiteral(_) | Expr::EllipsisLiteral(_) => Value::Plain,
            _ => self.within(Value::Unknown, |flow| flow.compound(expr)),
        }
    }

    fn compound(&mut self, expr: &'a Expr) -> Value<'a> {
        match expr {
            Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) => self.chain(expr),
            Expr::FString(text) => self.f_string(text, expr),
            Expr::BinOp(_) => self.sum(expr),
            Expr::Compare(compare) => self.compare(compare),
            Expr::UnaryOp(operation) => {
                let value = self.eval(&operation.operand);
                match operation.op {
                    UnaryOp::Not => value
                        .truth()
                        .map_or(if matches!(value, Value::Doubt) { Value::Doubt } else { Value::Unknown }, |truth| {
                            Value::Truth(!truth)
                        }),
                    _ if value.is_column() => Value::Column(Rc::new(unnamed(&[&value]))),
                    UnaryOp::USub if let Value::Int(int) = value => int.checked_neg().map_or(Value::Plain, Value::Int),
                    _ => Value::Unknown,
                }
            }
            Expr::BoolOp(choice) => self.choice(choice),
            Expr::If(choice) => match self.decides(&choice.test) {
                (Some(true), _) => self.eval(&choice.body),
                (Some(false), _) => self.eval(&choice.orelse),
                (None, doubt) => self.doubtful(doubt, |flow| {
                    let value = flow.perhaps(&choice.body);
                    value.or(flow.perhaps(&choice.orelse))
                }),
            },
            Expr::Named(named) => {
                let value = self.eval(&named.value);
                let outside = self.outside_comprehensions();
                self.in_environment(outside, |flow| flow.assign(&named.target, value.clone()));
                value
            }
            Expr::Lambda(lambda) => self.function(Code::Lambda(lambda), lambda.parameters.as_deref()),
            Expr::Tuple(tuple) => self.sequence(&tuple.elts),
            Expr::List(list) => {
                let content = self.sequence(&list.elts);
                self.hold(content)
            }
            Expr::Set(set) => {
                let content = self.sequence(&set.elts);
                self.hold(content)
            }
            Expr::Dict(dict) => {
                let mut pairs = Vec::new();
                let mut whole = true;
                for item in &dict.items {
                    let value = self.eval(&item.value);
                    match &item.key {
                        Some(key) => pairs.push((self.eval(key), value)),
                        None => match self.open(&value) {
                            Value::Pairs(more) => {
                                self.spend(more.all.len());
                                pairs.extend(more.all.iter().cloned());
                            }
                            _ => whole = false,
                        },
                    }
                }
                let content = if whole { Value::pairs(pairs) } else { Value::Unknown };
                self.hold(content)
            }
            Expr::ListComp(list) => self.comprehension(&list.generators, &[&list.elt]),
            Expr::SetComp(set) => self.comprehension(&set.generators, &[&set.elt]),
            Expr::Generator(generator) => self.comprehension(&generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => match dict.key.as_deref() {
                Some(key) => self.comprehension(&dict.generators, &[key, &dict.value]),
                None => Value::Unknown,
            },
            Expr::Starred(starred) => {
                self.eval(&starred.value);
                Value::Unknown
            }
            Expr::Await(awaited) => {
                self.eval(&awaited.value);
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    /// A name that nothing on the way has bound.
    fn outside(&mut self, expr: &'a Expr, name: &str) -> Value<'a> {
        if name == "__name__" {
            return Value::Text("__main__".into(), None);
        }
        match self.program.chains(expr).as_ref() {
            [chain] => chain.pure_path().map_or(Value::Unknown, |path| Value::Path(path.into())),
            _ => Value::Unknown,
        }
    }

    /// Attributes, calls and items. They are walked down without recursion, so that long chains cost no stack.
    fn chain(&mut self, expr: &'a Expr) -> Value<'a> {
        let mut above = Vec::new();
        let mut base = expr;
        loop {
            let below = match base {
                Expr::Attribute(attribute) => &attribute.value,
                Expr::Call(call) => &call.func,
                Expr::Subscript(subscript) => &subscript.value,
                _ => break,
            };
            above.push(base);
            base = below;
        }
        let mut value = self.eval(base);
        while let Some(next) = above.pop() {
            if !self.spend(1) {
                return Value::Unknown;
            }
            value = match next {
                // Nearly all steps are of these two kinds.
                Expr::Attribute(attribute)
                    if let Some(Expr::Call(call)) = above.last()
                        && (value.is_function_module() || value.some().class().is_some()) =>
                {
                    above.pop();
                    let mut args = self.args(call);
                    args.settle();
                    let name = attribute.attr.as_str();
                    match value.some() {
                        Value::Path(_) => self.column_function(name, &args, Some(call)),
                        of => self.method(of, name, args, Some(call)),
                    }
                }
                Expr::Attribute(attribute) => {
                    let called = matches!(above.last(), Some(Expr::Call(_)));
                    self.attribute(&value, attribute.attr.as_str(), next, called)
                }
                Expr::Call(call) => {
                    let args = self.args(call);
                    self.apply(&value, args, Some(call))
                }
                Expr::Subscript(item) => self.item(&value, item, next),
                _ => Value::Unknown,
            };
        }
        value
    }

    fn item(&mut self, of: &Value<'a>, item: &'a ExprSubscript, expr: &'a Expr) -> Value<'a> {
        let key = self.eval(&item.slice);
        let of = of.some();
        match (of, &key) {
            (Value::Frame(frame), Value::Text(name, _)) => {
                self.require(frame, &[(Rc::clone(name), expr)], true);
                Value::Column(Rc::new(by_name(name, None)))
            }
            (Value::Frame(frame), Value::Column(condition)) => {
                self.require(frame, &condition.uses, true);
                of.clone()
            }
            (Value::Of("DataFrame"), Value::Text(..)) => Value::Of("Column"),
            (Value::Frame(_) | Value::Of("DataFrame"), _) => Value::Unknown,
            (Value::Column(_), _) => Value::Column(Rc::new(Column { odd: true, ..unnamed(&[of, &key]) })),
            (Value::Of("Column"), _) => Value::Of("Column"),
            (Value::Doubt, _) => Value::Doubt,
            (Value::Held(_) | Value::Items(_) | Value::Each(_), _) => self.get_item(of, &key, &item.slice),
            _ => Value::Unknown,
        }
    }

    fn sequence(&mut self, elements: &'a [Expr]) -> Value<'a> {
        let mut all = Vec::with_capacity(elements.len());
        let mut whole = true;
        for element in elements {
            if let Expr::Starred(starred) = element {
                let value = self.eval(&starred.value);
                match self.elements(&value) {
                    Some(more) => {
                        self.spend(more.len());
                        all.extend(more);
                    }
                    None => whole = false,
                }
            } else {
                all.push(self.eval(element));
            }
        }
        if whole { Value::items(all) } else { Value::Unknown }
    }

    /// `a + b + c`, which leans to the left: it is walked down without recursion.
    fn sum(&mut self, expr: &'a Expr) -> Value<'a> {
        let mut above = Vec::new();
        let mut base = expr;
        while let Expr::BinOp(operation) = base {
            above.push((base, operation));
            base = &operation.left;
        }
        let mut value = self.eval(base);
        while let Some((expr, operation)) = above.pop() {
            let right = self.eval(&operation.right);
            value = self.operation(value, operation.op, right, expr);
        }
        value
    }

    pub(super) fn operation(&mut self, left: Value<'a>, op: Operator, right: Value<'a>, expr: &'a Expr) -> Value<'a> {
        if !self.spend(1) {
            return Value::Unknown;
        }
        let (left, right) = (left.some().clone(), right.some().clone());
        match (&left, &right) {
            // Its class may do anything there.
            (Value::Object(_), _) | (_, Value::Object(_)) => {
                self.lose();
                Value::Unknown
            }
            _ if left.is_column() || right.is_column() => Value::Column(Rc::new(unnamed(&[&left, &right]))),
            (Value::Text(a, _), Value::Text(b, _)) if op == Operator::Add && a.len() + b.len() < 4096 => {
                Value::Text([&**a, &**b].concat().into(), Some(expr))
            }
            (
                Value::Held(_) | Value::Items(_) | Value::Names(_),
                Value::Held(_) | Value::Items(_) | Value::Names(_),
            ) if op == Operator::Add => match (self.elements(&left), self.elements(&right)) {
                (Some(a), Some(b)) if a.len() + b.len() <= 256 => {
                    self.spend(a.len() + b.len());
                    let all = Value::items(a.into_iter().chain(b).collect());
                    self.hold(all)
                }
                _ => Value::Unknown,
            },
            (Value::Int(a), Value::Int(b)) => {
                let result = match op {
                    Operator::Add => a.checked_add(*b),
                    Operator::Sub => a.checked_sub(*b),
                    _ => None,
                };
                result.map_or(Value::Plain, Value::Int)
            }
            (Value::Plain | Value::Int(_), Value::Plain | Value::Int(_)) => Value::Plain,
            (Value::Text(..), _) => self.text_of(expr),
            (Value::Doubt, _) | (_, Value::Doubt) => Value::Doubt,
            _ if is_list(&left) || is_list(&right) => Value::Doubt,
            _ => Value::Unknown,
        }
    }

    /// `a or b`, `a and b`.
    fn choice(&mut self, choice: &'a ExprBoolOp) -> Value<'a> {
        let mut may: Option<Value<'a>> = None;
        let before = self.inspected;
        for (place, operand) in choice.values.iter().enumerate() {
            let doubt = self.inspected != before || matches!(may, Some(Value::Doubt));
            let doubt = doubt && may.is_some();
            let asked = self.inspected;
            let value = match place {
                0 => self.eval(operand),
                _ => self.doubtful(doubt, |flow| flow.perhaps(operand)),
            };
            let truth = value.truth();
            if truth.is_some() {
                // Whoever asked has the answer.
                self.inspected = asked;
            }
            let last = place + 1 == choice.values.len() || truth == Some(choice.op == BoolOp::Or);
            let passed = truth == Some(choice.op == BoolOp::And);
            if last || !passed {
                may = Some(may.map_or(value.clone(), |before| before.or(value)));
            }
            if last {
                break;
            }
        }
        may.unwrap_or(Value::Unknown)
    }

    /// What may be reached or not.
    fn perhaps(&mut self, expr: &'a Expr) -> Value<'a> {
        let (mark, stops) = (self.state.mark(), self.stops);
        let value = self.eval(expr);
        self.stops = stops;
        let way = self.state.back(mark);
        self.state.merge(&[Way::default(), way], false);
        value
    }
}

/// A column that is made of others, under a name that Spark makes up.
pub(super) fn unnamed<'a>(of: &[&Value<'a>]) -> Column<'a> {
    let mut made = Column::default();
    for value in of {
        if let Value::Column(column) = value.some() {
            made.uses.extend(column.uses.iter().cloned());
            made.made.extend(column.made.iter().cloned());
        }
    }
    made
}
