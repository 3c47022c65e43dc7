//! What the arguments of a frame's methods say of columns: which they name, which they make.

use std::rc::Rc;

use enginehouse_pycheck::ast::Expr;

use super::{
    Flow,
    columns::by_name,
    value::{Args, Column, Value},
};
use crate::rules::{
    columns::Frame,
    sql::{self, Item},
};

/// What arguments say of columns.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    pub(super) uses: Vec<(Rc<str>, &'a Expr)>,
    pub(super) items: Vec<Item>,
    /// Names that are given beside.
    pub(super) made: Vec<Rc<str>>,
    /// Something is not understood.
    pub(super) vague: bool,
    /// A column may have a name that cannot be told.
    pub(super) odd: bool,
    /// Aliases of frames, or structs, of which all is meant.
    pub(super) all_of: Vec<Rc<str>>,
}

impl<'a> Flow<'_, 'a> {
    /// What the arguments of `select` and its like say: those of a list that is the only one, too.
    pub(super) fn said(&mut self, args: &Args<'a>) -> Said<'a> {
        let mut said = Said { vague: args.more, ..Said::default() };
        let all = self.listed_or_placed(args);
        self.spend(all.len());
        for (value, expr) in all {
            match value {
                Value::Text(text, place) => self.say(&by_name(&text, place.or(expr)), &mut said),
                Value::Column(column) => self.say(&column, &mut said),
                // The place of a column, or a value under a name of its own.
                Value::Plain | Value::Int(_) => {
                    said.odd = true;
                    said.items.push(Item::Unnamed);
                }
                _ => {
                    said.vague = true;
                    said.items.push(Item::Unnamed);
                }
            }
        }
        if args.more {
            said.items.push(Item::Unnamed);
        }
        said
    }

    /// The arguments, or the elements of a list that is the only one.
    fn listed_or_placed(&self, args: &Args<'a>) -> Vec<(Value<'a>, Option<&'a Expr>)> {
        match args.placed.as_slice() {
            [(only, expr)] => match self.elements(only) {
                Some(elements) => elements.into_iter().map(|element| (element, *expr)).collect(),
                None => vec![(only.clone(), *expr)],
            },
            all => all.to_vec(),
        }
    }

    fn say(&mut self, column: &Column<'a>, said: &mut Said<'a>) {
        self.spend(column.uses.len());
        said.uses.extend(column.uses.iter().cloned());
        said.made.extend(column.made.iter().cloned());
        said.odd |= column.odd;
        said.all_of.extend(column.all_of.clone());
        said.items.push(match &column.name {
            _ if column.star || column.all_of.is_some() => Item::Star,
            Some(name) if !column.odd => Item::Named(name.to_string()),
            _ => Item::Unnamed,
        });
    }

    pub(super) fn said_in_sql(&mut self, args: &Args<'a>) -> Said<'a> {
        let mut said = Said { vague: args.more, ..Said::default() };
        let all = self.listed_or_placed(args);
        for (value, expr) in all {
            let Value::Text(text, place) = &value else {
                said.vague = true;
                said.items.push(Item::Unnamed);
                continue;
            };
            self.spend(1 + text.len() / 8);
            let Some(projection) = sql::projection(text) else {
                said.vague = true;
                said.items.push(Item::Unnamed);
                continue;
            };
            for item in projection.items {
                if let Item::Named(name) = &item
                    && !text.trim().eq_ignore_ascii_case(name)
                {
                    said.made.push(name.as_str().into());
                }
                said.items.push(item);
            }
            if let Some(place) = place.or(expr) {
                said.uses.extend(projection.used.iter().map(|name| (Rc::from(name.as_str()), place)));
            }
        }
        said
    }

    /// Looks up what a projection names: a column may be named by what stands beside it.
    pub(super) fn require_said(&mut self, frame: &Rc<Frame>, said: &Said<'a>) {
        let made = |name: &str| said.made.iter().any(|made| made.eq_ignore_ascii_case(name));
        let uses: Vec<_> = said.uses.iter().filter(|(name, _)| !made(name)).cloned().collect();
        if !said.vague {
            self.require(frame, &uses, false);
        }
    }

    /// The texts that a value is or holds, as names of columns.
    pub(super) fn names(&mut self, value: &Value<'a>, expr: Option<&'a Expr>) -> Vec<(Rc<str>, &'a Expr)> {
        let all = self.elements(value).unwrap_or_else(|| vec![value.clone()]);
        self.spend(all.len());
        all.iter()
            .filter_map(|value| match value {
                Value::Text(name, place) => Some((Rc::clone(name), place.or(expr)?)),
                _ => None,
            })
            .collect()
    }

    /// The texts that a value is or holds, where all are known.
    pub(super) fn listed(&mut self, value: Option<&Value<'a>>) -> Option<Vec<Rc<str>>> {
        let value = value?;
        let all = self.elements(value).unwrap_or_else(|| vec![value.clone()]);
        all.iter().map(|value| value.text().cloned()).collect()
    }
}
