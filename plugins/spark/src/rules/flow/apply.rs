//! Calls: what is called, with what.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprCall};
use rustc_hash::FxHashSet;

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
                // It may be any function of the program's.
                self.lose();
                self.escape(&args);
                if let Value::Doubt = other { Value::Doubt } else { Value::Unknown }
            }
        }
    }

    /// Values go where they are not followed, which may change lists and call functions.
    pub(super) fn escape(&mut self, args: &Args<'a>) {
        let mut reached = Reached::default();
        for value in args.all() {
            self.reach(value, &mut reached);
        }
        self.inspected += u32::from(reached.frames);
        if reached.calls {
            self.lose();
        }
        for place in reached.held {
            self.change(&Value::Held(place), Value::Unknown);
        }
    }

    /// What can be come at from a value.
    fn reach(&mut self, value: &Value<'a>, reached: &mut Reached) {
        if !self.spend(1) {
            return;
        }
        match value {
            Value::Frame(_) | Value::Names(_) | Value::Doubt | Value::Of("DataFrame") => reached.frames = true,
            Value::Function(function) => reached.calls |= self.may_change(function),
            Value::Object(_) | Value::Partial(_) | Value::Class(..) => reached.calls = true,
            Value::Perhaps(value) | Value::Each(value) | Value::Method(value, _) => self.reach(value, reached),
            Value::Items(items) => items.all.iter().for_each(|value| self.reach(value, reached)),
            Value::Pairs(pairs) => pairs.all.iter().for_each(|(_, value)| self.reach(value, reached)),
            Value::Held(place) if reached.held.insert(*place) => {
                let content = self.open(value);
                self.within((), |flow| flow.reach(&content, reached));
            }
            _ => {}
        }
    }
}

/// What goes where it is not followed.
#[derive(Debug, Default)]
struct Reached {
    frames: bool,
    /// Something that may be called, and change whatever it sees.
    calls: bool,
    held: FxHashSet<usize>,
}
