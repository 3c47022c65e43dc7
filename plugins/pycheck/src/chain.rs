//! What an expression stands for: a root and what is done to it, `import pyspark.sql` → `.SparkSession.builder.getOrCreate()`.

use std::{borrow::Cow, hash::BuildHasher, rc::Rc};

use ruff_python_ast::{Expr, ExprCall, StmtClassDef, StmtFunctionDef};
use rustc_hash::FxBuildHasher;

use crate::modules::within;

/// The longest chain that is followed.
const LENGTH: u16 = 512;

/// Where a chain starts.
#[derive(Debug, Clone)]
pub enum Root<'a> {
    /// A module, or a name from one: `pyspark.sql.SparkSession`.
    Import(Rc<str>),
    /// A builtin: `open`.
    Builtin(&'a str),
    /// A function of the program.
    Function(&'a StmtFunctionDef),
    /// A class of the program.
    Class(&'a StmtClassDef),
    /// A literal, a lambda, an operation.
    Value(&'a Expr),
    /// Not known.
    Unknown,
}

/// One step: an attribute, or a method call where there is a call.
#[derive(Debug, Clone)]
pub struct Hop<'a> {
    /// The attribute's name; `()` for a call of the root or of a result, `[]` for an item or an element.
    pub name: Cow<'a, str>,
    /// The call's arguments.
    pub call: Option<&'a ExprCall>,
}

#[derive(Debug)]
struct Link<'a> {
    before: Option<Rc<Link<'a>>>,
    hop: Hop<'a>,
    length: u16,
    /// Of the root and all hops up to here: chains that differ are told apart without being walked.
    hash: u64,
}

/// A root and its hops. Cheap to clone: chains share their beginnings.
#[derive(Debug, Clone)]
pub struct Chain<'a> {
    root: Root<'a>,
    last: Option<Rc<Link<'a>>>,
    root_hash: u64,
    /// Kept with each chain: every rule asks for it, and it stops growing at the first call.
    path: Option<Rc<str>>,
    path_ends: bool,
}

impl<'a> Chain<'a> {
    /// A chain without hops.
    pub fn new(root: Root<'a>) -> Self {
        let path = match &root {
            Root::Import(path) => Some(Rc::clone(path)),
            Root::Builtin(name) => Some(format!("builtins.{name}").into()),
            _ => None,
        };
        let root_hash = FxBuildHasher.hash_one(match &root {
            Root::Import(path) => (0, 0, Some(&**path)),
            Root::Builtin(name) => (1, 0, Some(*name)),
            Root::Function(def) => (2, std::ptr::from_ref(*def).addr(), None),
            Root::Class(def) => (3, std::ptr::from_ref(*def).addr(), None),
            Root::Value(value) => (4, std::ptr::from_ref(*value).addr(), None),
            Root::Unknown => (5, 0, None),
        });
        Self { root, last: None, root_hash, path, path_ends: false }
    }

    /// A chain of which nothing is known.
    pub fn unknown() -> Self {
        Self::new(Root::Unknown)
    }

