//! Follows frames through the program: it is gone through as it would run, with what is known of each value, into the
//! program's own functions, objects, loops and lists.
//!
//! What cannot be told is unknown, and nothing is said of it. Where a program may go several ways, a frame has what it has
//! on any of them. A column is missed only where no visit to the place has found it.

mod apply;
mod classes;
mod columns;
mod compares;
mod comprehensions;
mod decorators;
mod expressions;
mod failures;
mod found;
mod frames;
mod functions;
mod groups;
mod lists;
mod loops;
mod methods;
mod paths;
mod reader;
mod said;
mod schemas;
mod state;
mod statements;
mod texts;
mod value;

use std::rc::Rc;

use enginehouse_pycheck::{
    Part, Program, Ranged, TextRange, Value as Text,
    ast::{
        Expr, ExprCall, Stmt, StmtClassDef,
        visitor::{self, Visitor},
    },
};
use enginehouse_sdk::Task;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) use self::found::Found;
use self::{
    classes::Made,
    functions::Active,
    state::State,
    value::{Function, Value},
};
use super::{
    kinds::Kinds,
    reads::{Read, What},
    sql,
    walk::Walk,
};

/// Steps for a whole program.
const FUEL: u32 = 60_000;
/// Expressions and blocks that are within each other, over all calls: each takes some of the stack.
const DEPTH: u32 = 90;
/// What Python offers to change names and attributes in ways that are not followed.
const WILD: &[&str] = &["exec", "eval", "globals", "locals", "vars", "delattr"];

/// What was found on the way through the program.
pub(super) fn follow<'a>(
    task: &Task,
    program: &Program<'a>,
    kinds: &Kinds<'_, 'a>,
    walk: &Walk<'a>,
    reads: &[Read],
) -> Found<'a> {
    let mut made_in_sql = FxHashSet::default();
    let mut queries = FxHashMap::default();
    for read in reads {
        if let What::Query(_, query) = &read.what {
            made_in_sql.extend(query.views.iter().map(|view| sql::plain(view)));
            queries.entry(read.range).and_modify(|known| *known = None).or_insert(Some(query));
        }
    }
    let mut variables = FxHashSet::default();
    for text in program.strings().iter().flat_map(|(_, texts)| texts.iter()) {
        variables.extend(declared(text));
    }
    let mut wild = program.references().any(|expr| match expr {
        Expr::Name(name) => WILD.contains(&name.id.as_str()),
        Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "__dict__" | "__setattr__" | "__delattr__"),
        _ => false,
    });
    let mut set: FxHashSet<String> = walk.attributes_set.iter().map(|name| (*name).to_owned()).collect();
    for call in program.calls() {
        if call.callee.iter().any(|chain| chain.path() == Some("builtins.setattr")) {
            for text in call.argument(1, "name").map(|name| program.texts(name)).iter().flat_map(|texts| texts.iter()) {
                match text.known() {
                    Some(name) => drop(set.insert(name.to_owned())),
                    None => wild = true,
                }
            }
            wild |= call.spreads();
        }
    }
    let mut shared = Shared::default();
    shared.visit_body(program.syntax().body());
    let mut flow = Flow {
        task,
        program,
        kinds,
        set,
        queries,
        made_in_sql,
        variables,
        wild,
        shared: shared.0,
        defined: walk.functions.iter().map(|function| function.name.as_str()).collect(),
        state: State::default(),
        environments: vec![Environment::default()],
        objects: Vec::new(),
        classes: FxHashMap::default(),
        held: 0,
        lost: (0, 0),
        views_lost: false,
        active: vec![Active::module()],
        class_bodies: Vec::new(),
        made: Vec::new(),
        entered: FxHashSet::default(),
        generators: FxHashMap::default(),
        generator: 0,
        stops: 0,
        fuel: FUEL,
        depth: 0,
        ended: usize::MAX,
        quiet: 0,
        inspected: 0,
        found: Found::default(),
    };
    flow.body(program.syntax().body());
    flow.rest();
    if flow.fuel == 0 { Found::default() } else { flow.found }
}

/// The words of a text that may make a variable in SQL: it is named as if it were a column.
fn declared(text: &Text) -> Vec<String> {
    let texts = text.parts().iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    let texts = texts.map(|text| text.to_ascii_lowercase()).filter(|text| text.contains("declare "));
    let words = texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words.map(|word| word.trim_matches([',', ';', '`']).to_owned()).collect()
}

