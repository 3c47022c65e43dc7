//! Expressions to chains.

use std::rc::Rc;

use ruff_python_ast::{Expr, ExprCall, ExprName};
use ruff_text_size::Ranged;

use super::{Resolver, WIDTH};
use crate::{
    chain::{Chain, Root},
    scope::{Binding, Origin, SEEN, is_builtin},
};

const PARTIAL: &str = "functools.partial";
const BUILTINS: &str = "builtins";

impl<'a> Resolver<'a> {
    /// What an expression may stand for: at least one chain.
    pub(crate) fn chains(&self, expr: &'a Expr) -> Rc<[Chain<'a>]> {
        // Attributes, calls and items are walked down without recursion, so that long chains cost no stack.
        let outer = self.low.replace(usize::MAX);
        let mut above = Vec::new();
        let mut base = expr;
        let mut chains = loop {
            if let Some(known) = self.recall(&self.chains, base) {
                break known;
            }
            let below = match base {
                Expr::Attribute(attribute) => &attribute.value,
                Expr::Call(call) => &call.func,
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Await(awaited) => &awaited.value,
                Expr::Starred(starred) => &starred.value,
                _ => {
                    let chains = self.guarded(base, false, || self.base_chains(base)).unwrap_or_default();
                    let chains: Rc<[Chain<'a>]> = self.narrow(chains).into();
                    self.keep(&self.chains, base, &chains);
                    break chains;
                }
            };
            above.push(base);
            base = below;
            self.spend(1);
        };
        for expr in above.into_iter().rev() {
            chains = match chains.as_ref() {
                // Nearly all steps are of this kind.
                [chain] if let Some(next) = plain_step(chain, expr) => Rc::new([next]),
                _ => self.narrow(chains.iter().flat_map(|chain| self.step(chain, expr)).collect()).into(),
            };
            self.keep(&self.chains, expr, &chains);
        }
        self.low.set(outer.min(self.low.get()));
        chains
    }

    fn base_chains(&self, expr: &'a Expr) -> Vec<Chain<'a>> {
        match expr {
            Expr::Name(name) => self.name_chains(name),
            Expr::Named(named) => self.chains(&named.value).to_vec(),
            Expr::If(choice) => [&choice.body, &choice.orelse].iter().flat_map(|e| self.chains(e).to_vec()).collect(),
            Expr::BoolOp(choice) => choice.values.iter().flat_map(|e| self.chains(e).to_vec()).collect(),
            other => vec![Chain::new(Root::Value(other))],
        }
    }

    fn name_chains(&self, name: &'a ExprName) -> Vec<Chain<'a>> {
        let text = name.id.as_str();
        let Some(used) = self.model.use_of(name) else { return vec![Chain::unknown()] };
        let reaching = self.model.reaching(used);
        self.spend(reaching.len());
        let mut chains: Vec<Chain<'a>> =
            reaching.iter().take(SEEN).flat_map(|binding| self.bound_chains(binding)).collect();
        if reaching.len() > SEEN {
            self.give_up();
        }
        let certain = reaching.iter().any(|binding| self.model.is_within(used.block, binding.block));
        let elsewhere =
            self.model.scope_of(used.scope, text).is_some_and(|found| self.model.runs_later(used.scope, found));
        if is_builtin(text) && !certain && !elsewhere {
            chains.push(Chain::new(Root::Builtin(text)));
        }
        chains
    }

    fn bound_chains(&self, binding: &Binding<'a>) -> Vec<Chain<'a>> {
        match binding.origin {
            Origin::Import(place) => match self.model.imports.get(place) {
                Some(import) if !import.relative => vec![Chain::new(match import.member {
                    Some(name) if import.module == BUILTINS && is_builtin(name) => Root::Builtin(name),
                    _ => Root::Import(Rc::clone(&import.path)),
                })],
                _ => vec![Chain::unknown()],
            },
            Origin::Value(value) => self.chains(value).to_vec(),
            Origin::Part(value, place) => match self.element_at(value, place) {
                Some(element) => self.chains(element).to_vec(),
                None => self.chains(value).iter().map(Chain::item).collect(),
            },
            Origin::Element(iter, place) => match self.elements(iter, place) {
                Some(elements) => elements.into_iter().take(SEEN).flat_map(|e| self.chains(e).to_vec()).collect(),
                None => self.chains(iter).iter().map(Chain::item).collect(),
            },
            Origin::Function(def) => vec![Chain::new(Root::Function(def))],
            Origin::Class(def) => vec![Chain::new(Root::Class(def))],
            Origin::Parameter(def, name) => match self.arguments(def, name) {
                Some(arguments) => arguments.into_iter().take(SEEN).flat_map(|e| self.chains(e).to_vec()).collect(),
                None => vec![Chain::unknown()],
            },
            Origin::Deleted => Vec::new(),
            Origin::Augmented(_) | Origin::Opaque => vec![Chain::unknown()],
        }
    }

    fn step(&self, chain: &Chain<'a>, expr: &'a Expr) -> Vec<Chain<'a>> {
        if let Some(next) = plain_step(chain, expr) {
            return vec![next];
        }
        match expr {
            Expr::Attribute(attribute) => self.class_attribute(chain, attribute.attr.as_str()),
            Expr::Call(call) => self.call(chain, call, expr),
            _ => vec![chain.clone()],
        }
    }

    fn class_attribute(&self, chain: &Chain<'a>, name: &'a str) -> Vec<Chain<'a>> {
        let Root::Class(def) = chain.root() else { return vec![chain.attribute(name)] };
        match self.class_bindings(def.start().to_u32(), name) {
            Some(bindings) => bindings.iter().flat_map(|binding| self.bound_chains(binding)).collect(),
            None => vec![chain.attribute(name)],
        }
    }

    /// What an attribute of a class may be, where nothing outside its body sets it.
    pub(super) fn class_bindings(&self, class: u32, name: &str) -> Option<&[Binding<'a>]> {
        let scope = self.model.scopes.get(*self.model.classes.get(&class)?)?;
        if self.model.attributes_set.contains(name) {
            return None;
        }
        scope.names.get(name).map(|bindings| bindings.ordered.as_slice()).filter(|bindings| bindings.len() <= SEEN)
    }

    fn call(&self, chain: &Chain<'a>, call: &'a ExprCall, expr: &'a Expr) -> Vec<Chain<'a>> {
        match (chain.root(), chain.is_root()) {
            (Root::Function(def), true) => match self.returned(def) {
                Some(returned) => {
                    let values = returned.iter().take(SEEN).flatten();
                    let answer = || values.flat_map(|value| self.chains(value).to_vec()).collect::<Vec<_>>();
                    self.guarded(expr, false, answer).unwrap_or_default()
                }
                None => vec![Chain::unknown()],
            },
            (Root::Builtin("getattr"), true) => self.getattr(chain, call),
            (Root::Import(path), true) if &**path == PARTIAL => match call.arguments.args.first() {
                Some(function) => self.chains(function).to_vec(),
                None => vec![chain.called(call)],
            },
            _ => vec![chain.called(call)],
        }
    }

    fn getattr(&self, chain: &Chain<'a>, call: &'a ExprCall) -> Vec<Chain<'a>> {
        let [object, name, ..] = call.arguments.args.as_ref() else { return vec![chain.called(call)] };
        let names = self.texts(name);
        let objects = self.chains(object);
        let known = names.iter().filter_map(|name| name.known());
        let mut chains: Vec<Chain<'a>> = known
            .flat_map(|name| objects.iter().map(|object| object.attribute(name.to_owned())).collect::<Vec<_>>())
            .collect();
        if chains.is_empty() {
            chains.push(chain.called(call));
        }
        chains
    }

    /// Possibilities without repeats; none at all means unknown. Too many attributes and results of calls become
    /// unknown; modules and functions themselves are all kept, for the safety rules go by them.
    fn narrow(&self, chains: Vec<Chain<'a>>) -> Vec<Chain<'a>> {
        self.spend(chains.len());
        let mut kept: Vec<Chain<'a>> = Vec::new();
        let mut results = 0;
        let mut dropped = false;
        for chain in chains {
            let result = !chain.is_named();
            if result && results >= WIDTH {
                dropped = true;
                continue;
            }
            self.spend(kept.len());
            if kept.iter().any(|other| other.same(&chain)) {
                continue;
            }
            if kept.len() >= SEEN {
                self.give_up();
                break;
            }
            results += usize::from(result);
            kept.push(chain);
        }
        if kept.is_empty()
            || (dropped && !kept.iter().any(|chain| chain.is_root() && matches!(chain.root(), Root::Unknown)))
        {
            kept.push(Chain::unknown());
        }
        kept
    }
}

/// What an attribute, a call or an item makes of a chain, where it makes one thing of it whatever the program is.
fn plain_step<'a>(chain: &Chain<'a>, expr: &'a Expr) -> Option<Chain<'a>> {
    let root = chain.is_root().then(|| chain.root());
    match (expr, root) {
        (Expr::Attribute(_), Some(Root::Class(_))) => None,
        // The same thing by another name.
        (Expr::Attribute(attribute), Some(Root::Import(path)))
            if &**path == BUILTINS && is_builtin(attribute.attr.as_str()) =>
        {
            Some(Chain::new(Root::Builtin(attribute.attr.as_str())))
        }
        (Expr::Attribute(attribute), _) => Some(chain.attribute(attribute.attr.as_str())),
        (Expr::Call(_), Some(Root::Function(_) | Root::Builtin("getattr"))) => None,
        (Expr::Call(_), Some(Root::Import(path))) if &**path == PARTIAL => None,
        (Expr::Call(call), _) => Some(chain.called(call)),
        (Expr::Subscript(_), _) => Some(chain.item()),
        _ => Some(chain.clone()),
    }
}
