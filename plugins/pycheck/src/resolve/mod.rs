//! Follows expressions to what they stand for. Every answer is a set of possibilities; what cannot be told is unknown.

mod chains;
mod codes;
mod literals;
mod texts;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use ruff_python_ast::{Decorator, Expr, ExprCall, StmtFunctionDef};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use crate::{
    chain::Chain,
    scope::{Model, Origin},
    value::Value,
};

/// Names that are followed from one to the next, in one question.
const DEPTH: usize = 120;
/// Steps for a whole program.
const FUEL: u32 = 4_000_000;
/// The most strings, and results of calls, that are kept apart.
const WIDTH: usize = 12;

/// Answers by the address of their expression.
#[derive(Debug)]
struct Answers<T: ?Sized> {
    settled: FxHashMap<usize, Rc<T>>,
    /// Cut short by a cycle, with the depth of its head: each holds as long as that is being answered.
    provisional: FxHashMap<usize, (Rc<T>, usize)>,
}

impl<T: ?Sized> Answers<T> {
    fn forget(&mut self, head: usize) {
        self.provisional.retain(|_, (_, low)| *low < head);
    }
}

impl<T: ?Sized> Default for Answers<T> {
    fn default() -> Self {
        Self { settled: FxHashMap::default(), provisional: FxHashMap::default() }
    }
}