/// The way through a program.
struct Flow<'p, 'a> {
    task: &'p Task,
    program: &'p Program<'a>,
    kinds: &'p Kinds<'p, 'a>,
    /// Attributes that are given to anything.
    set: FxHashSet<String>,
    queries: FxHashMap<TextRange, Option<&'p sql::Query>>,
    /// Views that queries make.
    made_in_sql: FxHashSet<String>,
    /// Variables in SQL.
    variables: FxHashSet<String>,
    /// Attributes of objects are set in ways that are not followed.
    wild: bool,
    /// Names that functions share by `global` and `nonlocal`.
    shared: FxHashSet<&'a str>,
    /// The names of all functions and methods.
    defined: FxHashSet<&'a str>,
    state: State<'a>,
    environments: Vec<Environment>,
    objects: Vec<(&'a StmtClassDef, usize)>,
    /// What classes are made of, by the environments of their bodies.
    classes: FxHashMap<usize, Rc<Made<'a>>>,
    /// How many lists and dicts there are.
    held: usize,
    /// The lists and the objects before these are no longer known: something that is not followed may have changed them.
    lost: (usize, usize),
    /// A view was made under a name that cannot be told.
    views_lost: bool,
    active: Vec<Active<'a>>,
    /// The bodies of classes that are gone through, by their environments.
    class_bodies: Vec<(usize, &'a StmtClassDef)>,
    /// All functions, as they were made.
    made: Vec<Rc<Function<'a>>>,
    entered: FxHashSet<TextRange>,
    generators: FxHashMap<TextRange, bool>,
    /// The environment of the innermost generator that is gone through: those before it change until it runs.
    generator: usize,
    /// How many calls were gone through that never come back.
    stops: u32,
    fuel: u32,
    depth: u32,
    /// How many environments there were when the program itself was over: then what nobody called is gone through.
    ended: usize,
    /// How many blocks are around whose failure the program expects.
    quiet: u32,
    /// How often it was asked which columns a frame has.
    inspected: u32,
    found: Found<'a>,
}

/// Whose names an environment holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The module, or one call of a function.
    #[default]
    Code,
    /// Not seen from functions within.
    Class,
    Comprehension,
}

/// The names of a module, a class or one call of a function.
#[derive(Debug, Default, Clone, Copy)]
struct Environment {
    around: Option<usize>,
    of: Of,
    /// A function was made in it, which still sees its names when the call is over.
    seen_later: bool,
}

impl<'a> Flow<'_, 'a> {
    /// Takes steps; false where there are none left, and then nothing is done any more.
    fn spend(&mut self, steps: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        self.fuel > 0
    }

    /// Does something one level further down.
    fn within<T>(&mut self, otherwise: T, inside: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEPTH {
            // Nothing is certain of what was left out.
            self.fuel = 0;
        }
        if !self.spend(1) {
            return otherwise;
        }
        self.depth += 1;
        let value = inside(self);
        self.depth -= 1;
        value
    }

    /// Functions that nothing called so far may be called by what is not followed.
    fn rest(&mut self) {
        self.ended = self.environments.len();
        self.views_lost = true;
        let mut next = 0;
        while let Some(function) = self.made.get(next).cloned() {
            next += 1;
            if !self.spend(1) {
                return;
            }
            if !self.was_entered(&function) {
                self.lose();
                self.enter_unknown(&function);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ended != usize::MAX
    }

    /// Something that is not followed may have changed lists, objects and views.
    fn lose(&mut self) {
        self.lost = (self.held, self.objects.len());
    }

    /// Asks for a value, and tells one that may hang on which columns there are.
    fn asked(&mut self, ask: impl FnOnce(&mut Self) -> Value<'a>) -> Value<'a> {
        let before = self.inspected;
        match ask(self) {
            Value::Unknown | Value::Plain if self.inspected != before => Value::Doubt,
            value => value,
        }
    }

    /// What decides which way is taken, and whether that may hang on which columns there are.
    fn decides(&mut self, test: &'a Expr) -> (Option<bool>, bool) {
        let before = self.inspected;
        let value = self.eval(test);
        let value = self.open(&value);
        let doubt = self.inspected != before || matches!(value, Value::Doubt | Value::Each(_));
        let truth = value.truth();
        if truth.is_some() {
            // Whoever asked has the answer.
            self.inspected = before;
        }
        (truth, doubt)
    }

    /// Does something of which it is doubtful that it is reached with these columns: nothing is said of it.
    fn doubtful<T>(&mut self, doubt: bool, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += u32::from(doubt);
        let value = inside(self);
        self.quiet -= u32::from(doubt);
        value
    }

    fn environment(&mut self, around: usize, of: Of) -> usize {
        self.environments.push(Environment { around: Some(around), of, seen_later: false });
        self.environments.len() - 1
    }

    /// A list or a dict of the program's.
    fn hold(&mut self, what: Value<'a>) -> Value<'a> {
        let place = self.held;
        self.held += 1;
        self.state.set(state::Place::Held(place), what);
        Value::Held(place)
    }

    /// What a list or a dict holds; any other value is itself.
    fn open(&self, value: &Value<'a>) -> Value<'a> {
        match value {
            Value::Perhaps(value) => self.open(value),
            Value::Held(place) if *place < self.lost.0 => Value::Unknown,
            Value::Held(place) => self.state.get(&state::Place::Held(*place)).cloned().unwrap_or(Value::Unknown),
            other => other.clone(),
        }
    }
}

impl<'p> Flow<'p, '_> {
    fn query(&self, call: &ExprCall) -> Option<&'p sql::Query> {
        self.queries.get(&call.range()).copied().flatten()
    }
}

/// Gathers the names in `global` and `nonlocal`.
#[derive(Default)]
struct Shared<'a>(FxHashSet<&'a str>);

impl<'a> Visitor<'a> for Shared<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Global(statement) => self.0.extend(statement.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(statement) => self.0.extend(statement.names.iter().map(|name| name.as_str())),
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