    /// Where it starts.
    pub fn root(&self) -> &Root<'a> {
        &self.root
    }

    /// The hops, in order.
    pub fn hops(&self) -> Vec<&Hop<'a>> {
        let mut hops: Vec<_> = self.hops_back().collect();
        hops.reverse();
        hops
    }

    /// The hops, the last one first.
    pub fn hops_back(&self) -> impl Iterator<Item = &Hop<'a>> {
        std::iter::successors(self.last.as_deref(), |link| link.before.as_deref()).map(|link| &link.hop)
    }

    /// The last hop and those before it up to the call before: what one call of a long chain adds.
    pub fn latest(&self) -> impl Iterator<Item = &Hop<'a>> {
        let mut hops = self.hops_back();
        hops.next().into_iter().chain(hops.take_while(|hop| hop.call.is_none()))
    }

    /// How many hops it has.
    pub fn length(&self) -> usize {
        self.last.as_ref().map_or(0, |link| usize::from(link.length))
    }

    /// The last hop.
    pub fn last(&self) -> Option<&Hop<'a>> {
        self.last.as_ref().map(|link| &link.hop)
    }

    /// Whether it is the root alone.
    pub fn is_root(&self) -> bool {
        self.last.is_none()
    }

    /// The dotted path of what was imported or built in, up to the first call: `os.environ`, `builtins.open`. None where
    /// the root is neither.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The dotted path, where nothing in the chain is called or indexed.
    pub fn pure_path(&self) -> Option<&str> {
        if self.path_ends { None } else { self.path() }
    }

    /// Whether it is a module, or a name of one, itself: not what an attribute or a call made of it.
    pub(crate) fn is_named(&self) -> bool {
        self.is_root() && !matches!(self.root, Root::Value(_) | Root::Unknown)
    }

    /// Whether it may come from one of these modules: it does not from another, nor from the program itself.
    pub fn may_come_from(&self, modules: &[&str]) -> bool {
        match self.root() {
            Root::Import(path) => within(path, modules),
            Root::Unknown => true,
            Root::Value(_) | Root::Builtin(_) | Root::Function(_) | Root::Class(_) => false,
        }
    }

    /// Whether a hop of this name is in the chain.
    pub fn has(&self, name: &str) -> bool {
        self.hops_back().any(|hop| hop.name == name)
    }

    pub(crate) fn attribute(&self, name: impl Into<Cow<'a, str>>) -> Self {
        self.push(Hop { name: name.into(), call: None })
    }

    pub(crate) fn item(&self) -> Self {
        self.push(Hop { name: "[]".into(), call: None })
    }

    /// Calls what the chain stands for: a call of an attribute is one hop.
    pub(crate) fn called(&self, call: &'a ExprCall) -> Self {
        match self.last.as_deref() {
            Some(Link { before, hop: Hop { name, call: None }, length, .. }) if name != "[]" => {
                let hop = Hop { name: name.clone(), call: Some(call) };
                let hash = hash(before.as_ref().map_or(self.root_hash, |before| before.hash), &hop);
                let link = Link { before: before.clone(), hop, length: *length, hash };
                Self { last: Some(Rc::new(link)), path_ends: true, ..self.clone() }
            }
            _ => self.push(Hop { name: "()".into(), call: Some(call) }),
        }
    }

    fn push(&self, hop: Hop<'a>) -> Self {
        let length = self.last.as_ref().map_or(0, |link| link.length) + 1;
        if length > LENGTH {
            return Self::unknown();
        }
        let is_name = !matches!(hop.name.as_ref(), "()" | "[]");
        let path = match &self.path {
            Some(path) if is_name && !self.path_ends => Some([path, ".", &hop.name].concat().into()),
            path => path.clone(),
        };
        let path_ends = self.path_ends || !is_name || hop.call.is_some();
        Self {
            root: self.root.clone(),
            root_hash: self.root_hash,
            last: Some(Rc::new(Link { before: self.last.clone(), hash: hash(self.hash(), &hop), hop, length })),
            path,
            path_ends,
        }
    }

    fn hash(&self) -> u64 {
        self.last.as_ref().map_or(self.root_hash, |link| link.hash)
    }

    /// Whether two chains are one and the same, hop by hop.
    pub(crate) fn same(&self, other: &Self) -> bool {
        if self.hash() != other.hash() {
            return false;
        }
        let root = match (&self.root, &other.root) {
            (Root::Import(a), Root::Import(b)) => a == b,
            (Root::Builtin(a), Root::Builtin(b)) => a == b,
            (Root::Function(a), Root::Function(b)) => std::ptr::eq(*a, *b),
            (Root::Class(a), Root::Class(b)) => std::ptr::eq(*a, *b),
            (Root::Value(a), Root::Value(b)) => std::ptr::eq(*a, *b),
            (Root::Unknown, Root::Unknown) => true,
            _ => false,
        };
        let (mut a, mut b) = (self.last.as_ref(), other.last.as_ref());
        loop {
            match (a, b) {
                (None, None) => return root,
                (Some(x), Some(y)) if Rc::ptr_eq(x, y) => return root,
                (Some(x), Some(y)) => {
                    let calls = match (x.hop.call, y.hop.call) {
                        (None, None) => true,
                        (Some(x), Some(y)) => std::ptr::eq(x, y),
                        _ => false,
                    };
                    if !calls || x.hop.name != y.hop.name || !root {
                        return false;
                    }
                    (a, b) = (x.before.as_ref(), y.before.as_ref());
                }
                _ => return false,
            }
        }
    }
}

fn hash(before: u64, hop: &Hop<'_>) -> u64 {
    FxBuildHasher.hash_one((before, &*hop.name, hop.call.map(|call| std::ptr::from_ref(call).addr())))
}
