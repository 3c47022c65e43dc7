//! The program's own functions: how they are made, called and left.

use std::rc::Rc;

use enginehouse_pycheck::{
    Ranged, TextRange,
    ast::{
        Expr, Parameters, Stmt, StmtClassDef, StmtFunctionDef,
        visitor::{self, Visitor},
    },
};

use super::{
    Environment, Flow, Of,
    loops::Turn,
    methods::CHANGES,
    state::{Place, Way},
    value::{Args, Code, Function, Kind, Value},
};

/// Calls within each other.
const CALLS: usize = 12;
/// Calls of one function within itself.
const AGAIN: usize = 2;

/// A call that is gone through; the first one is the module itself.
#[derive(Debug)]
pub(super) struct Active<'a> {
    code: TextRange,
    pub(super) environment: usize,
    mark: usize,
    /// How often it had been asked before which columns a frame has.
    inspected: u32,
    /// What it changed beside its own names, on each way that left it.
    exits: Vec<Way<'a>>,
    returned: Option<Value<'a>>,
    pub(super) loops: Vec<Turn<'a>>,
    /// The first argument, and the class in whose body the function stands.
    pub(super) this: Option<(Value<'a>, &'a StmtClassDef)>,
}

impl Active<'_> {
    pub(super) fn module() -> Self {
        Self {
            code: TextRange::default(),
            environment: 0,
            mark: 0,
            inspected: 0,
            exits: Vec::new(),
            returned: None,
            loops: Vec::new(),
            this: None,
        }
    }
}

