//! What chains are, as far as PySpark's own annotations tell: a session, a frame, a column.

use std::{cell::RefCell, ptr};

use enginehouse_pycheck::{
    Call, Chain, Hop, Program, Root,
    ast::{CmpOp, Expr, ExprCall},
};
use rustc_hash::FxHashMap;

use super::symbols::{Symbols, symbols};

const FUNCTIONS: &str = "pyspark.sql.functions";
/// Names that are followed from one to the next.
const NAMES: u32 = 6;

/// What a chain stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module(&'static str),
    /// A class itself.
    Class(&'static str),
    Instance(&'static str),
    /// A function, with the class of what it gives back.
    Function(&'static str),
    /// A name that the module or class before it does not have.
    Missing(&'static str),
    Unknown,
}

/// Answers what chains are, and remembers it: frames are made step by step, and each step would go back to the session.
pub(super) struct Kinds<'p, 'a> {
    program: &'p Program<'a>,
    symbols: &'static Symbols,
    known: RefCell<FxHashMap<*const ExprCall, Kind>>,
}

impl<'p, 'a> Kinds<'p, 'a> {
    pub(super) fn new(program: &'p Program<'a>) -> Self {
        Self { program, symbols: symbols(), known: RefCell::default() }
    }

    /// The class of what a chain stands for, where that is certain.
    pub(super) fn class(&self, chain: &Chain<'a>) -> Option<&'static str> {
        match self.kind(chain, 0) {
            Kind::Instance(class) => Some(class),
            _ => None,
        }
    }

    /// The class on which a call's method is called, where that is certain.
    pub(super) fn receiver(&self, call: &Call<'a>) -> Option<&'static str> {
        let [chain] = call.chains.as_ref() else { return None };
        call.called(chain)?;
        match self.kind(chain, 1) {
            Kind::Instance(class) | Kind::Class(class) => Some(class),
            _ => None,
        }
    }

    /// What a call's module or class does not have: its owner, where that is certain.
    pub(super) fn missing(&self, call: &Call<'a>) -> Option<&'static str> {
        let [chain] = call.chains.as_ref() else { return None };
        call.called(chain)?;
        match self.kind(chain, 0) {
            Kind::Missing(owner) => Some(owner),
            _ => None,
        }
    }

    /// The class of what a member of a class is or gives back; empty where that is none of the list. None where the class has
    /// no such member.
    pub(super) fn member(&self, class: &str, name: &str) -> Option<&'static str> {
        self.symbols.members.get(&(class, name)).copied()
    }

    /// The class of what a call of something imported gives.
    pub(super) fn given(&self, path: &str) -> Option<&'static str> {
        match self.root(&Root::Import(path.into())) {
            Kind::Instance(class) | Kind::Class(class) => Some(class),
            Kind::Function(gives) => Some(gives).filter(|gives| !gives.is_empty()),
            _ => None,
        }
    }

    /// Whether this module or class has a member. True where it is not in the list.
    pub(super) fn has(&self, owner: &str, name: &str) -> bool {
        self.symbols.members.contains_key(&(owner, name)) || !self.symbols.owners.contains(&owner)
    }

    /// The names that an owner has and that look most like this one.
    pub(super) fn nearest(&self, owner: &str, name: &str) -> Option<&'static str> {
        let plain = |text: &str| text.replace('_', "").to_lowercase();
        let wanted = plain(name);
        let mut names: Vec<&'static str> =
            self.symbols.members.keys().filter(|(of, _)| *of == owner).map(|(_, member)| *member).collect();
        names.sort_unstable();
        let close = |member: &&&str| {
            let member = plain(member);
            member == wanted
                || (wanted.len() > 3
                    && (member.starts_with(&wanted) || wanted.starts_with(&member))
                    && member.len().abs_diff(wanted.len()) <= 2)
        };
        names.iter().find(|member| plain(member) == wanted).or_else(|| names.iter().find(close)).copied()
    }

    /// Whether an expression is a column for certain.
    pub(super) fn is_column(&self, expr: &'a Expr) -> bool {
        self.is_column_within(expr, NAMES)
    }

    /// The same, following at most so many names.
    fn is_column_within(&self, expr: &'a Expr, names: u32) -> bool {
        let is_column = |expr: &'a Expr| self.is_column_within(expr, names);
        match expr {
            Expr::Name(_) if names > 0 => match self.program.literal(expr) {
                Some(value @ (Expr::Compare(_) | Expr::BinOp(_) | Expr::UnaryOp(_))) => {
                    self.is_column_within(value, names - 1)
                }
                _ => self.all(expr, "Column"),
            },
            Expr::Compare(compare) => {
                let compares = |op: &CmpOp| !matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn);
                compare.ops.iter().all(compares)
                    && std::iter::once(compare.left.as_ref()).chain(&compare.comparators).any(is_column)
            }
            Expr::BinOp(operation) => is_column(&operation.left) || is_column(&operation.right),
            Expr::UnaryOp(operation) if operation.op != enginehouse_pycheck::ast::UnaryOp::Not => {
                is_column(&operation.operand)
            }
            Expr::Subscript(item) => {
                let named = matches!(item.slice.as_ref(), Expr::StringLiteral(_));
                named && self.all(&item.value, "DataFrame")
            }
            Expr::Attribute(_) | Expr::Call(_) => self.all(expr, "Column"),
            _ => false,
        }
    }

    /// Whether an expression is of a class whatever it stands for.
    pub(super) fn all(&self, expr: &'a Expr, class: &str) -> bool {
        let chains = self.program.chains(expr);
        !chains.is_empty() && chains.iter().all(|chain| self.class(chain) == Some(class))
    }

    /// The kind of a chain without its last `less` hops.
    fn kind(&self, chain: &Chain<'a>, less: usize) -> Kind {
        let mut after: Vec<&Hop<'a>> = Vec::new();
        let mut kind = None;
        for hop in chain.hops_back().skip(less) {
            let known = hop.call.and_then(|call| self.known.borrow().get(&ptr::from_ref(call)).copied());
            if known.is_some() {
                kind = known;
                break;
            }
            after.push(hop);
        }
        let mut kind = kind.unwrap_or_else(|| self.root(chain.root()));
        for hop in after.into_iter().rev() {
            kind = self.step(kind, hop);
            if let Some(call) = hop.call {
                self.known.borrow_mut().insert(ptr::from_ref(call), kind);
            }
        }
        kind
    }

    fn root(&self, root: &Root<'a>) -> Kind {
        let Root::Import(path) = root else { return Kind::Unknown };
        let mut segments = path.split('.');
        if segments.next() != Some("pyspark") {
            return Kind::Unknown;
        }
        segments.fold(Kind::Module("pyspark"), |kind, name| self.attribute(kind, name))
    }

    fn attribute(&self, kind: Kind, name: &str) -> Kind {
        match kind {
            Kind::Module("pyspark") if name == "sql" => Kind::Module("pyspark.sql"),
            Kind::Module("pyspark.sql") if name == "functions" => Kind::Module(FUNCTIONS),
            Kind::Module(module @ FUNCTIONS) => match self.symbols.members.get(&(module, name)) {
                Some(gives) => Kind::Function(gives),
                None if name.starts_with('_') || name == "builtin" || name == "partitioning" => Kind::Unknown,
                None => Kind::Missing(module),
            },
            Kind::Module(_) => match self.symbols.owners.iter().find(|owner| **owner == name) {
                Some(class) => Kind::Class(class),
                // `pyspark.sql.session.SparkSession`, `pyspark.sql.window.Window`.
                None if matches!(name, "session" | "window" | "dataframe" | "column" | "context" | "conf") => kind,
                None => Kind::Unknown,
            },
            Kind::Class(class) | Kind::Instance(class) => match self.symbols.members.get(&(class, name)) {
                Some(&"") => Kind::Unknown,
                Some(gives) => Kind::Instance(gives),
                None if name.starts_with('_') => Kind::Unknown,
                None if class == "DataFrame" && matches!(kind, Kind::Instance(_)) => Kind::Instance("Column"),
                None if class == "Column" => Kind::Instance("Column"),
                None => Kind::Unknown,
            },
            _ => Kind::Unknown,
        }
    }

    fn step(&self, kind: Kind, hop: &Hop<'a>) -> Kind {
        let name = hop.name.as_ref();
        match (kind, hop.call) {
            (Kind::Instance("Column"), None) if name == "[]" => Kind::Instance("Column"),
            (_, None) if name == "[]" => Kind::Unknown,
            (kind, None) => self.attribute(kind, name),
            (Kind::Function(gives), Some(_)) if name == "()" => instance(gives),
            (Kind::Class(class), Some(_)) if name == "()" => Kind::Instance(class),
            (Kind::Class(class) | Kind::Instance(class), Some(_)) if name != "()" => {
                match self.symbols.members.get(&(class, name)) {
                    Some(gives) => instance(gives),
                    None if name.starts_with('_') => Kind::Unknown,
                    None => Kind::Missing(class),
                }
            }
            (Kind::Module(_), Some(_)) => match self.attribute(kind, name) {
                Kind::Function(gives) => instance(gives),
                Kind::Class(class) => Kind::Instance(class),
                Kind::Missing(owner) => Kind::Missing(owner),
                _ => Kind::Unknown,
            },
            _ => Kind::Unknown,
        }
    }
}

fn instance(class: &'static str) -> Kind {
    if class.is_empty() { Kind::Unknown } else { Kind::Instance(class) }
}
