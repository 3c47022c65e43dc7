//! Lists, tuples and dicts.

use std::rc::Rc;

use enginehouse_pycheck::ast::Expr;

use super::{
    Flow, schemas,
    state::Place,
    value::{Args, Value},
};

/// The most elements that are kept apart.
const ELEMENTS: usize = 256;

impl<'a> Flow<'_, 'a> {
    /// The elements that something holds, where all are known.
    pub(super) fn elements(&self, value: &Value<'a>) -> Option<Vec<Value<'a>>> {
        match self.open(value) {
            Value::Items(items) => Some(items.all.clone()),
            Value::Pairs(pairs) => Some(pairs.all.iter().map(|(key, _)| key.clone()).collect()),
            Value::Names(frame) => {
                let names = frame.exact()?.iter();
                Some(names.map(|name| Value::Text(Rc::clone(name), None)).collect())
            }
            _ => None,
        }
    }

    /// What each element may be, where they are not gone through one by one; `elements` where all are known.
    pub(super) fn any_element(&self, of: &Value<'a>, elements: Option<Vec<Value<'a>>>) -> Value<'a> {
        match (elements, self.open(of)) {
            (Some(elements), _) => elements.into_iter().reduce(Value::or).unwrap_or(Value::Unknown),
            (None, Value::Each(each)) => Value::clone(&each),
            _ => Value::Unknown,
        }
    }

    /// Puts another content into a list or a dict.
    pub(super) fn change(&mut self, held: &Value<'a>, content: Value<'a>) {
        match held.some() {
            Value::Held(place) => self.state.set(Place::Held(*place), content),
            // It may be any of them.
            Value::Unknown | Value::Doubt | Value::Each(_) | Value::Object(_) | Value::Method(..) => self.lose(),
            _ => {}
        }
    }

    /// `list + more`, in place.
    pub(super) fn extend(&mut self, list: &Value<'a>, more: &Value<'a>) {
        let content = match (self.elements(list), self.elements(more)) {
            (Some(all), Some(more)) if all.len() + more.len() <= ELEMENTS => {
                self.spend(all.len() + more.len());
                Value::items(all.into_iter().chain(more).collect())
            }
            _ => Value::Unknown,
        };
        self.change(list, content);
    }

    /// `of[key] = value`.
    pub(super) fn set_item(&mut self, of: &Value<'a>, key: Value<'a>, value: Value<'a>) {
        let content = match self.open(of) {
            Value::Pairs(pairs) if key.text().is_some() && pairs.all.len() < ELEMENTS => {
                self.spend(pairs.all.len());
                let mut all = pairs.all.clone();
                match all.iter_mut().find(|(of, _)| of.same(&key)) {
                    Some((_, before)) => *before = value,
                    None => all.push((key, value)),
                }
                Value::pairs(all)
            }
            _ => Value::Unknown,
        };
        self.change(of, content);
    }

    /// `of[key]` of a list, a tuple or a dict.
    pub(super) fn get_item(&self, of: &Value<'a>, key: &Value<'a>, slice: &Expr) -> Value<'a> {
        match self.open(of) {
            Value::Items(items) => {
                let place = match key {
                    Value::Int(place) if *place < 0 => {
                        usize::try_from(place.unsigned_abs()).ok().and_then(|back| items.all.len().checked_sub(back))
                    }
                    Value::Int(place) => usize::try_from(*place).ok(),
                    _ => None,
                };
                let one = || items.all.iter().cloned().reduce(Value::or);
                let any = if matches!(slice, Expr::Slice(_)) { None } else { one() };
                place.and_then(|place| items.all.get(place).cloned()).or(any).unwrap_or(Value::Unknown)
            }
            Value::Each(each) if !matches!(slice, Expr::Slice(_)) => Value::clone(&each),
            Value::Pairs(pairs) if key.text().is_some() => {
                let found = pairs.all.iter().find(|(of, _)| of.same(key));
                // A key that is not a plain text may be the one.
                let plain = pairs.all.iter().all(|(key, _)| key.text().is_some());
                found.filter(|_| plain).map_or(Value::Unknown, |(_, value)| value.clone())
            }
            Value::Pairs(pairs) => {
                let values = pairs.all.iter().map(|(_, value)| value.clone());
                values.reduce(Value::or).unwrap_or(Value::Unknown)
            }
            _ => Value::Unknown,
        }
    }

    /// A method of a list or a dict.
    pub(super) fn list_method(&mut self, of: &Value<'a>, name: &str, args: &Args<'a>) -> Value<'a> {
        let first = args.placed.first().map(|(value, _)| value.clone()).unwrap_or(Value::Unknown);
        let content = match self.open(of) {
            Value::Names(_) => self.elements(of).map_or(Value::Doubt, Value::items),
            content => content,
        };
        match (name, &content) {
            ("append", Value::Items(_)) => {
                let more = Value::items(vec![first]);
                self.extend(of, &more);
                Value::Nothing
            }
            ("append", Value::Each(each)) => {
                let all = Value::each(Value::clone(each).or(first));
                self.change(of, all);
                Value::Nothing
            }
            ("extend", Value::Items(_)) => {
                self.extend(of, &first);
                Value::Nothing
            }
            ("update", Value::Pairs(_)) => {
                let more = match (self.open(&first), args.placed.is_empty(), args.more) {
                    (Value::Pairs(more), false, false) => Some(more.all.clone()),
                    (_, true, false) => Some(Vec::new()),
                    _ => None,
                };
                let named =
                    args.named.iter().map(|(name, value, _)| (Value::Text(Rc::clone(name), None), value.clone()));
                match more {
                    Some(more) => {
                        for (key, value) in more.into_iter().chain(named) {
                            self.set_item(of, key, value);
                        }
                    }
                    None => self.change(of, Value::Unknown),
                }
                Value::Nothing
            }
            ("items", Value::Pairs(pairs)) => {
                self.spend(pairs.all.len());
                let pairs = pairs.all.iter().map(|(key, value)| Value::items(vec![key.clone(), value.clone()]));
                Value::items(pairs.collect())
            }
            ("values", Value::Pairs(pairs)) => Value::items(pairs.all.iter().map(|(_, value)| value.clone()).collect()),
            ("keys", Value::Pairs(pairs)) => Value::items(pairs.all.iter().map(|(key, _)| key.clone()).collect()),
            ("get", Value::Pairs(pairs)) => {
                let plain = pairs.all.iter().all(|(key, _)| key.text().is_some());
                let found = pairs.all.iter().find(|(key, _)| plain && key.same(&first));
                found.map_or(Value::Unknown, |(_, value)| value.clone())
            }
            ("add", Value::Schema(names)) => {
                let content = schemas::added(names, args);
                self.change(of, content);
                of.clone()
            }
            ("copy", Value::Items(_) | Value::Pairs(_)) => self.hold(content),
            ("index" | "count" | "items" | "values" | "keys" | "get" | "copy", _) => Value::Doubt,
            // What lists hold may tell which columns there are.
            _ => {
                self.change(of, Value::Unknown);
                Value::Doubt
            }
        }
    }
}
