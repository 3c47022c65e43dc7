//! What an expression may be, as far as frames go.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprLambda, StmtClassDef, StmtFunctionDef};
use rustc_hash::FxHashMap;

use super::reader::Reader;
use crate::rules::columns::Frame;

/// A value. What cannot be told is unknown.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Unknown,
    /// The same, where it may hang on which columns there are.
    Doubt,
    /// Nothing that a frame or a column could be: a number, a count.
    Plain,
    Nothing,
    /// It may be nothing as well.
    Perhaps(Rc<Value<'a>>),
    Truth(bool),
    Int(i64),
    /// A text, and where it is written, if it is.
    Text(Rc<str>, Option<&'a Expr>),
    /// A list or a tuple that nothing changes.
    Items(Rc<Items<'a>>),
    /// Of each element no more than this is known, and not how many there are.
    Each(Rc<Value<'a>>),
    /// A list or a dict of the program's, by its place in the state.
    Held(usize),
    /// What a dict holds.
    Pairs(Rc<Pairs<'a>>),
    /// A name that is imported or built in: `functools.reduce`, `builtins.len`.
    Path(Rc<str>),
    /// An instance of a class of PySpark's, of which no more is known.
    Of(&'static str),
    Frame(Rc<Frame>),
    /// What Glue calls a dynamic frame.
    Dynamic(Rc<Frame>),
    /// `df.na`.
    Cleaner(Rc<Frame>),
    /// The names of a frame's columns.
    Names(Rc<Frame>),
    Group(Rc<Group>),
    Column(Rc<Column<'a>>),
    Window(Rc<Column<'a>>),
    Reader(Rc<Reader<'a>>),
    /// The columns of a `StructType`, or of one that is added to.
    Schema(Rc<[Rc<str>]>),
    /// A column of one.
    Field(Rc<str>),
    Function(Rc<Function<'a>>),
    /// A function with some of its arguments.
    Partial(Rc<Partial<'a>>),
    /// A function that Spark calls for each row.
    PerRow,
    /// A class, and the environment of its body.
    Class(&'a StmtClassDef, usize),
    /// An instance of a class of the program's.
    Object(usize),
    /// What stands above a class in an object.
    Above(usize, &'a StmtClassDef),
    /// `value.name`, where that is a method of Python's or Spark's own.
    Method(Rc<Value<'a>>, &'a str),
}

/// Values within others, and how far down they go: what nests without end cannot be dropped without end.
#[derive(Debug)]
pub(super) struct Items<'a> {
    pub(super) all: Vec<Value<'a>>,
    depth: u8,
}

#[derive(Debug)]
pub(super) struct Pairs<'a> {
    pub(super) all: Vec<(Value<'a>, Value<'a>)>,
    depth: u8,
}

#[derive(Debug)]
pub(super) struct Partial<'a> {
    pub(super) function: Value<'a>,
    pub(super) args: Args<'a>,
    depth: u8,
}

/// What `groupBy` makes of a frame.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) frame: Rc<Frame>,
    pub(super) keys: Vec<Rc<str>>,
    /// There may be more columns, under names that cannot be told.
    pub(super) open: bool,
    /// `pivot` makes columns of values; empty where these cannot be told.
    pub(super) pivoted: Option<Vec<Rc<str>>>,
}

/// A column expression.
#[derive(Debug, Default, Clone)]
pub(super) struct Column<'a> {
    /// The columns that it names, with where.
    pub(super) uses: Vec<(Rc<str>, &'a Expr)>,
    /// What it is called, where that can be told.
    pub(super) name: Option<Rc<str>>,
    /// All names that are given within it.
    pub(super) made: Vec<Rc<str>>,
    /// All columns.
    pub(super) star: bool,
    /// All columns of a frame by its alias, or of a struct.
    pub(super) all_of: Option<Rc<str>>,
    /// It may have a name that cannot be told.
    pub(super) odd: bool,
}

/// A function or a lambda, where it was made.
#[derive(Debug, Clone)]
pub(super) struct Function<'a> {
    pub(super) code: Code<'a>,
    /// The environment around it.
    pub(super) around: usize,
    /// The values of parameters that are left out.
    pub(super) defaults: Vec<(&'a str, Value<'a>)>,
    /// The first argument, of a method.
    pub(super) bound: Option<Value<'a>>,
    pub(super) kind: Kind,
    /// The class in whose body it stands.
    pub(super) class: Option<&'a StmtClassDef>,
    pub(super) depth: u8,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Code<'a> {
    Def(&'a StmtFunctionDef),
    Lambda(&'a ExprLambda),
}

/// What a decorator made of a function in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Method,
    Static,
    OfClass,
    Property,
    /// A property that is asked once.
    Cached,
}

/// The arguments of a call.
#[derive(Debug, Default, Clone)]
pub(super) struct Args<'a> {
    pub(super) placed: Vec<(Value<'a>, Option<&'a Expr>)>,
    pub(super) named: Vec<(Rc<str>, Value<'a>, Option<&'a Expr>)>,
    /// There may be more, or at other places.
    pub(super) more: bool,
}

impl<'a> Args<'a> {
    /// Nothing is no argument of Spark's or Python's own that would be followed.
    pub(super) fn settle(&mut self) {
        let named = self.named.iter_mut().map(|(_, value, _)| value);
        for value in self.placed.iter_mut().map(|(value, _)| value).chain(named) {
            if let Value::Perhaps(_) = value {
                *value = value.some().clone();
            }
        }
    }

    pub(super) fn of(values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self { placed: values.into_iter().map(|value| (value, None)).collect(), ..Self::default() }
    }

    /// An argument by its place or its name. None where it is left out, or cannot be told.
    pub(super) fn get(&self, place: usize, name: &str) -> Option<&Value<'a>> {
        let named = self.named.iter().find(|(of, ..)| &**of == name).map(|(_, value, _)| value);
        named.or_else(|| self.placed.get(place).map(|(value, _)| value).filter(|_| !self.more))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Value<'a>> {
        self.placed.iter().map(|(value, _)| value).chain(self.named.iter().map(|(_, value, _)| value))
    }
}

/// Values within each other.
const DEPTH: u8 = 5;

fn deepest<'v, 'a: 'v>(values: impl IntoIterator<Item = &'v Value<'a>>) -> u8 {
    values.into_iter().map(Value::depth).max().unwrap_or(0)
}

impl<'a> Value<'a> {
    pub(super) fn items(all: Vec<Self>) -> Self {
        let depth = deepest(&all) + 1;
        if depth > DEPTH { Self::Unknown } else { Self::Items(Rc::new(Items { all, depth })) }
    }

    /// Of one key said twice, the last value holds.
    pub(super) fn pairs(pairs: Vec<(Self, Self)>) -> Self {
        let mut places: FxHashMap<Rc<str>, usize> = FxHashMap::default();
        let mut all: Vec<(Self, Self)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let known = key.text().cloned().map(|key| *places.entry(key).or_insert(all.len()));
            match known.and_then(|place| all.get_mut(place)) {
                Some((_, before)) => *before = value,
                None => all.push((key, value)),
            }
        }
        let depth = deepest(all.iter().flat_map(|(key, value)| [key, value])) + 1;
        if depth > DEPTH { Self::Unknown } else { Self::Pairs(Rc::new(Pairs { all, depth })) }
    }

    pub(super) fn each(value: Self) -> Self {
        if value.depth() >= DEPTH { Self::Unknown } else { Self::Each(Rc::new(value)) }
    }

    pub(super) fn method(of: &Self, name: &'a str) -> Self {
        if of.depth() >= DEPTH { Self::Unknown } else { Self::Method(Rc::new(of.clone()), name) }
    }

    pub(super) fn partial(function: Self, args: Args<'a>) -> Self {
        let depth = deepest(args.all()).max(function.depth()) + 1;
        if depth > DEPTH { Self::Unknown } else { Self::Partial(Rc::new(Partial { function, args, depth })) }
    }

    pub(super) fn function(mut function: Function<'a>) -> Self {
        let defaults = function.defaults.iter().map(|(_, value)| value);
        function.depth = deepest(defaults.chain(&function.bound)) + 1;
        if function.depth > DEPTH { Self::Unknown } else { Self::Function(Rc::new(function)) }
    }

    fn depth(&self) -> u8 {
        match self {
            Self::Items(items) => items.depth,
            Self::Pairs(pairs) => pairs.depth,
            Self::Partial(partial) => partial.depth,
            Self::Function(function) => function.depth,
            Self::Each(value) | Self::Perhaps(value) | Self::Method(value, _) => value.depth() + 1,
            _ => 0,
        }
    }

    /// What it is where it is not nothing.
    pub(super) fn some(&self) -> &Self {
        if let Self::Perhaps(value) = self { value } else { self }
    }

    fn perhaps(self) -> Self {
        match self {
            Self::Unknown | Self::Plain | Self::Truth(_) | Self::Int(_) => Self::Unknown,
            value if value.depth() >= DEPTH => Self::Unknown,
            value => Self::Perhaps(Rc::new(value)),
        }
    }

    pub(super) fn text(&self) -> Option<&Rc<str>> {
        if let Self::Text(text, _) = self { Some(text) } else { None }
    }

    /// The class of PySpark's that it is an instance of, where that is certain.
    pub(super) fn class(&self) -> Option<&'static str> {
        match self {
            Self::Of(class) => Some(class),
            Self::Frame(_) => Some("DataFrame"),
            Self::Cleaner(_) => Some("DataFrameNaFunctions"),
            Self::Group(_) => Some("GroupedData"),
            Self::Column(_) => Some("Column"),
            Self::Window(_) => Some("WindowSpec"),
            Self::Reader(reader) if reader.is_certain() => Some("DataFrameReader"),
            _ => None,
        }
    }

    /// Whether it is `pyspark.sql.functions`.
    pub(super) fn is_function_module(&self) -> bool {
        matches!(self, Self::Path(path) if &**path == "pyspark.sql.functions")
    }

    /// Whether it counts as true, where that can be told.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Int(int) => Some(*int != 0),
            Self::Perhaps(value) => value.truth().filter(|truth| !truth),
            Self::Nothing => Some(false),
            Self::Text(text, _) => Some(!text.is_empty()),
            Self::Items(items) => Some(!items.all.is_empty()),
            Self::Pairs(pairs) => Some(!pairs.all.is_empty()),
            Self::Names(_) | Self::Function(_) | Self::Class(..) => Some(true),
            _ => None,
        }
    }

    /// Whether it is something that a column can be for certain.
    pub(super) fn is_column(&self) -> bool {
        self.some().class() == Some("Column")
    }

    /// What it is where it may be either.
    pub(super) fn or(self, other: Self) -> Self {
        if self.same(&other) {
            return self;
        }
        match (self, other) {
            (Self::Doubt, _) | (_, Self::Doubt) => Self::Doubt,
            (Self::Nothing, Self::Perhaps(value)) | (Self::Perhaps(value), Self::Nothing) => Self::Perhaps(value),
            (Self::Nothing, value) | (value, Self::Nothing) => value.perhaps(),
            (Self::Perhaps(a), b) | (b, Self::Perhaps(a)) => Self::clone(&a).or(b.some().clone()).perhaps(),
            (Self::Int(_) | Self::Plain, Self::Int(_) | Self::Plain) => Self::Plain,
            (Self::Frame(a), Self::Frame(b)) => Self::Frame(Rc::new(a.either(&b))),
            (Self::Group(a), Self::Group(b)) => Self::Group(Rc::new(Group {
                frame: Rc::new(a.frame.either(&b.frame)),
                keys: a.keys.iter().chain(b.keys.iter().filter(|key| !a.keys.contains(key))).cloned().collect(),
                open: a.open || b.open,
                pivoted: a.pivoted.as_ref().or(b.pivoted.as_ref()).map(|_| Vec::new()),
            })),
            (Self::Column(a), Self::Column(b)) => {
                let more = b.uses.iter().filter(|(name, _)| !a.uses.iter().any(|(other, _)| other == name));
                Self::Column(Rc::new(Column {
                    uses: a.uses.iter().chain(more).cloned().collect(),
                    name: a.name.clone().filter(|name| b.name.as_ref() == Some(name)),
                    made: a.made.iter().chain(&b.made).cloned().collect(),
                    star: a.star || b.star,
                    all_of: a.all_of.clone().or(b.all_of.clone()),
                    odd: a.odd || b.odd || a.name != b.name,
                }))
            }
            (Self::Items(a), Self::Items(b)) => Self::any_of(a.all.iter().chain(&b.all)),
            (Self::Items(a), Self::Each(b)) | (Self::Each(b), Self::Items(a)) => {
                Self::any_of(a.all.iter().chain([&*b]))
            }
            (Self::Each(a), Self::Each(b)) => Self::any_of([&*a, &*b]),
            (a, b) => match (a.class(), b.class()) {
                (Some(a), Some(b)) if a == b => Self::Of(a),
                _ => Self::Unknown,
            },
        }
    }

    /// A sequence of which each element is one of these.
    fn any_of<'v>(values: impl IntoIterator<Item = &'v Self>) -> Self
    where
        'a: 'v,
    {
        Self::each(values.into_iter().cloned().reduce(Self::or).unwrap_or(Self::Unknown))
    }

    /// Whether two values are known to be one.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) | (Self::Doubt, Self::Doubt) | (Self::Plain, Self::Plain) => true,
            (Self::Nothing, Self::Nothing) | (Self::PerRow, Self::PerRow) => true,
            (Self::Truth(a), Self::Truth(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Text(a, _), Self::Text(b, _))
            | (Self::Path(a), Self::Path(b))
            | (Self::Field(a), Self::Field(b)) => a == b,
            (Self::Held(a), Self::Held(b)) | (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Of(a), Self::Of(b)) => a == b,
            (Self::Class(a, _), Self::Class(b, _)) => std::ptr::eq(*a, *b),
            (Self::Frame(a), Self::Frame(b))
            | (Self::Names(a), Self::Names(b))
            | (Self::Cleaner(a), Self::Cleaner(b)) => Rc::ptr_eq(a, b) || a == b,
            (Self::Group(a), Self::Group(b)) => Rc::ptr_eq(a, b),
            (Self::Column(a), Self::Column(b)) | (Self::Window(a), Self::Window(b)) => Rc::ptr_eq(a, b),
            (Self::Reader(a), Self::Reader(b)) => Rc::ptr_eq(a, b),
            (Self::Schema(a), Self::Schema(b)) => a == b,
            (Self::Function(a), Self::Function(b)) => Rc::ptr_eq(a, b),
            (Self::Items(a), Self::Items(b)) => {
                let (x, y) = (&a.all, &b.all);
                Rc::ptr_eq(a, b) || (x.len() == y.len() && x.len() <= 8 && x.iter().zip(y).all(|(x, y)| x.same(y)))
            }
            (Self::Each(a), Self::Each(b)) | (Self::Perhaps(a), Self::Perhaps(b)) => a.same(b),
            (Self::Dynamic(a), Self::Dynamic(b)) => a == b,
            (Self::Pairs(a), Self::Pairs(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}
