//! Groups of a frame's rows, and what they are summed up to.

use std::rc::Rc;

use super::{
    Flow,
    said::Said,
    value::{Args, Group, Value},
};
use crate::rules::{columns::Frame, sql::Item};

impl<'a> Flow<'_, 'a> {
    pub(super) fn group(&mut self, frame: &Rc<Frame>, args: &Args<'a>) -> Value<'a> {
        let said = self.said(args);
        self.require_said(frame, &said);
        let mut group = Group {
            frame: Rc::clone(frame),
            keys: Vec::new(),
            open: said.vague || said.odd || !args.named.is_empty(),
            pivoted: None,
        };
        for item in said.items {
            match item {
                Item::Named(name) => group.keys.push(name.into()),
                // Spark's own names hold brackets.
                Item::Unnamed => {}
                Item::Star => group.open = true,
            }
        }
        Value::Group(Rc::new(group))
    }

    pub(super) fn group_method(&mut self, group: &Rc<Group>, name: &str, args: &Args<'a>) -> Value<'a> {
        match name {
            "agg" => self.aggregate(group, args),
            "count" => {
                let count = Item::Named("count".to_owned());
                Value::Frame(Rc::new(summed(group, vec![count])))
            }
            "sum" | "avg" | "mean" | "min" | "max" => {
                let said = self.said(args);
                self.require_said(&group.frame, &said);
                // Their columns are called `sum(x)`.
                Value::Frame(Rc::new(summed(group, Vec::new())))
            }
            "pivot" => {
                let column = args.placed.first().map(|(value, expr)| (value.clone(), *expr));
                if let Some((value, expr)) = column {
                    let uses = self.names(&value, expr);
                    self.require(&group.frame, &uses, false);
                }
                let values = args.get(1, "values").and_then(|values| self.elements(values));
                let values = values.and_then(|values| values.iter().map(|value| value.text().cloned()).collect());
                Value::Group(Rc::new(Group {
                    frame: Rc::clone(&group.frame),
                    keys: group.keys.clone(),
                    open: group.open,
                    pivoted: Some(values.unwrap_or_default()),
                }))
            }
            "applyInPandas" | "applyInArrow" => self.stated(args),
            _ => match self.kinds.member("GroupedData", name) {
                Some("") | None => Value::Unknown,
                Some(class) => Value::Of(class),
            },
        }
    }

    /// `agg(…)`.
    pub(super) fn aggregate(&mut self, group: &Group, args: &Args<'a>) -> Value<'a> {
        if let [(only @ Value::Held(_), expr)] = args.placed.as_slice()
            && let Value::Pairs(_) = self.open(only)
        {
            let mut uses = self.names(only, *expr);
            uses.retain(|(name, _)| &**name != "*");
            self.require(&group.frame, &uses, false);
            return Value::Frame(Rc::new(summed(group, Vec::new())));
        }
        let Said { items, vague, odd, .. } = {
            let mut said = self.said(args);
            // The keys may be named as well.
            said.uses.retain(|(name, _)| !group.keys.iter().any(|key| key.eq_ignore_ascii_case(name)));
            self.require_said(&group.frame, &said);
            said
        };
        let mut frame = summed(group, items);
        frame.open |= vague || odd;
        Value::Frame(Rc::new(frame))
    }
}

/// The frame of the keys and of what is made for each.
fn summed(group: &Group, items: Vec<Item>) -> Frame {
    let mut columns = group.keys.clone();
    let values = group.pivoted.as_deref();
    let mut open = group.open || group.frame.open || values.is_some_and(<[_]>::is_empty);
    // One aggregate is called by the value alone.
    columns.extend(values.into_iter().flatten().cloned());
    for item in items {
        match (item, values) {
            (Item::Named(name), None) => columns.push(name.into()),
            (Item::Named(name), Some(values)) => {
                columns.extend(values.iter().map(|value| Rc::from([value, "_", name.as_str()].concat())));
            }
            // `jan_sum(x)` holds brackets as well.
            (Item::Unnamed, _) => {}
            (Item::Star, _) => open = true,
        }
    }
    // Names that Spark makes up are left out.
    Frame { columns, before: group.frame.all(), open, perhaps: true }
}