impl<'a> Flow<'_, 'a> {
    /// The environment in which names are bound.
    pub(super) fn here(&self) -> usize {
        self.active.last().map_or(0, |active| active.environment)
    }

    /// The environment is another one inside: that of a class, or of a comprehension.
    pub(super) fn in_environment<T>(&mut self, environment: usize, inside: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.here();
        if let Some(active) = self.active.last_mut() {
            active.environment = environment;
        }
        let value = inside(self);
        if let Some(active) = self.active.last_mut() {
            active.environment = outer;
        }
        value
    }

    /// The value of a name.
    pub(super) fn lookup(&self, name: &'a str) -> Option<Value<'a>> {
        if self.shared.contains(name) {
            return Some(Value::Unknown);
        }
        let own = self.here();
        let mut current = Some(own);
        while let Some(id) = current {
            let environment = self.environments.get(id)?;
            if (id == own || environment.of != Of::Class)
                && let Some(value) = self.state.named(id, name)
            {
                // A function that nobody called may have been called when the name stood for something else, and what a
                // generator finds under a name when it is asked for its elements, nobody knows.
                let was_other = id < self.ended && self.is_over() && self.state.was_other(id, name);
                let lasts = matches!(value, Value::Function(_) | Value::Class(..) | Value::Path(_) | Value::Of(_));
                let may_be_other = was_other || (id < self.generator && !lasts);
                return Some(if may_be_other { Value::Unknown } else { value.clone() });
            }
            current = environment.around;
        }
        None
    }

    /// The environment in which `:=` binds a name.
    pub(super) fn outside_comprehensions(&self) -> usize {
        let mut id = self.here();
        while let Some(Environment { of: Of::Comprehension, around: Some(around), .. }) = self.environments.get(id) {
            id = *around;
        }
        id
    }

    pub(super) fn define(&mut self, def: &'a StmtFunctionDef) {
        let mut value = self.function(Code::Def(def), Some(&def.parameters));
        for decorator in def.decorator_list.iter().rev() {
            value = self.decorate(&decorator.expression, value);
        }
        self.bind(def.name.as_str(), value);
    }

    /// A function as it is made here.
    pub(super) fn function(&mut self, code: Code<'a>, parameters: Option<&'a Parameters>) -> Value<'a> {
        let mut defaults = Vec::new();
        for parameter in parameters.into_iter().flat_map(|parameters| parameters.iter_non_variadic_params()) {
            if let Some(default) = parameter.default() {
                defaults.push((parameter.name().as_str(), self.eval(default)));
            }
        }
        let class = self.class_around();
        let mut around = Some(self.here());
        while let Some(environment) = around.and_then(|id| self.environments.get_mut(id)) {
            environment.seen_later = true;
            around = environment.around;
        }
        let value = Value::function(Function {
            code,
            around: self.here(),
            defaults,
            bound: None,
            kind: Kind::Method,
            class,
            depth: 0,
        });
        if let (Value::Function(function), Code::Def(_)) = (&value, code) {
            self.made.push(Rc::clone(function));
        }
        value
    }

    /// Calls a function of the program's.
    pub(super) fn enter(&mut self, function: &Rc<Function<'a>>, mut args: Args<'a>) -> Value<'a> {
        let code = function.range();
        let again = self.active.iter().filter(|active| active.code == code).count();
        let told = args.all().any(|value| !matches!(value, Value::Unknown | Value::Doubt | Value::Of(_)));
        if self.is_over() && !told && !args.placed.is_empty() && self.was_entered(function) {
            // It would tell nothing that the call before has not told.
            return Value::Unknown;
        }
        let lazily = self.runs_lazily(function);
        if self.active.len() > CALLS || again >= AGAIN || lazily.is_none() {
            self.escape(&args);
            self.lose();
            return Value::Unknown;
        }
        self.entered.insert(code);
        if let Some(bound) = &function.bound {
            args.placed.insert(0, (bound.clone(), None));
        }
        let this = args.placed.first().map(|(first, _)| first.clone());
        let environment = self.environment(function.around, Of::Code);
        let mark = self.state.mark();
        let inspected = self.inspected;
        let this = this.zip(function.class);
        self.active.push(Active { code, environment, mark, inspected, this, ..Active::module() });
        let (generator, stops) = (self.generator, self.stops);
        if lazily == Some(true) {
            self.generator = environment;
        }
        let value = self.within(Value::Unknown, |flow| {
            flow.parameters(function, args);
            match function.code {
                Code::Lambda(lambda) => flow.eval(&lambda.body),
                Code::Def(def) => flow.run(&def.body),
            }
        });
        self.generator = generator;
        self.active.pop();
        if lazily == Some(true) {
            self.stops = stops;
            self.lose();
            return Value::each(Value::Unknown);
        }
        if inspected != self.inspected && matches!(value, Value::Unknown | Value::Plain) {
            return Value::Doubt;
        }
        value
    }

    /// Goes through a function's body, and answers what it returns.
    fn run(&mut self, body: &'a [Stmt]) -> Value<'a> {
        let falls = self.body(body);
        if falls {
            self.leave_function(Value::Nothing);
        }
        let Some(active) = self.active.last_mut() else { return Value::Unknown };
        let (mark, exits) = (active.mark, std::mem::take(&mut active.exits));
        let inspected = active.inspected != self.inspected;
        let returned = active.returned.take().unwrap_or(Value::Unknown);
        self.stops += u32::from(exits.is_empty());
        self.spend(self.state.mark().saturating_sub(mark));
        self.state.undo(mark);
        self.state.merge(&exits, inspected);
        returned
    }

    /// `return`.
    pub(super) fn leave_function(&mut self, value: Value<'a>) {
        let Some(active) = self.active.last_mut() else { return };
        let (mark, own) = (active.mark, active.environment);
        let seen_later = self.environments.get(own).is_some_and(|environment| environment.seen_later);
        let is_own = |place: &Place<'a>| matches!(place, Place::Name(environment, _) if *environment == own);
        let way = self.state.since(mark, |place| seen_later || !is_own(place));
        let Some(active) = self.active.last_mut() else { return };
        active.exits.push(way);
        active.returned = Some(match active.returned.take() {
            Some(before) => before.or(value),
            None => value,
        });
        self.spend(self.state.mark().saturating_sub(mark));
    }

    fn parameters(&mut self, function: &Function<'a>, args: Args<'a>) {
        let Some(parameters) = function.parameters() else { return };
        let plain = || parameters.posonlyargs.iter().chain(&parameters.args);
        for (place, parameter) in plain().enumerate() {
            let name = parameter.name().as_str();
            let value = args.get(place, name).cloned();
            self.parameter(function, name, value, args.more);
        }
        for parameter in &parameters.kwonlyargs {
            let name = parameter.name().as_str();
            let value = args.get(usize::MAX, name).cloned();
            self.parameter(function, name, value, args.more);
        }
        if let Some(rest) = &parameters.vararg {
            let values = args.placed.iter().skip(plain().count()).map(|(value, _)| value.clone());
            let value = if args.more { Value::Unknown } else { Value::items(values.collect()) };
            self.bind(rest.name.as_str(), value);
        }
        if let Some(rest) = &parameters.kwarg {
            let named: Vec<&str> = parameters.iter_non_variadic_params().map(|p| p.name().as_str()).collect();
            let others = args.named.iter().filter(|(name, ..)| !named.contains(&&**name));
            let pairs = others.map(|(name, value, _)| (Value::Text(Rc::clone(name), None), value.clone()));
            let pairs = Value::pairs(pairs.collect());
            let value = if args.more { Value::Unknown } else { self.hold(pairs) };
            self.bind(rest.name.as_str(), value);
        }
    }

    fn parameter(&mut self, function: &Function<'a>, name: &'a str, value: Option<Value<'a>>, more: bool) {
        let default = || function.defaults.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone());
        let value = value.or_else(|| default().filter(|_| !more)).unwrap_or(Value::Unknown);
        self.bind(name, value);
    }

    pub(super) fn was_entered(&self, function: &Function<'a>) -> bool {
        self.entered.contains(&function.range())
    }

    /// A call of which nothing is known but what the annotations say.
    pub(super) fn enter_unknown(&mut self, function: &Rc<Function<'a>>) {
        let mut args = Args::default();
        for parameter in function.parameters().into_iter().flat_map(|parameters| &parameters.args) {
            let value = parameter.annotation().map_or(Value::Unknown, |kind| match self.eval(kind) {
                Value::Path(path) => match &*path {
                    "pyspark.sql.DataFrame" | "pyspark.sql.dataframe.DataFrame" => Value::Of("DataFrame"),
                    "pyspark.sql.SparkSession" => Value::Of("SparkSession"),
                    _ => Value::Unknown,
                },
                _ => Value::Unknown,
            });
            args.placed.push((value, None));
        }
        self.enter(function, args);
    }

    /// Whether a function may do more than answer. A lambda does by what it calls.
    pub(super) fn may_change(&self, function: &Function<'a>) -> bool {
        let Code::Lambda(lambda) = function.code else { return true };
        let mut called = Called::default();
        called.visit_expr(&lambda.body);
        called.names.iter().any(|name| self.lookup(name).is_some())
            || called.methods.iter().any(|name| CHANGES.contains(name) || self.defined.contains(name))
    }

    /// Whether a call runs the body only as its elements are asked for. None where it does not run it at all.
    fn runs_lazily(&mut self, function: &Function<'a>) -> Option<bool> {
        let Code::Def(def) = function.code else { return Some(false) };
        if def.is_async {
            return None;
        }
        if let Some(known) = self.generators.get(&def.range()) {
            return Some(*known);
        }
        let mut yields = Yields(false);
        yields.visit_body(&def.body);
        self.generators.insert(def.range(), yields.0);
        Some(yields.0)
    }
}

impl<'a> Function<'a> {
    fn range(&self) -> TextRange {
        match self.code {
            Code::Def(def) => def.range(),
            Code::Lambda(lambda) => lambda.range(),
        }
    }

    fn parameters(&self) -> Option<&'a Parameters> {
        match self.code {
            Code::Def(def) => Some(&def.parameters),
            Code::Lambda(lambda) => lambda.parameters.as_deref(),
        }
    }
}

/// The names and the methods that an expression calls.
#[derive(Default)]
struct Called<'a> {
    names: Vec<&'a str>,
    methods: Vec<&'a str>,
}

impl<'a> Visitor<'a> for Called<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            match call.func.as_ref() {
                Expr::Name(name) => self.names.push(name.id.as_str()),
                Expr::Attribute(method) => self.methods.push(method.attr.as_str()),
                _ => {}
            }
        }
        visitor::walk_expr(self, expr);
    }
}

/// Whether a body makes a generator.
struct Yields(bool);

impl<'a> Visitor<'a> for Yields {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            visitor::walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
            Expr::Lambda(_) => {}
            other => visitor::walk_expr(self, other),
        }
    }
}
