//! What was found on the way: columns that are not there, methods that do not exist.

use std::rc::Rc;

use enginehouse_pycheck::{
    Ranged, TextRange,
    ast::{Expr, ExprCall},
};
use rustc_hash::FxHashMap;

use super::Flow;
use crate::rules::columns::Frame;

/// A column that a frame does not have, and where it is named.
type Missing<'a> = (Rc<Frame>, &'a Expr);

/// By place: none where a visit found it there. A visit of which nothing is known says nothing.
#[derive(Debug, Default)]
pub(in super::super) struct Found<'a> {
    columns: FxHashMap<(TextRange, Rc<str>), Option<Missing<'a>>>,
    methods: FxHashMap<TextRange, Option<(&'static str, &'a str, &'a ExprCall)>>,
}

impl<'a> Found<'a> {
    /// The columns that are missing wherever they were looked for.
    pub(in super::super) fn columns(&self) -> impl Iterator<Item = (&str, &Frame, &'a Expr)> {
        let missing = self.columns.iter();
        missing.filter_map(|((_, name), found)| found.as_ref().map(|(frame, expr)| (&**name, &**frame, *expr)))
    }

    /// The calls of methods that their classes do not have: the class, the name, the call.
    pub(in super::super) fn methods(&self) -> impl Iterator<Item = (&'static str, &'a str, &'a ExprCall)> {
        self.methods.values().filter_map(|found| *found)
    }
}

impl<'a> Flow<'_, 'a> {
    /// Looks columns up in a frame.
    pub(super) fn require(&mut self, frame: &Rc<Frame>, uses: &[(Rc<str>, &'a Expr)], looks_up: bool) {
        for (name, expr) in uses {
            let is_variable = || self.variables.contains(&name.trim().trim_matches('`').to_ascii_lowercase());
            let found = frame.has(name) || (looks_up && frame.once_had(name)) || is_variable();
            // That it is missing is what the program wants to know.
            self.inspected += u32::from(self.quiet > 0 && !found);
            let has = self.quiet > 0 || found;
            self.visit(name, expr, (!has).then(|| (Rc::clone(frame), *expr)));
        }
    }

    fn visit(&mut self, name: &Rc<str>, expr: &'a Expr, missing: Option<Missing<'a>>) {
        self.spend(1);
        let visits = &mut self.found.columns;
        match visits.get_mut(&(expr.range(), Rc::clone(name))) {
            Some(before) => {
                if missing.is_none() {
                    *before = None;
                }
            }
            None => drop(visits.insert((expr.range(), Rc::clone(name)), missing)),
        }
    }

    /// Notes whether a class has the method that is called.
    pub(super) fn visit_method(&mut self, class: &'static str, name: &'a str, call: &'a ExprCall) {
        let has = self.quiet > 0 || name.starts_with('_') || self.kinds.has(class, name);
        let found = (!has).then_some((class, name, call));
        let before = self.found.methods.entry(call.range()).or_insert(found);
        if found.is_none() {
            *before = None;
        }
    }
}
