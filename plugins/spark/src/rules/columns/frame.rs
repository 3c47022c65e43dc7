//! What is known of a frame's columns.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use enginehouse_pycheck::report;

use crate::rules::sql::Item;

/// The columns of a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Frame {
    pub(in super::super) columns: Vec<Rc<str>>,
    /// What it had before: Spark finds these still, for a filter or an order.
    pub(in super::super) before: Rc<BTreeSet<Rc<str>>>,
    /// There may be more, under names that cannot be told.
    pub(in super::super) open: bool,
    /// There may be fewer, or others under names that Spark made up.
    pub(in super::super) perhaps: bool,
}

impl Frame {
    pub(in super::super) fn new(columns: Vec<Rc<str>>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// This frame with other columns in place of its own.
    pub(in super::super) fn with(&self, columns: Vec<Rc<str>>) -> Self {
        Self { columns, before: self.all(), ..*self }
    }

    /// This frame with one column more.
    pub(in super::super) fn and(&self, name: Rc<str>) -> Self {
        let mut more = self.clone();
        if !more.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            more.columns.push(name);
        }
        more
    }

    /// The columns of two frames. Of a name there are two at most, however often a frame is joined with itself.
    pub(in super::super) fn joined(&self, other: &Self) -> Self {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut columns = Vec::new();
        for column in self.columns.iter().chain(&other.columns) {
            let count = seen.entry(column).or_default();
            *count += 1;
            if *count <= 2 {
                columns.push(Rc::clone(column));
            }
        }
        let before = match (self.before.is_empty(), other.before.is_empty()) {
            (_, true) => Rc::clone(&self.before),
            (true, _) => Rc::clone(&other.before),
            _ => Rc::new(self.before.union(&other.before).cloned().collect()),
        };
        Self { columns, before, open: self.open || other.open, perhaps: self.perhaps || other.perhaps }
    }

    /// What either of two frames may have.
    pub(in super::super) fn either(&self, other: &Self) -> Self {
        let mut columns = self.columns.clone();
        for column in &other.columns {
            let count = |of: &[Rc<str>]| of.iter().filter(|name| *name == column).count();
            if count(&columns) < count(&other.columns).min(2) {
                columns.push(Rc::clone(column));
            }
        }
        let same = columns.len() == self.columns.len() && columns.len() == other.columns.len();
        Self {
            perhaps: self.perhaps || other.perhaps || !same,
            open: self.open || other.open,
            columns,
            before: Rc::new(self.before.union(&other.before).cloned().collect()),
        }
    }

    /// This frame with other names for some of its columns.
    pub(in super::super) fn renamed(&self, names: &[(Rc<str>, Rc<str>)]) -> Self {
        let to = |column: &Rc<str>| names.iter().find(|(from, _)| column.eq_ignore_ascii_case(from)).map(|(_, to)| to);
        let mut columns: Vec<Rc<str>> =
            self.columns.iter().map(|column| Rc::clone(to(column).unwrap_or(column))).collect();
        // A name that Spark made up: `sum(amount)`.
        let has = |name: &str| self.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        columns.extend(names.iter().filter(|(from, _)| !has(from) && self.has(from)).map(|(_, to)| Rc::clone(to)));
        self.with(columns)
    }

    /// A frame with the columns that a projection makes; `open` where some have names that cannot be told.
    pub(in super::super) fn selected(&self, items: Vec<Item>, open: bool) -> Self {
        let mut columns = Vec::new();
        let mut perhaps = false;
        for item in items {
            match item {
                Item::Star => {
                    columns.extend(self.columns.iter().cloned());
                    perhaps |= self.perhaps;
                }
                Item::Named(name) => columns.push(name.into()),
                Item::Unnamed => perhaps = true,
            }
        }
        Self { open: open || self.open, perhaps, ..self.with(columns) }
    }

    /// The columns, where these are all and no more.
    pub(in super::super) fn exact(&self) -> Option<&[Rc<str>]> {
        (!self.open && !self.perhaps).then_some(self.columns.as_slice())
    }

    /// What it has and had.
    pub(in super::super) fn all(&self) -> Rc<BTreeSet<Rc<str>>> {
        Rc::new(self.before.iter().chain(&self.columns).cloned().collect())
    }

    /// Whether it may have a column of this name.
    pub(in super::super) fn has(&self, name: &str) -> bool {
        let plain = name.trim().trim_matches('`');
        // A dotted name may lead into a struct, and other signs may be part of a name that Spark made up.
        self.open
            || self.columns.iter().any(|column| column.eq_ignore_ascii_case(plain))
            || matches!(plain, "_metadata" | "_corrupt_record")
            // What `createDataFrame` calls columns for which it is given no name.
            || plain.strip_prefix('_').is_some_and(|place| place.parse::<u32>().is_ok())
            || plain.contains(['.', '*', '(', '[', ' ', ','])
    }

    /// Whether it had one of this name before.
    pub(in super::super) fn once_had(&self, name: &str) -> bool {
        let plain = name.trim().trim_matches('`');
        self.before.iter().any(|column| column.eq_ignore_ascii_case(plain))
    }

    /// The columns, for a hint.
    pub(in super::super) fn list(&self) -> String {
        let names = self.columns.iter().take(30).map(|name| format!("`{}`", report::quote(name)));
        names.collect::<Vec<_>>().join(", ")
    }
}
