//! Scopes, what binds a name in them, and which of these a use can see.

mod build;
mod builtins;
mod definitions;
mod stars;
mod visit;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use ruff_python_ast::{Expr, ExprCall, ExprName, ExprSubscript, StmtAugAssign, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

pub(crate) use build::build;
pub(crate) use builtins::is_builtin;
pub use stars::Star;
pub use visit::bound_by;

/// The most bindings of a name that are looked at for one use.
pub(crate) const SEEN: usize = 256;

pub(crate) type ScopeId = usize;
pub(crate) type BlockId = usize;

/// What a module's text says about names, before anything is followed.
#[derive(Debug, Default)]
pub(crate) struct Model<'a> {
    pub(crate) scopes: Vec<Scope<'a>>,
    pub(crate) blocks: Vec<Block>,
    /// Names that are read, by where they start.
    pub(crate) uses: BTreeMap<u32, Use<'a>>,
    /// Names, attributes, calls and subscripts, with what is done to them.
    pub(crate) references: Vec<Reference<'a>>,
    /// Strings and operations that may make one, without what lies within another operation.
    pub(crate) strings: Vec<&'a Expr>,
    /// Calls, as the expression and as what it is, with what is done to the result.
    pub(crate) calls: Vec<(&'a Expr, &'a ExprCall, Role<'a>)>,
    /// Functions, by where they start.
    pub(crate) functions: BTreeMap<u32, Function<'a>>,
    /// The scopes of classes, by where these start.
    pub(crate) classes: BTreeMap<u32, ScopeId>,
    pub(crate) imports: Vec<Import<'a>>,
    /// Names whose value is changed in place: `x[k] = …`, `x.append(…)`.
    pub(crate) mutated: BTreeSet<&'a str>,
    /// `x.name = …` for any `x`.
    pub(crate) attributes_set: BTreeSet<&'a str>,
    /// `x[k] = …` and `del x[k]`.
    pub(crate) items_set: Vec<&'a ExprSubscript>,
    /// Words in string annotations and in `__all__`: uses, as far as one can tell.
    pub(crate) mentioned: BTreeSet<&'a str>,
    /// Names that a star import may bind, and in the version that is known does not.
    pub(crate) perhaps: BTreeSet<&'a str>,
    /// What the parser lets pass and the compiler does not: `return` outside a function.
    pub(crate) misplaced: Vec<(TextRange, &'static str)>,
}

#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) kind: ScopeKind,
    pub(crate) parent: Option<ScopeId>,
    pub(crate) names: FxHashMap<&'a str, Bindings<'a>>,
    /// Names declared `global` (true) or `nonlocal` here.
    pub(crate) declared: FxHashMap<&'a str, bool>,
    /// Of a module of which nobody knows what it gives.
    pub(crate) star_import: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function,
    Lambda,
    Comprehension,
    /// Type parameters.
    Types,
}

/// What binds one name in one scope.
#[derive(Debug, Default)]
pub(crate) struct Bindings<'a> {
    /// By where they hold from.
    pub(crate) ordered: Vec<Binding<'a>>,
    /// Made from other scopes (`global`, `nonlocal`), at any time.
    pub(crate) anytime: Vec<Binding<'a>>,
}

/// Statements that run one after the other.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) parent: Option<BlockId>,
    pub(crate) is_loop: bool,
    /// Within a `try` that catches `NameError`.
    pub(crate) catches_name_error: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Binding<'a> {
    /// The byte from which it holds.
    pub(crate) at: u32,
    pub(crate) block: BlockId,
    pub(crate) origin: Origin<'a>,
}

