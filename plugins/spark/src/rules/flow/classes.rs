//! The program's own classes and their objects.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprCall, Stmt, StmtClassDef};

use super::{
    Flow, Of,
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
    /// It and those above it, in the order in which they are asked.
    line: Vec<Link<'a>>,
    /// All that it is made of is known.
    plain: bool,
    /// It decides itself how its objects are made, read and changed.
    odd: bool,
}

/// A class in such a line.
#[derive(Debug, Clone, Copy)]
struct Link<'a> {
    class: &'a StmtClassDef,
    /// That of its body.
    environment: usize,
    /// Its objects are made with fields, as those of a dataclass.
    has_fields: bool,
}

impl<'a> Flow<'_, 'a> {
    pub(super) fn define_class(&mut self, def: &'a StmtClassDef) {
        let around = self.here();
        let environment = self.environment(around, Of::Class);
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
        let mut made = Made { line: Vec::new(), plain: true, odd: false };
        self.climb(class, environment, &mut made);
        // What two classes stand on comes behind both.
        let line = std::mem::take(&mut made.line);
        for (place, link) in line.iter().enumerate() {
            if line.iter().skip(place + 1).all(|later| later.environment != link.environment) {
                made.line.push(*link);
            }
        }
        made.odd =
            made.line.iter().any(|link| ODD.iter().any(|name| self.state.named(link.environment, name).is_some()));
        made.plain &= !made.odd;
        let made = Rc::new(made);
        self.classes.insert(environment, Rc::clone(&made));
        made
    }

    /// Adds a class and those above it to a line.
    fn climb(&mut self, class: &'a StmtClassDef, environment: usize, made: &mut Made<'a>) {
        let around = self.environments.get(environment).and_then(|environment| environment.around).unwrap_or(0);
        let arguments = class.arguments.as_deref();
        made.plain &= arguments.is_none_or(|arguments| arguments.keywords.is_empty());
        let mut has_fields = false;
        for decorator in &class.decorator_list {
            let decorator = match &decorator.expression {
                Expr::Call(call) => call.func.as_ref(),
                expr => expr,
            };
            let decorator = self.in_environment(around, |flow| flow.eval(decorator));
            has_fields |= is_dataclass(&decorator);
        }
        let place = made.line.len();
        made.line.push(Link { class, environment, has_fields });
        for base in arguments.iter().flat_map(|arguments| &arguments.args) {
            let base = if let Expr::Subscript(generic) = base { &generic.value } else { base };
            match self.in_environment(around, |flow| flow.eval(base)) {
                Value::Class(base, environment) if made.line.len() <= ABOVE => {
                    self.within((), |flow| flow.climb(base, environment, made));
                }
                Value::Path(path) if PLAIN.contains(&&*path) => {
                    if let Some(link) = made.line.get_mut(place) {
                        link.has_fields |= &*path == "typing.NamedTuple";
                    }
                }
                _ => made.plain = false,
            }
        }
    }

    /// Makes an object of a class.
    pub(super) fn instantiate(&mut self, class: &'a StmtClassDef, environment: usize, args: Args<'a>) -> Value<'a> {
        let made = self.made_of(class, environment);
        let init = made.line.iter().enumerate().find_map(|(place, link)| {
            let init = self.state.named(link.environment, "__init__").cloned();
            (init.is_some() || link.has_fields).then_some((place, init))
        });
        if made.odd || (!made.plain && init.is_none()) {
            self.lose();
            self.escape(&args);
            return Value::Unknown;
        }
        self.objects.push((class, environment));
        let object = self.objects.len() - 1;
        match init {
            Some((_, Some(Value::Function(init)))) => {
                let bound = bind(&init, Value::Object(object));
                self.apply(&bound, args, None);
            }
            Some((_, Some(_))) => {
                self.lose();
                self.escape(&args);
                return Value::Unknown;
            }
            Some((place, None)) => self.fields(object, made.line.get(place..).unwrap_or_default(), &args),
            None => {}
        }
        Value::Object(object)
    }

    /// Gives an object the fields that its class names.
    fn fields(&mut self, object: usize, line: &[Link<'a>], args: &Args<'a>) {
        let mut fields: Vec<(&'a str, Option<Value<'a>>)> = Vec::new();
        // Whether the fields' places are those of the arguments.
        let mut in_order = true;
        for link in line.iter().rev().filter(|link| link.has_fields) {
            for statement in &link.class.body {
                let Stmt::AnnAssign(field) = statement else { continue };
                let Expr::Name(name) = field.target.as_ref() else { continue };
                let name = name.id.as_str();
                match mentions(&field.annotation) {
                    Some("ClassVar") => continue,
                    Some(_) => in_order = false,
                    None => {}
                }
                if let Some(Expr::Call(call)) = field.value.as_deref() {
                    let told = |keyword: &str| call.arguments.find_keyword(keyword).is_some();
                    in_order &= !told("init") && !told("kw_only");
                }
                let default = field.value.is_some().then(|| self.state.named(link.environment, name).cloned());
                match fields.iter_mut().find(|(of, _)| *of == name) {
                    Some((_, before)) => *before = default.flatten(),
                    None => fields.push((name, default.flatten())),
                }
            }
        }
        for (place, (name, default)) in fields.into_iter().enumerate() {
            let given = args.get(if in_order { place } else { usize::MAX }, name).cloned();
            let left_out = !args.more && (in_order || args.placed.is_empty());
            let value = match (given, default) {
                (Some(given), _) => given,
                // `field(default_factory=list)`.
                (None, Some(Value::Partial(factory))) if left_out && factory.args.placed.is_empty() => {
                    self.apply(&factory.function, Args::default(), None)
                }
                (None, default) => default.filter(|_| left_out).unwrap_or(Value::Unknown),
            };
            self.state.set(Place::Attribute(object, name), value);
        }
        if let Some(Value::Function(after)) = self.member(line, "__post_init__") {
            let bound = bind(&after, Value::Object(object));
            self.apply(&bound, Args::default(), None);
        }
    }

    /// What a class or one above it says of a name.
    fn member(&self, line: &[Link<'a>], name: &'a str) -> Option<Value<'a>> {
        line.iter().find_map(|link| self.state.named(link.environment, name).cloned())
    }

    /// `object.name = value`.
    pub(super) fn set_attribute(&mut self, object: usize, name: &'a str, value: Value<'a>) {
        let class = self.objects.get(object).copied();
        let made = class.map(|(class, environment)| self.made_of(class, environment));
        if let Some(Value::Function(_) | Value::Unknown) = made.and_then(|made| self.member(&made.line, name)) {
            // A property of its own may do anything with it.
            self.lose();
        }
        self.state.set(Place::Attribute(object, name), value);
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
            // What stands in the class may decide what its objects have.
            (_, Some(Value::Unknown)) => Value::Unknown,
            (_, Some(Value::Function(function))) if function.kind == Kind::Property => {
                let bound = bind(&function, Value::Object(object));
                self.apply(&bound, Args::default(), None)
            }
            (Some(_), _) if self.wild => Value::Unknown,
            (Some(own), _) => own,
            (None, Some(Value::Function(function))) if function.kind == Kind::Cached => {
                let bound = bind(&function, Value::Object(object));
                let value = self.apply(&bound, Args::default(), None);
                self.state.set(Place::Attribute(object, name), value.clone());
                value
            }
            (None, Some(Value::Function(function))) => match function.kind {
                Kind::Static => Value::Function(function),
                Kind::OfClass => bind(&function, Value::Class(class, environment)),
                _ => bind(&function, Value::Object(object)),
            },
            (None, Some(value)) if made.plain && !self.wild && !self.set.contains(name) => value,
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
            Some(value) if made.plain && !self.wild && !self.set.contains(name) => value,
            _ => Value::Unknown,
        }
    }

    /// `super().name`.
    pub(super) fn attribute_above(&mut self, object: usize, below: &'a StmtClassDef, name: &'a str) -> Value<'a> {
        let Some((class, environment)) = self.objects.get(object).copied() else { return Value::Unknown };
        let made = self.made_of(class, environment);
        let place = made.line.iter().position(|link| std::ptr::eq(link.class, below));
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

/// What an annotation says of its field beside a kind.
fn mentions(annotation: &Expr) -> Option<&'static str> {
    const SAID: &[&str] = &["ClassVar", "KW_ONLY", "InitVar"];
    let annotation = if let Expr::Subscript(of) = annotation { &of.value } else { annotation };
    let name = match annotation {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::StringLiteral(text) => text.value.to_str(),
        _ => return None,
    };
    SAID.iter().find(|said| name.contains(**said)).copied()
}

/// A function with its first argument.
fn bind<'a>(function: &Rc<Function<'a>>, first: Value<'a>) -> Value<'a> {
    Value::function(Function { bound: Some(first), ..Function::clone(function) })
}
