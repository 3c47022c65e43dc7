//! Fills a [`Model`] in one walk over the tree.

use ruff_python_ast::{self as ast, Expr, Stmt, visitor::Visitor};
use ruff_text_size::{Ranged, TextRange};

use super::{Binding, Block, BlockId, Function, Model, Origin, Reference, Role, Scope, ScopeId, ScopeKind, Star, Use};

/// Methods that change a list, a dict or a set in place.
pub(super) const MUTATORS: &[&str] = &[
    "append",
    "extend",
    "insert",
    "update",
    "setdefault",
    "pop",
    "popitem",
    "clear",
    "remove",
    "add",
    "sort",
    "reverse",
];

/// Reads the scopes, names and calls of a module.
pub(crate) fn build<'a>(body: &'a [Stmt], stars: &[Star<'_>]) -> Model<'a> {
    let mut builder = Builder {
        model: Model::default(),
        scope: 0,
        block: 0,
        functions: Vec::new(),
        loops: 0,
        annotation: false,
        role: Role::Other,
    };
    builder.model.blocks.push(Block { parent: None, is_loop: false, catches_name_error: false });
    builder.scope = builder.open_scope(ScopeKind::Module, None);
    builder.visit_body(body);
    builder.bind_stars(stars);
    builder.model
}

pub(super) struct Builder<'a> {
    pub(super) model: Model<'a>,
    pub(super) scope: ScopeId,
    pub(super) block: BlockId,
    /// The functions around, by their key in the model; none for a class or a lambda.
    pub(super) functions: Vec<Option<u32>>,
    /// Loops of the function around.
    pub(super) loops: usize,
    pub(super) annotation: bool,
    /// What the parent does to the expression that is visited next.
    pub(super) role: Role<'a>,
}

impl<'a> Builder<'a> {
    pub(super) fn open_scope(&mut self, kind: ScopeKind, parent: Option<ScopeId>) -> ScopeId {
        self.model.scopes.push(Scope {
            kind,
            parent,
            names: Default::default(),
            declared: Default::default(),
            star_import: false,
        });
        self.model.scopes.len() - 1
    }

    pub(super) fn in_scope(&mut self, kind: ScopeKind, inside: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        self.scope = self.open_scope(kind, Some(outer));
        inside(self);
        self.scope = outer;
    }

    pub(super) fn in_block(&mut self, is_loop: bool, catches_name_error: bool, inside: impl FnOnce(&mut Self)) {
        let outer = self.block;
        self.model.blocks.push(Block { parent: Some(outer), is_loop, catches_name_error });
        self.block = self.model.blocks.len() - 1;
        inside(self);
        self.block = outer;
    }

    pub(super) fn bind(&mut self, name: &'a str, at: u32, origin: Origin<'a>) {
        let mut scope = self.scope;
        // A walrus binds in the function around the comprehension.
        while let Some(Scope { kind: ScopeKind::Comprehension, parent: Some(parent), .. }) =
            self.model.scopes.get(scope)
        {
            if !matches!(origin, Origin::Value(_)) {
                break;
            }
            scope = *parent;
        }
        self.bind_in(scope, name, at, origin);
    }

    pub(super) fn bind_in(&mut self, scope: ScopeId, name: &'a str, at: u32, origin: Origin<'a>) {
        let declared = self.model.scopes.get(scope).and_then(|scope| scope.declared.get(name).copied());
        let (target, anytime) = match declared {
            Some(true) => (0, scope != 0),
            Some(false) => {
                let parent = self.model.scopes.get(scope).and_then(|scope| scope.parent).unwrap_or(0);
                (self.model.scope_of(parent, name).unwrap_or(parent), true)
            }
            None => (scope, false),
        };
        let block = self.block;
        if let Some(scope) = self.model.scopes.get_mut(target) {
            let bindings = scope.names.entry(name).or_default();
            let binding = Binding { at, block, origin };
            if anytime {
                bindings.anytime.push(binding);
            } else {
                let place = bindings.ordered.partition_point(|binding| binding.at <= at);
                bindings.ordered.insert(place, binding);
            }
        }
    }

    /// Binds the names of an assignment's target. `origin` tells what each place of a tuple is.
    pub(super) fn bind_target(&mut self, target: &'a Expr, at: u32, origin: &dyn Fn(Option<usize>) -> Origin<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), at, origin(None)),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let starred = elts.iter().any(Expr::is_starred_expr);
                for (place, element) in elts.iter().enumerate() {
                    match element {
                        Expr::Name(name) if !starred => self.bind(name.id.as_str(), at, origin(Some(place))),
                        element => self.bind_target(element, at, &|_| Origin::Opaque),
                    }
                }
            }
            Expr::Starred(starred) => self.bind_target(&starred.value, at, &|_| Origin::Opaque),
            Expr::Attribute(attribute) => {
                self.model.attributes_set.insert(attribute.attr.as_str());
                self.visit_expr(target);
            }
            Expr::Subscript(subscript) => {
                self.model.items_set.push(subscript);
                if let Expr::Name(name) = subscript.value.as_ref() {
                    self.model.mutated.insert(name.id.as_str());
                }
                if let Expr::Attribute(attribute) = subscript.value.as_ref() {
                    self.model.attributes_set.insert(attribute.attr.as_str());
                }
                self.visit_expr(target);
            }
            other => self.visit_expr(other),
        }
    }

    pub(super) fn assign(&mut self, target: &'a Expr, value: &'a Expr, at: u32) {
        self.bind_target(target, at, &|place| match (place, value) {
            (None, _) => Origin::Value(value),
            (Some(place), Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. })) => {
                elts.get(place).map_or(Origin::Opaque, Origin::Value)
            }
            (Some(place), value) => Origin::Part(value, place),
        });
    }

    pub(super) fn loop_target(&mut self, target: &'a Expr, iter: &'a Expr) {
        self.bind_target(target, iter.end().to_u32(), &|place| Origin::Element(iter, place));
    }

    pub(super) fn visit_as(&mut self, expr: &'a Expr, role: Role<'a>) {
        self.role = role;
        self.visit_expr(expr);
    }

    pub(super) fn misplaced(&mut self, range: TextRange, message: &'static str) {
        self.model.misplaced.push((range, message));
    }

    pub(super) fn function_around(&mut self) -> Option<&mut Function<'a>> {
        let key = self.functions.last().copied().flatten()?;
        self.model.functions.get_mut(&key)
    }

    /// Words in a string that is an annotation.
    pub(super) fn mention(&mut self, expr: &'a Expr) {
        if let Expr::StringLiteral(string) = expr {
            for part in &string.value {
                let words = part.value.split(|c: char| !c.is_alphanumeric() && c != '_');
                self.model.mentioned.extend(words.filter(|word| !word.is_empty()));
            }
        }
    }
}

pub(super) fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Name(found) if found.id.as_str() == name)
}

impl<'a> Builder<'a> {
    pub(super) fn read(&mut self, name: &'a ast::ExprName, role: Role<'a>, expr: &'a Expr) {
        self.model.references.push(Reference { expr, role });
        let (scope, block, annotation) = (self.scope, self.block, self.annotation);
        self.model.uses.insert(name.start().to_u32(), Use { name, scope, block, annotation });
    }
}
