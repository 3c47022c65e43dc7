//! The program's own classes and their objects.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprCall, Stmt, StmtClassDef};

use super::{
    Flow,
    state::Place,
    value::{Args, Function, Kind, Value},
};

/// Classes above each other.
const ABOVE: usize = 8;
/// Bases that change nothing of what a class says itself.
const PLAIN: &[&str] = &["builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic", "typing.NamedTuple"];
/// Methods with which a class decides itself how its objects are made, read and changed.
const ODD: &[&str] = &["__new__", "__setattr__", "__getattribute__", "__delattr__", "__init_subclass__"];

/// What a class is made of.
#[derive(Debug)]
pub(super) struct Made<'a> {
    /// It and those above it, the nearest first, each with the environment of its body.
    line: Vec<(&'a StmtClassDef, usize)>,
    /// Fields that its objects are made with, as of a dataclass.
    has_fields: bool,
    /// All that it is made of is known.
    plain: bool,
}

impl<'a> Flow<'_, 'a> {
    pub(super) fn define_class(&mut self, def: &'a StmtClassDef) {
        let around = self.here();
        let environment = self.environment(around, true);
        for argument in def.arguments.iter().flat_map(|arguments| &arguments.args) {
            self.eval(argument);
        }
        self.class_bodies.push((environment, def));
        self.in_environment(environment, |flow| flow.body(&def.body));
        self.class_bodies.pop();
        let mut value = Value::Class(def, environment);
        for decorator in def.decorator_list.iter().rev() {
            value = self.decorate_class(&decorator.expression, value);
        }
        self.bind(def.name.as_str(), value);
    }

    fn decorate_class(&mut self, decorator: &'a Expr, class: Value<'a>) -> Value<'a> {
        let called = if let Expr::Call(call) = decorator { self.eval(&call.func) } else { Value::Unknown };
        let made = self.eval(decorator);
        if [&called, &made].iter().any(|value| is_dataclass(value)) {
            return class;
        }
        self.apply(&made, Args::of([class]), None)
    }

    /// The class in whose body names are bound.
    pub(super) fn class_around(&self) -> Option<&'a StmtClassDef> {
        let (environment, class) = self.class_bodies.last()?;
        (*environment == self.here()).then_some(*class)
    }

    fn made_of(&mut self, class: &'a StmtClassDef, environment: usize) -> Rc<Made<'a>> {
        if let Some(known) = self.classes.get(&environment) {
            return Rc::clone(known);
        }
        let mut made = Made { line: vec![(class, environment)], has_fields: false, plain: true };
        let mut next = 0;
        while let Some((class, environment)) = made.line.get(next).copied() {
            next += 1;
            let around = self.environments.get(environment).and_then(|environment| environment.around).unwrap_or(0);
            let arguments = class.arguments.as_deref();
            made.plain &= arguments.is_none_or(|arguments| arguments.keywords.is_empty()) && made.line.len() <= ABOVE;
            for decorator in &class.decorator_list {
                let decorator = match &decorator.expression {
                    Expr::Call(call) => call.func.as_ref(),
                    expr => expr,
                };
                let decorator = self.in_environment(around, |flow| flow.eval(decorator));
                made.has_fields |= is_dataclass(&decorator);
            }
            for base in arguments.iter().flat_map(|arguments| &arguments.args) {
                let base = if let Expr::Subscript(generic) = base { &generic.value } else { base };
                match self.in_environment(around, |flow| flow.eval(base)) {
                    Value::Class(base, environment) if made.line.len() <= ABOVE => made.line.push((base, environment)),
                    Value::Path(path) if PLAIN.contains(&&*path) => made.has_fields |= &*path == "typing.NamedTuple",
                    _ => made.plain = false,
                }
            }
            made.plain &= !ODD.iter().any(|name| self.state.named(environment, name).is_some());
        }
        let made = Rc::new(made);
        self.classes.insert(environment, Rc::clone(&made));
        made
    }

    /// Makes an object of a class.
    pub(super) fn instantiate(&mut self, class: &'a StmtClassDef, environment: usize, args: Args<'a>) -> Value<'a> {
        let made = self.made_of(class, environment);
        let init = self.member(&made.line, "__init__");
        if !made.plain && init.is_none() {
            self.escape(&args);
            return Value::Unknown;
        }
        self.objects.push((class, environment));
        let object = self.objects.len() - 1;
        match init {
            Some(Value::Function(init)) => {
                let bound = bind(&init, Value::Object(object));
                self.apply(&bound, args, None);
            }
            Some(_) => return Value::Unknown,
            None if made.has_fields => self.fields(object, &made.line, &args),
            None => {}
        }
        Value::Object(object)
    }

    /// Gives an object the fields that its class names.
    fn fields(&mut self, object: usize, line: &[(&'a StmtClassDef, usize)], args: &Args<'a>) {
        let mut place = 0;
        for (class, environment) in line.iter().rev() {
            for statement in &class.body {
                let Stmt::AnnAssign(field) = statement else { continue };
                let Expr::Name(name) = field.target.as_ref() else { continue };
                let name = name.id.as_str();
                let default = field.value.is_some().then(|| self.state.named(*environment, name).cloned()).flatten();
                let default = match default {
                    // `field(default_factory=list)`.
                    Some(Value::Partial(factory)) if factory.args.placed.is_empty() => {
                        self.apply(&factory.function, Args::default(), None)
                    }
                    default => default.unwrap_or(Value::Unknown),
                };
                let given = args.get(place, name).cloned();
                let value = given.unwrap_or(if args.more { Value::Unknown } else { default });
                self.state.set(Place::Attribute(object, name), value);
                place += 1;
            }
        }
        if let Some(Value::Function(after)) = self.member(line, "__post_init__") {
            let bound = bind(&after, Value::Object(object));
            self.apply(&bound, Args::default(), None);
        }
    }

    /// What a class or one above it says of a name.
    fn member(&self, line: &[(&'a StmtClassDef, usize)], name: &'a str) -> Option<Value<'a>> {
        line.iter().find_map(|(_, environment)| self.state.named(*environment, name).cloned())
    }

    /// `object.name`.
    pub(super) fn object_attribute(&mut self, object: usize, name: &'a str) -> Value<'a> {
        if object < self.lost.1 && self.set.contains(name) {
            return Value::Unknown;
        }
        let Some((class, environment)) = self.objects.get(object).copied() else { return Value::Unknown };
        let own = self.state.get(&Place::Attribute(object, name)).cloned();
        let made = self.made_of(class, environment);
        let of_class = self.member(&made.line, name);
        match (own, of_class) {
            (_, Some(Value::Function(function))) if function.kind == Kind::Property => {
                let bound = bind(&function, Value::Object(object));
                self.apply(&bound, Args::default(), None)
            }
            (Some(_), _) if self.wild => Value::Unknown,
            (Some(own), _) => own,
            (None, Some(Value::Function(function))) => match function.kind {
                Kind::Static => Value::Function(function),
                Kind::OfClass => bind(&function, Value::Class(class, environment)),
                _ => bind(&function, Value::Object(object)),
            },
            (None, Some(value)) if made.plain && !self.wild => value,
            _ => Value::Unknown,
        }
    }

    /// `Class.name`.
    pub(super) fn class_attribute(&mut self, class: &'a StmtClassDef, environment: usize, name: &'a str) -> Value<'a> {
        let made = self.made_of(class, environment);
        match self.member(&made.line, name) {
            Some(Value::Function(function)) if function.kind == Kind::OfClass => {
                bind(&function, Value::Class(class, environment))
            }
            Some(value @ Value::Function(_)) => value,
            Some(value) if made.plain && !self.wild => value,
            _ => Value::Unknown,
        }
    }

    /// `super().name`.
    pub(super) fn attribute_above(&mut self, object: usize, below: &'a StmtClassDef, name: &'a str) -> Value<'a> {
        let Some((class, environment)) = self.objects.get(object).copied() else { return Value::Unknown };
        let made = self.made_of(class, environment);
        let place = made.line.iter().position(|(class, _)| std::ptr::eq(*class, below));
        let above = place.and_then(|place| made.line.get(place + 1..)).unwrap_or_default();
        match self.member(above, name) {
            Some(Value::Function(function)) if function.kind == Kind::Method => bind(&function, Value::Object(object)),
            None if name == "__init__" && made.plain => Value::Path("builtins.object.__init__".into()),
            _ => Value::Unknown,
        }
    }

    /// `super()` in a method.
    pub(super) fn above(&self) -> Value<'a> {
        match self.active.last().and_then(|active| active.this.as_ref()) {
            Some((Value::Object(object), class)) => Value::Above(*object, class),
            _ => Value::Unknown,
        }
    }

    /// Calls an object itself.
    pub(super) fn call_object(&mut self, object: usize, args: Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        match self.object_attribute(object, "__call__") {
            Value::Unknown => {
                self.escape(&args);
                Value::Unknown
            }
            call => self.apply(&call, args, node),
        }
    }
}

fn is_dataclass(decorator: &Value<'_>) -> bool {
    matches!(decorator, Value::Path(path) if &**path == "dataclasses.dataclass")
}

/// A function with its first argument.
fn bind<'a>(function: &Rc<Function<'a>>, first: Value<'a>) -> Value<'a> {
    Value::function(Function {
        code: function.code,
        around: function.around,
        defaults: function.defaults.clone(),
        bound: Some(first),
        kind: function.kind,
        class: function.class,
        depth: 0,
    })
}
