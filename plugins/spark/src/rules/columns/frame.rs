//! What is known of a frame's columns.

use std::rc::Rc;

use enginehouse_pycheck::report;

/// The columns of a frame.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame {
    pub(super) columns: Vec<Rc<str>>,
    /// What it had before: Spark finds these still, for a filter or an order.
    pub(super) before: Rc<[Rc<str>]>,
    /// There may be more, under names that cannot be told.
    pub(super) open: bool,
}

impl Frame {
    pub(super) fn new(columns: Vec<Rc<str>>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// This frame with other columns.
    pub(super) fn with(&self, columns: Vec<Rc<str>>) -> Self {
        let gone = self.columns.iter().filter(|old| !columns.iter().any(|new| new == *old)).cloned();
        let before: Vec<Rc<str>> = self.before.iter().cloned().chain(gone).collect();
        Self { columns, before: before.into(), open: self.open }
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
