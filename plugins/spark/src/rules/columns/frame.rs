//! What is known of a frame's columns.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use enginehouse_pycheck::report;

/// The columns of a frame.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) columns: Vec<Rc<str>>,
    /// What it had before: Spark finds these still, for a filter or an order.
    pub(super) before: Rc<BTreeSet<Rc<str>>>,
    /// There may be more, under names that cannot be told.
    pub(super) open: bool,
}

impl Frame {
    pub(super) fn new(columns: Vec<Rc<str>>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// This frame with other columns in place of its own.
    pub(super) fn with(&self, columns: Vec<Rc<str>>) -> Self {
        Self { columns, before: self.all(), open: self.open }
    }

    /// This frame with one column more.
    pub(super) fn and(&self, name: Rc<str>) -> Self {
        let mut more = self.clone();
        if !more.columns.iter().any(|column| column.eq_ignore_ascii_case(&name)) {
            more.columns.push(name);
        }
        more
    }

    /// The columns of two frames. Of a name there are two at most, however often a frame is joined with itself.
    pub(super) fn joined(&self, other: &Self) -> Self {
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
        Self { columns, before, open: self.open || other.open }
    }

    /// What it has and had.
    pub(super) fn all(&self) -> Rc<BTreeSet<Rc<str>>> {
        Rc::new(self.before.iter().chain(&self.columns).cloned().collect())
    }

    /// Whether it may have a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let plain = name.trim().trim_matches('`');
        // A dotted name may lead into a struct, and other signs may be part of a name that Spark made up.
        self.open
            || plain == "_metadata"
            || plain.contains(['.', '*', '(', ' ', ','])
            || self.columns.iter().any(|column| column.eq_ignore_ascii_case(plain))
    }

    /// Whether it had one of this name before.
    pub(super) fn once_had(&self, name: &str) -> bool {
        let plain = name.trim().trim_matches('`');
        self.before.iter().any(|column| column.eq_ignore_ascii_case(plain))
    }

    /// The columns, for a hint.
    pub(super) fn list(&self) -> String {
        let names = self.columns.iter().take(30).map(|name| format!("`{}`", report::quote(name)));
        names.collect::<Vec<_>>().join(", ")
    }
}
