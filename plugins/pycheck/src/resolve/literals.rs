//! Lists, tuples and dicts that are written out in the program and never changed.

use std::rc::Rc;

use ruff_python_ast::{Expr, ExprList, ExprName, ExprSet, ExprTuple};
use ruff_text_size::Ranged;

use super::Resolver;
use crate::{
    chain::Root,
    scope::{Origin, SEEN},
    value::Value,
};

/// Names that are followed to a literal.
const STEPS: usize = 8;

impl<'a> Resolver<'a> {
    /// The literal that an expression stands for, where it is one alone and not changed.
    pub(crate) fn literal(&self, expr: &'a Expr) -> Option<&'a Expr> {
        let mut current = expr;
        for _ in 0..STEPS {
            current = match current {
                Expr::Name(name) => {
                    if self.model.mutated.contains(name.id.as_str()) {
                        return None;
                    }
                    match self.model.reaching(self.model.use_of(name)?).as_slice() {
                        [binding] => match binding.origin {
                            Origin::Value(value) => value,
                            Origin::Parameter(def, name) => match self.arguments(def, name)?.as_slice() {
                                [argument] => argument,
                                _ => return None,
                            },
                            _ => return None,
                        },
                        _ => return None,
                    }
                }
                Expr::Attribute(attribute) => {
                    let name = attribute.attr.as_str();
                    match self.chains(&attribute.value).as_ref() {
                        [chain] if chain.is_root() => match chain.root() {
                            Root::Class(def) => match self.class_bindings(def.start().to_u32(), name)? {
                                [binding] => match binding.origin {
                                    Origin::Value(value) => value,
                                    _ => return None,
                                },
                                _ => return None,
                            },
                            _ => return None,
                        },
                        _ => return None,
                    }
                }
                Expr::Named(named) => &named.value,
                literal => return Some(literal),
            };
        }
        None
    }

    /// What an expression stands for in any case, each with what it may be.
    pub(crate) fn choices(&self, expr: &'a Expr) -> Vec<Rc<[Value]>> {
        let mut open = vec![expr];
        let mut choices = Vec::new();
        for step in 0.. {
            let Some(next) = open.pop() else { break };
            let parts = match next {
                Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) => self.elements(next, None),
                Expr::Name(name) => self.turns(name),
                _ => None,
            };
            match parts.filter(|_| step < SEEN) {
                Some(parts) => open.extend(parts.into_iter().take(SEEN)),
                None => choices.push(self.texts(next)),
            }
        }
        choices
    }

    /// What a name is one after the other, where one binding tells all of it.
    fn turns(&self, name: &'a ExprName) -> Option<Vec<&'a Expr>> {
        let reaching = self.model.reaching(self.model.use_of(name)?);
        let [binding] = reaching.as_slice() else { return None };
        match binding.origin {
            Origin::Value(value) => Some(vec![value]),
            Origin::Part(value, place) => Some(vec![self.element_at(value, place)?]),
            Origin::Element(iter, place) => self.elements(iter, place),
            Origin::Parameter(def, name) => self.arguments(def, name),
            _ => None,
        }
    }

    /// What stands at a place of a list or tuple.
    pub(super) fn element_at(&self, expr: &'a Expr, place: usize) -> Option<&'a Expr> {
        let elements = items(self.literal(expr)?)?;
        if elements.iter().any(Expr::is_starred_expr) { None } else { elements.get(place) }
    }

    /// The value under a key of a dict.
    pub(super) fn value_of(&self, expr: &'a Expr, key: &str) -> Option<&'a Expr> {
        let Expr::Dict(dict) = self.literal(expr)? else { return None };
        if dict.items.iter().any(|item| item.key.is_none()) {
            return None;
        }
        let named = |item: &&ruff_python_ast::DictItem| matches!(&item.key, Some(Expr::StringLiteral(text)) if text.value.to_str() == key);
        dict.items.iter().rfind(named).map(|item| &item.value)
    }

    /// What a `for` goes through, where that is written out: the element, or the place in each element.
    pub(crate) fn elements(&self, expr: &'a Expr, place: Option<usize>) -> Option<Vec<&'a Expr>> {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(attribute) = call.func.as_ref()
            && let Some(Expr::Dict(dict)) = self.literal(&attribute.value)
        {
            let keys = || dict.items.iter().map(|item| item.key.as_ref()).collect::<Option<Vec<_>>>();
            let values = || dict.items.iter().map(|item| &item.value).collect();
            return match (attribute.attr.as_str(), place) {
                ("items", Some(0)) | ("keys", None) => keys(),
                ("items", Some(1)) | ("values", None) if keys().is_some() => Some(values()),
                _ => None,
            };
        }
        let literal = self.literal(expr)?;
        if let (Expr::Dict(dict), None) = (literal, place) {
            return dict.items.iter().map(|item| item.key.as_ref()).collect();
        }
        let elements = items(literal)?;
        match place {
            _ if elements.iter().any(Expr::is_starred_expr) => None,
            None => Some(elements.iter().collect()),
            Some(place) => elements.iter().map(|element| self.element_at(element, place)).collect(),
        }
    }
}

fn items(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::List(ExprList { elts, .. }) | Expr::Tuple(ExprTuple { elts, .. }) | Expr::Set(ExprSet { elts, .. }) => {
            Some(elts)
        }
        _ => None,
    }
}