/// What a name is bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// The import's place in [`Model::imports`].
    Import(usize),
    Value(&'a Expr),
    /// One of a tuple that is unpacked.
    Part(&'a Expr, usize),
    /// What a `for` goes through; the place within each element when that is unpacked.
    Element(&'a Expr, Option<usize>),
    Augmented(&'a StmtAugAssign),
    Function(&'a StmtFunctionDef),
    Class(&'a StmtClassDef),
    /// A parameter of a function that is called by name.
    Parameter(&'a StmtFunctionDef, &'a str),
    Deleted,
    Opaque,
}

#[derive(Debug)]
pub(crate) struct Function<'a> {
    pub(crate) def: &'a StmtFunctionDef,
    pub(crate) returns: Vec<Option<&'a Expr>>,
    pub(crate) generator: bool,
    pub(crate) method: bool,
}

#[derive(Debug)]
pub(crate) struct Use<'a> {
    pub(crate) name: &'a ExprName,
    pub(crate) scope: ScopeId,
    pub(crate) block: BlockId,
    pub(crate) annotation: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub(crate) expr: &'a Expr,
    pub(crate) role: Role<'a>,
}

/// What is done to an expression by the one around it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role<'a> {
    /// `x.name`.
    Attribute(&'a str),
    /// `x(…)`.
    Callee,
    /// `x[k]`.
    Item(&'a Expr),
    /// `name = x`: resolution follows it.
    Alias,
    /// Deleted or assigned to.
    Target,
    /// `k in x`.
    Contains,
    /// `x + …`.
    Operand,
    Other,
}

#[derive(Debug)]
pub(crate) struct Import<'a> {
    /// `a.b` for `from a import b`; `a` for `import a.b`.
    pub(crate) path: Rc<str>,
    /// The module that is loaded: `a`, `a.b`.
    pub(crate) module: &'a str,
    /// `b` in `from a import b`.
    pub(crate) member: Option<&'a str>,
    /// The name that it binds; none for `*`.
    pub(crate) bound: Option<&'a str>,
    pub(crate) relative: bool,
    pub(crate) range: TextRange,
    pub(crate) block: BlockId,
    pub(crate) scope: ScopeId,
    /// `import x as x`, `__future__`.
    pub(crate) kept: bool,
}

impl<'a> Model<'a> {
    pub(crate) fn use_of(&self, name: &ExprName) -> Option<&Use<'a>> {
        self.uses.get(&name.start().to_u32())
    }

    /// The scope in which a name that is used in `scope` is bound; none where no visible scope binds it.
    pub(crate) fn scope_of(&self, scope: ScopeId, name: &str) -> Option<ScopeId> {
        let mut current = Some(scope);
        let mut own = true;
        while let Some(id) = current {
            let scope = self.scopes.get(id)?;
            match scope.declared.get(name) {
                Some(true) => return self.scopes.first().filter(|module| module.names.contains_key(name)).map(|_| 0),
                Some(false) => own = false,
                None => {
                    if (own || scope.kind != ScopeKind::Class) && scope.names.contains_key(name) {
                        return Some(id);
                    }
                }
            }
            // A class is seen from its own body and from type parameters right in it.
            own = own && scope.kind == ScopeKind::Types;
            current = scope.parent;
        }
        None
    }

    /// The bindings that a use may see, at most [`SEEN`] and one more. When `scope_of` finds a scope and this is empty, the
    /// name is used before all of them.
    pub(crate) fn reaching(&self, used: &Use<'a>) -> Vec<&Binding<'a>> {
        let name = used.name.id.as_str();
        let Some(found) = self.scope_of(used.scope, name) else { return Vec::new() };
        let Some(all) = self.scopes.get(found).and_then(|scope| scope.names.get(name)) else { return Vec::new() };
        let mut reaching: Vec<&Binding<'a>> = all.anytime.iter().take(SEEN + 1).collect();
        if self.runs_later(used.scope, found) {
            let kept = all.ordered.iter().filter(|binding| !matches!(binding.origin, Origin::Deleted));
            reaching.extend(kept.take(SEEN + 1));
            return reaching;
        }
        let at = used.name.start().to_u32();
        let (before, after) = all.ordered.split_at(all.ordered.partition_point(|binding| binding.at <= at));
        let mut certain = None;
        for binding in before.iter().rev().take(SEEN + 1) {
            reaching.push(binding);
            if self.is_within(used.block, binding.block) {
                certain = Some(binding.block);
                break;
            }
        }
        // What is bound further down in a loop is seen in its next turn, unless something before it in the loop is
        // certain. The outermost of these loops holds the others.
        let outermost = self
            .ancestors(used.block)
            .filter(|id| self.blocks.get(*id).is_some_and(|block| block.is_loop))
            .filter(|id| certain.is_none_or(|certain| !self.is_within(certain, *id)))
            .last();
        if let Some(outermost) = outermost {
            let within = after.iter().take_while(|binding| self.is_within(binding.block, outermost));
            reaching.extend(within.take(SEEN + 1));
        }
        reaching
    }

    /// Whether code in `inner` runs at another time than the statement in `outer` where it stands.
    pub(crate) fn runs_later(&self, inner: ScopeId, outer: ScopeId) -> bool {
        let mut current = inner;
        while current != outer {
            let Some(scope) = self.scopes.get(current) else { return true };
            if matches!(scope.kind, ScopeKind::Function | ScopeKind::Lambda) {
                return true;
            }
            let Some(parent) = scope.parent else { return true };
            current = parent;
        }
        false
    }

    /// Whether `block` is `outer` or lies within it.
    pub(crate) fn is_within(&self, block: BlockId, outer: BlockId) -> bool {
        self.ancestors(block).any(|id| id == outer)
    }

    pub(crate) fn ancestors(&self, block: BlockId) -> impl Iterator<Item = BlockId> {
        std::iter::successors(Some(block), |id| self.blocks.get(*id).and_then(|block| block.parent))
    }

    /// Whether a star import may bind a name that is used in `scope`.
    pub(crate) fn has_star(&self, scope: ScopeId) -> bool {
        let parents = std::iter::successors(Some(scope), |id| self.scopes.get(*id).and_then(|scope| scope.parent));
        parents.filter_map(|id| self.scopes.get(id)).any(|scope| scope.star_import)
    }
}
