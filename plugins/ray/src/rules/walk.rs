//! What the tree's shape tells: tasks, actors, and what runs again and again.

use enginehouse_pycheck::{
    Program, Ranged, TextRange,
    ast::{
        Comprehension, Expr, Stmt, StmtClassDef, StmtFunctionDef,
        visitor::{self, Visitor},
    },
};

use super::remote::is_remote;

/// Parts of a program, in the order of the walk.
#[derive(Debug, Default)]
pub(super) struct Walk<'a> {
    /// Functions with `@ray.remote`.
    pub(super) tasks: Vec<&'a StmtFunctionDef>,
    /// Classes with `@ray.remote`.
    pub(super) actors: Vec<&'a StmtClassDef>,
    pub(super) loops: Vec<Loop<'a>>,
    /// All functions and methods.
    pub(super) functions: Vec<&'a StmtFunctionDef>,
    /// Functions, methods and lambdas: what stands in them runs at another time.
    bodies: Vec<TextRange>,
    /// The bodies of `try` statements that catch something.
    guarded: Vec<TextRange>,
}

/// A `for`, a `while` or a part of a comprehension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop<'a> {
    /// What runs in each turn.
    pub(super) body: TextRange,
    /// What it goes through, and the name of each element; none for `while`.
    pub(super) over: Option<(&'a Expr, &'a Expr)>,
}

impl<'a> Walk<'a> {
    pub(super) fn of(program: &Program<'a>) -> Self {
        let mut visit = Visit { program, walk: Self::default() };
        visit.visit_body(program.syntax().body());
        visit.walk
    }

    /// The loops around a place whose every turn runs it, the outermost first.
    pub(super) fn turns(&self, place: TextRange) -> impl Iterator<Item = &Loop<'a>> {
        let apart = move |outer: &Loop<'_>| {
            self.bodies
                .iter()
                .any(|body| outer.body.contains_range(*body) && body.contains_range(place) && *body != place)
        };
        self.loops.iter().filter(move |outer| outer.body.contains_range(place) && !apart(outer))
    }

    /// Whether failures at a place are caught there, within a loop.
    pub(super) fn is_guarded(&self, place: TextRange, within: &Loop<'_>) -> bool {
        self.guarded.iter().any(|body| within.body.contains_range(*body) && body.contains_range(place))
    }

    /// The methods of actors.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'a StmtFunctionDef> {
        self.actors.iter().flat_map(|actor| methods(actor))
    }

    /// Whether a function or lambda lies between a place and the function around both.
    pub(super) fn is_nested(&self, place: TextRange, function: &StmtFunctionDef) -> bool {
        let outer = function.range();
        self.bodies.iter().any(|body| *body != outer && outer.contains_range(*body) && body.contains_range(place))
    }
}

/// The methods that a class defines itself.
pub(super) fn methods(class: &StmtClassDef) -> impl Iterator<Item = &StmtFunctionDef> {
    class.body.iter().filter_map(|statement| match statement {
        Stmt::FunctionDef(def) => Some(def),
        _ => None,
    })
}

/// From the first of these statements to the last.
fn span(body: &[Stmt]) -> Option<TextRange> {
    Some(TextRange::new(body.first()?.start(), body.last()?.end()))
}

struct Visit<'p, 'a> {
    program: &'p Program<'a>,
    walk: Walk<'a>,
}

impl<'a> Visit<'_, 'a> {
    fn turns(&mut self, body: &[Stmt], over: Option<(&'a Expr, &'a Expr)>) {
        self.walk.loops.extend(span(body).map(|body| Loop { body, over }));
    }

    fn comprehension(&mut self, generators: &'a [Comprehension], elements: &[&'a Expr]) {
        for generator in generators {
            let over = Some((&generator.iter, &generator.target));
            self.walk.loops.extend(elements.iter().map(|element| Loop { body: element.range(), over }));
        }
    }
}

impl<'a> Visitor<'a> for Visit<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::For(found) => self.turns(&found.body, Some((&found.iter, &found.target))),
            Stmt::While(found) => self.turns(&found.body, None),
            Stmt::Try(found) if !found.handlers.is_empty() => self.walk.guarded.extend(span(&found.body)),
            Stmt::FunctionDef(def) => {
                self.walk.bodies.push(def.range());
                self.walk.functions.push(def);
                if is_remote(self.program, &def.decorator_list) {
                    self.walk.tasks.push(def);
                }
            }
            Stmt::ClassDef(def) if is_remote(self.program, &def.decorator_list) => self.walk.actors.push(def),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::ListComp(found) => self.comprehension(&found.generators, &[&found.elt]),
            Expr::SetComp(found) => self.comprehension(&found.generators, &[&found.elt]),
            Expr::Generator(found) => self.comprehension(&found.generators, &[&found.elt]),
            Expr::DictComp(found) => {
                let elements: Vec<&'a Expr> = found.key.as_deref().into_iter().chain([found.value.as_ref()]).collect();
                self.comprehension(&found.generators, &elements);
            }
            Expr::Lambda(found) => self.walk.bodies.push(found.range()),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