/// Answers questions about one module. Remembers its answers.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) model: Model<'a>,
    /// The calls of each function by its name, by where the function starts.
    callers: BTreeMap<u32, Vec<&'a ExprCall>>,
    /// Functions that are also passed around, so that not all their calls are known.
    escaped: BTreeSet<u32>,
    chains: RefCell<Answers<[Chain<'a>]>>,
    texts: RefCell<Answers<[Value]>>,
    /// Expressions that are being answered, each at its depth, and whether a cycle came back to it.
    active: RefCell<FxHashMap<(usize, bool), usize>>,
    cycles: RefCell<BTreeSet<usize>>,
    /// The least depth to which a cycle led back from the answer that is being worked on.
    low: Cell<usize>,
    fuel: Cell<u32>,
    exhausted: Cell<bool>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(model: Model<'a>) -> Self {
        let mut callers: BTreeMap<u32, Vec<&'a ExprCall>> = BTreeMap::new();
        let mut escaped = BTreeSet::new();
        let called: BTreeMap<u32, &'a ExprCall> =
            model.calls.iter().filter_map(|(_, call, _)| Some((called_name(call)?, *call))).collect();
        for used in model.uses.values().filter(|_| !model.functions.is_empty()) {
            for binding in model.reaching(used) {
                let Origin::Function(def) = binding.origin else { continue };
                match called.get(&used.name.start().to_u32()) {
                    Some(call) => callers.entry(def.start().to_u32()).or_default().push(call),
                    None => drop(escaped.insert(def.start().to_u32())),
                }
            }
        }
        Self {
            model,
            callers,
            escaped,
            chains: RefCell::default(),
            texts: RefCell::default(),
            active: RefCell::default(),
            cycles: RefCell::default(),
            low: Cell::new(usize::MAX),
            fuel: Cell::new(FUEL),
            exhausted: Cell::new(false),
        }
    }

    /// Whether the program was too intricate to be followed everywhere.
    pub(crate) fn exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Runs `answer` for an expression. None where that is being answered already, or there is nothing left to spend.
    fn guarded<T>(&self, expr: &Expr, text: bool, answer: impl FnOnce() -> T) -> Option<T> {
        let key = (address(expr), text);
        let known = self.active.borrow().get(&key).copied();
        if let Some(head) = known {
            self.low.set(self.low.get().min(head));
            self.cycles.borrow_mut().insert(head);
            return None;
        }
        let depth = self.active.borrow().len();
        if self.fuel.get() == 0 || depth >= DEPTH {
            self.give_up();
            return None;
        }
        self.spend(1);
        self.active.borrow_mut().insert(key, depth);
        let outer = self.low.replace(usize::MAX);
        let answer = answer();
        self.active.borrow_mut().remove(&key);
        let low = self.low.get();
        self.low.set(outer.min(if low >= depth { usize::MAX } else { low }));
        if self.cycles.borrow_mut().remove(&depth) {
            self.chains.borrow_mut().forget(depth);
            self.texts.borrow_mut().forget(depth);
        }
        Some(answer)
    }

    fn recall<T: ?Sized>(&self, answers: &RefCell<Answers<T>>, expr: &Expr) -> Option<Rc<T>> {
        let answers = answers.borrow();
        if let Some(answer) = answers.settled.get(&address(expr)) {
            return Some(Rc::clone(answer));
        }
        let (answer, low) = answers.provisional.get(&address(expr))?;
        self.low.set(self.low.get().min(*low));
        Some(Rc::clone(answer))
    }

    /// Keeps an answer for as long as the cycles allow in which it was made.
    fn keep<T: ?Sized>(&self, answers: &RefCell<Answers<T>>, expr: &Expr, answer: &Rc<T>) {
        let (mut answers, low) = (answers.borrow_mut(), self.low.get());
        if low == usize::MAX {
            answers.settled.insert(address(expr), Rc::clone(answer));
        } else {
            answers.provisional.insert(address(expr), (Rc::clone(answer), low));
        }
    }

    /// Says that something was not followed to its end.
    fn give_up(&self) {
        self.exhausted.set(true);
    }

    fn spend(&self, steps: usize) {
        let left = self.fuel.get().saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        self.fuel.set(left);
        if left == 0 {
            self.exhausted.set(true);
        }
    }

    /// What a parameter is in each call of its function, where all calls are known.
    fn arguments(&self, def: &'a StmtFunctionDef, name: &str) -> Option<Vec<&'a Expr>> {
        let key = def.start().to_u32();
        let function = self.model.functions.get(&key)?;
        if function.method || !def.decorator_list.iter().all(is_remote) || self.escaped.contains(&key) {
            return None;
        }
        let calls = self.callers.get(&key)?;
        let named = def.parameters.iter_non_variadic_params().find(|parameter| parameter.name().as_str() == name)?;
        let place =
            def.parameters.posonlyargs.iter().chain(&def.parameters.args).position(|p| p.name().as_str() == name);
        calls
            .iter()
            .map(|call| {
                let spread = call.arguments.args.iter().any(Expr::is_starred_expr)
                    || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
                if spread {
                    return None;
                }
                let positional = place.and_then(|place| call.arguments.args.get(place));
                let keyword = call.arguments.find_keyword(name).map(|keyword| &keyword.value);
                positional.or(keyword).or(named.default.as_deref())
            })
            .collect()
    }

    /// What a call of a plain function may return.
    fn returned(&self, def: &'a StmtFunctionDef) -> Option<&[Option<&'a Expr>]> {
        let function = self.model.functions.get(&def.start().to_u32())?;
        let plain = !function.generator && !def.is_async && function.def.decorator_list.is_empty();
        plain.then_some(function.returns.as_slice())
    }
}

/// Where the name starts that is called: `f` in `f(…)`, and in `f.remote(…)`, which runs it elsewhere.
fn called_name(call: &ExprCall) -> Option<u32> {
    match call.func.as_ref() {
        Expr::Name(name) => Some(name.start().to_u32()),
        Expr::Attribute(attribute) if attribute.attr.as_str() == "remote" && attribute.value.is_name_expr() => {
            Some(attribute.value.start().to_u32())
        }
        _ => None,
    }
}

/// `@ray.remote`, with or without options: its functions get the arguments that `remote(…)` is given.
fn is_remote(decorator: &Decorator) -> bool {
    let expr = match &decorator.expression {
        Expr::Call(call) => call.func.as_ref(),
        expr => expr,
    };
    match expr {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "remote",
        Expr::Name(name) => name.id.as_str() == "remote",
        _ => false,
    }
}

fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr).addr()
}
