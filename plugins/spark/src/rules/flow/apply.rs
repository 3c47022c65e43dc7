//! Calls: what is called, with what.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprCall};

use super::{
    Flow,
    value::{Args, Value},
};

impl<'a> Flow<'_, 'a> {
    /// The arguments of a call.
    pub(super) fn args(&mut self, call: &'a ExprCall) -> Args<'a> {
        let mut args = Args::default();
        for argument in &call.arguments.args {
            if let Expr::Starred(starred) = argument {
                let value = self.eval(&starred.value);
                match self.elements(&value) {
                    Some(elements) => {
                        self.spend(elements.len());
                        args.placed.extend(elements.into_iter().map(|value| (value, Some(argument))));
                    }
                    None => args.more = true,
                }
            } else {
                let value = self.eval(argument);
                args.placed.push((value, Some(argument)));
            }
        }
        for keyword in &call.arguments.keywords {
            let value = self.eval(&keyword.value);
            match &keyword.arg {
                Some(name) => args.named.push((name.as_str().into(), value, Some(&keyword.value))),
                None => match self.open(&value) {
                    Value::Pairs(pairs) if pairs.all.iter().all(|(key, _)| key.text().is_some()) => {
                        self.spend(pairs.all.len());
                        let named = pairs.all.iter().filter_map(|(key, value)| {
                            Some((Rc::clone(key.text()?), value.clone(), Some(&keyword.value)))
                        });
                        args.named.extend(named);
                    }
                    _ => args.more = true,
                },
            }
        }
        args
    }

    /// What a call gives back.
    pub(super) fn apply(&mut self, callee: &Value<'a>, args: Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        if !self.spend(1 + args.placed.len()) {
            return Value::Unknown;
        }
        let mut args = args;
        let callee = callee.some();
        if matches!(callee, Value::Path(_) | Value::Method(..) | Value::PerRow) {
            args.settle();
        }
        match callee {
            Value::Function(function) => self.enter(function, args),
            Value::Class(class, environment) => self.instantiate(class, *environment, args),
            Value::Object(object) => self.call_object(*object, args, node),
            Value::Partial(partial) => {
                let mut all = partial.args.clone();
                all.placed.extend(args.placed);
                all.more |= args.more;
                all.named.retain(|(name, ..)| !args.named.iter().any(|(other, ..)| other == name));
                all.named.extend(args.named);
                let function = partial.function.clone();
                self.within(Value::Unknown, |flow| flow.apply(&function, all, node))
            }
            Value::Method(of, name) => self.method(of, name, args, node),
            Value::Path(path) => self.call_path(&Rc::clone(path), args, node),
            Value::PerRow => Value::Column(Rc::new(self.gather(&args, true))),
            other => {
                self.escape(&args);
                if let Value::Doubt = other { Value::Doubt } else { Value::Unknown }
            }
        }
    }

    /// Values go where they are not followed, which may change lists and call functions.
    pub(super) fn escape(&mut self, args: &Args<'a>) {
        let frames =
            args.all().filter(|value| matches!(value, Value::Frame(_) | Value::Names(_) | Value::Doubt)).count();
        self.inspected += u32::from(frames > 0);
        let calls = |value: &Value<'a>| match value {
            Value::Function(function) => function.may_change(),
            Value::Object(_) | Value::Partial(_) => true,
            _ => false,
        };
        if args.all().any(calls) {
            self.lose();
        }
        let held: Vec<Value<'a>> = args.all().filter(|value| matches!(value, Value::Held(_))).cloned().collect();
        for value in held {
            let inner = self.open(&value);
            let inner: Vec<Value<'a>> = match &inner {
                Value::Items(items) => items.all.clone(),
                Value::Pairs(pairs) => pairs.all.iter().map(|(_, value)| value.clone()).collect(),
                _ => Vec::new(),
            };
            self.spend(inner.len());
            if inner.iter().any(|value| calls(value) || matches!(value, Value::Held(_))) {
                self.lose();
            }
            self.change(&value, Value::Unknown);
        }
    }
}
