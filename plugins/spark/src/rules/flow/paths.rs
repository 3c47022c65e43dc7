//! Calls of what is imported or built in.

use std::rc::Rc;

use enginehouse_pycheck::ast::{Expr, ExprCall};

use super::{
    Flow,
    expressions::unnamed,
    reader::Reader,
    schemas,
    value::{Args, Column, Value},
};

const FUNCTIONS: &str = "pyspark.sql.functions.";
const TYPES: &str = "pyspark.sql.types.";

impl<'a> Flow<'_, 'a> {
    /// `of.name`; `called` where it is called next.
    pub(super) fn attribute(&mut self, of: &Value<'a>, name: &'a str, expr: &'a Expr, called: bool) -> Value<'a> {
        let of = of.some();
        match of {
            Value::Path(path) => Value::Path([path, ".", name].concat().into()),
            Value::Object(object) => self.object_attribute(*object, name),
            Value::Class(class, environment) => self.class_attribute(class, *environment, name),
            Value::Above(object, class) => self.attribute_above(*object, class, name),
            Value::Frame(frame) => self.frame_attribute(frame, name, expr, called),
            Value::Unknown | Value::Of("SparkSession") if name == "read" && !called => {
                self.hold(Value::Reader(Rc::new(Reader::of(of))))
            }
            Value::Of("DataFrame") if matches!(name, "columns" | "schema" | "dtypes") => {
                self.inspected += 1;
                Value::Doubt
            }
            Value::Of("DataFrame") if name == "write" => Value::Of("DataFrameWriter"),
            Value::Function(_) | Value::Partial(_) => Value::Unknown,
            Value::Unknown if !called => Value::Unknown,
            Value::Doubt => Value::Doubt,
            Value::Column(_) if !called && !self.kinds.has("Column", name) => {
                Value::Column(Rc::new(Column { odd: true, ..unnamed(&[of]) }))
            }
            _ if called => Value::method(of, name),
            _ => match of.class().and_then(|class| self.kinds.member(class, name)) {
                Some("") => Value::method(of, name),
                Some(class) => Value::Of(class),
                None if of.class().is_some() => Value::Unknown,
                None => Value::method(of, name),
            },
        }
    }

    pub(super) fn call_path(&mut self, path: &Rc<str>, args: Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        if let Some(name) = path.strip_prefix(FUNCTIONS) {
            return self.column_function(name, &args, node);
        }
        if let Some(name) = path.strip_prefix(TYPES) {
            return schemas::made(self, name, &args);
        }
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.builtin(name, args, node);
        }
        if let Some(name) = path.strip_prefix("pyspark.sql.Window.").or(path.strip_prefix("pyspark.sql.window.Window."))
        {
            return match name {
                "partitionBy" | "orderBy" | "rowsBetween" | "rangeBetween" => {
                    Value::Window(Rc::new(self.gather(&args, true)))
                }
                _ => Value::Unknown,
            };
        }
        let of_frame =
            path.strip_prefix("pyspark.sql.DataFrame.").or(path.strip_prefix("pyspark.sql.dataframe.DataFrame."));
        if let Some(name) = of_frame {
            return self.unbound_method(name, args);
        }
        match &**path {
            "functools.reduce" => self.reduce(&args),
            "dataclasses.field" => match (args.get(usize::MAX, "default"), args.get(usize::MAX, "default_factory")) {
                (Some(default), _) => default.clone(),
                (None, Some(factory)) => Value::partial(factory.clone(), Args::default()),
                _ => Value::Unknown,
            },
            "functools.partial" => match args.placed.split_first() {
                Some(((function, _), rest)) => {
                    let rest = Args { placed: rest.to_vec(), ..args.clone() };
                    Value::partial(function.clone(), rest)
                }
                None => Value::Unknown,
            },
            "typing.cast" => args.get(1, "val").cloned().unwrap_or(Value::Unknown),
            "copy.copy" | "copy.deepcopy" => match args.placed.first() {
                Some((held @ Value::Held(_), _)) => {
                    let content = self.open(held);
                    self.hold(content)
                }
                Some((frame @ Value::Frame(_), _)) => frame.clone(),
                _ => Value::Unknown,
            },
            // What fails within is passed over.
            "contextlib.suppress" => Value::Doubt,
            "itertools.chain" => self.chained(&args),
            name if name.starts_with("operator.") && args.all().any(Value::is_column) => {
                Value::Column(Rc::new(unnamed(&args.all().collect::<Vec<_>>())))
            }
            "pyspark.sql.Row" => Value::Unknown,
            _ if path.starts_with("pyspark.") => self.kinds.given(path).map_or(Value::Unknown, Value::Of),
            _ => {
                self.escape(&args);
                Value::Unknown
            }
        }
    }

    /// `DataFrame.unionByName(a, b)`.
    fn unbound_method(&mut self, name: &str, mut args: Args<'a>) -> Value<'a> {
        if args.placed.is_empty() {
            return Value::Unknown;
        }
        let (of, _) = args.placed.remove(0);
        match of {
            Value::Frame(frame) => self.frame_method(&frame, name, &args),
            Value::Of("DataFrame") => Value::Of("DataFrame"),
            _ => Value::Unknown,
        }
    }

    fn builtin(&mut self, name: &str, args: Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        let first = args.placed.first().map(|(value, _)| value.clone());
        let elements = first.as_ref().and_then(|value| self.elements(value));
        if matches!(name, "sorted" | "min" | "max") {
            let keys = args.named.iter().map(|(_, value, _)| value.clone());
            self.escape(&Args::of(keys));
        }
        let each = || first.as_ref().map_or(Value::Unknown, |value| self.open(value));
        match (name, first.as_ref()) {
            ("list" | "tuple" | "iter", Some(_)) => {
                let content = elements.map_or_else(
                    || if let Value::Each(each) = each() { Value::Each(each) } else { Value::Unknown },
                    Value::items,
                );
                self.hold(content)
            }
            ("set" | "sorted" | "reversed" | "frozenset", Some(_)) => {
                let content = match elements {
                    Some(mut elements) => {
                        self.spend(elements.len());
                        match name {
                            "reversed" => elements.reverse(),
                            _ if args.named.is_empty() && elements.iter().all(|element| order(element).is_some()) => {
                                elements.sort_by_key(order);
                                if name != "sorted" {
                                    elements.dedup_by(|a, b| a.same(b));
                                }
                            }
                            // In an order that cannot be told.
                            _ => {
                                let each = elements.into_iter().reduce(Value::or).unwrap_or(Value::Unknown);
                                let each = Value::each(each);
                                return self.hold(each);
                            }
                        }
                        Value::items(elements)
                    }
                    None => Value::Unknown,
                };
                self.hold(content)
            }
            ("list" | "set", None) => self.hold(Value::items(Vec::new())),
            ("dict", _) => {
                let mut pairs = match first.as_ref().map(|value| self.open(value)) {
                    None => Vec::new(),
                    Some(Value::Pairs(pairs)) => pairs.all.clone(),
                    Some(_) => return self.hold(Value::Unknown),
                };
                if args.more {
                    return self.hold(Value::Unknown);
                }
                pairs.extend(
                    args.named.iter().map(|(name, value, _)| (Value::Text(Rc::clone(name), None), value.clone())),
                );
                self.hold(Value::pairs(pairs))
            }
            ("zip", _) => {
                let columns: Option<Vec<Vec<Value<'a>>>> =
                    args.placed.iter().map(|(value, _)| self.elements(value)).collect();
                match columns.filter(|_| !args.more && args.named.is_empty()) {
                    Some(columns) => {
                        let length = columns.iter().map(Vec::len).min().unwrap_or(0);
                        self.spend(length * columns.len());
                        let row =
                            |place: usize| columns.iter().filter_map(|column| column.get(place).cloned()).collect();
                        Value::items((0..length).map(|place| Value::items(row(place))).collect())
                    }
                    None => Value::Unknown,
                }
            }
            ("enumerate", Some(_)) => match elements {
                Some(elements) => {
                    self.spend(elements.len());
                    let pairs = elements.into_iter().zip(0_i64..);
                    let start = if args.placed.len() + args.named.len() == 1 { Some(0) } else { None };
                    let number = |place: i64| start.map_or(Value::Plain, |start: i64| Value::Int(start + place));
                    Value::items(pairs.map(|(element, place)| Value::items(vec![number(place), element])).collect())
                }
                None => Value::Unknown,
            },
            ("range", _) => range(&args).unwrap_or_else(|| Value::each(Value::Plain)),
            ("map", Some(function)) => {
                let lists: Option<Vec<Vec<Value<'a>>>> =
                    args.placed.iter().skip(1).map(|(value, _)| self.elements(value)).collect();
                match lists.filter(|lists| lists.iter().all(|list| list.len() <= 40) && !args.more) {
                    Some(lists) => {
                        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
                        let mut made = Vec::new();
                        for place in 0..length {
                            let row = lists.iter().filter_map(|list| list.get(place).cloned());
                            made.push(self.within(Value::Unknown, |flow| flow.apply(function, Args::of(row), None)));
                        }
                        Value::items(made)
                    }
                    None => {
                        self.escape(&args);
                        Value::Unknown
                    }
                }
            }
            ("sum", Some(_)) => {
                let parts = elements.unwrap_or_default();
                let columns: Vec<&Value<'a>> =
                    parts.iter().chain(args.placed.iter().skip(1).map(|(value, _)| value)).collect();
                match columns.iter().any(|value| value.is_column()) {
                    true => Value::Column(Rc::new(unnamed(&columns))),
                    false => Value::Doubt,
                }
            }
            ("getattr", Some(of)) => match (args.placed.get(1), node) {
                (Some((Value::Text(name, place), _)), Some(node)) => self.named_attribute(of, name, *place, node),
                _ => Value::Unknown,
            },
            ("str", Some(Value::Text(..))) => first.unwrap_or(Value::Unknown),
            ("str", Some(Value::Int(int))) => Value::Text(int.to_string().into(), None),
            ("super", None) => self.above(),
            ("len", Some(of)) => match (elements, self.open(of)) {
                (Some(elements), _) => i64::try_from(elements.len()).map_or(Value::Plain, Value::Int),
                (None, Value::Names(_) | Value::Doubt) => Value::Doubt,
                _ => Value::Plain,
            },
            ("int" | "float" | "round" | "abs", Some(Value::Int(_) | Value::Plain | Value::Text(..))) => Value::Plain,
            ("print", _) => Value::Nothing,
            ("object.__init__", _) => Value::Nothing,
            ("next", Some(of)) => {
                self.change(of, Value::Unknown);
                Value::Doubt
            }
            // Which way is taken hangs on what a value is, which is not told apart here.
            ("isinstance" | "issubclass" | "hasattr" | "callable" | "type" | "dir", _) => Value::Doubt,
            // So may it hang on what was asked of the columns.
            ("any" | "all" | "bool" | "int" | "float" | "round" | "abs" | "id" | "hash" | "str" | "repr", _) => {
                Value::Doubt
            }
            ("min" | "max", _) => Value::Doubt,
            ("open", _) => Value::Unknown,
            ("setattr" | "delattr", Some(of)) => {
                if !matches!(of, Value::Path(_) | Value::Function(_)) {
                    self.lose();
                }
                Value::Nothing
            }
            _ => {
                self.escape(&args);
                Value::Unknown
            }
        }
    }

    /// `getattr(of, "name")` of a module or of the functions' own.
    fn named_attribute(
        &mut self,
        of: &Value<'a>,
        name: &Rc<str>,
        place: Option<&'a Expr>,
        node: &'a ExprCall,
    ) -> Value<'a> {
        let of = of.some();
        match of {
            Value::Path(path) => Value::Path([path, ".", name].concat().into()),
            Value::Object(_) | Value::Class(..) => {
                // A name lives as long as the place where it is written.
                match place {
                    Some(Expr::StringLiteral(text)) if text.value.to_str() == &**name => {
                        self.attribute(of, text.value.to_str(), &node.func, true)
                    }
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn reduce(&mut self, args: &Args<'a>) -> Value<'a> {
        let mut parts = args.placed.iter().map(|(value, _)| value.clone());
        let (Some(function), Some(list)) = (parts.next(), parts.next()) else { return Value::Unknown };
        let start = parts.next();
        let mut elements = match self.elements(&list) {
            Some(elements) if elements.len() <= 64 && !args.more => elements.into_iter(),
            _ => {
                let Value::Each(each) = self.open(&list) else {
                    self.escape(args);
                    return Value::Unknown;
                };
                return self.reduce_any(&function, start, &each);
            }
        };
        let Some(mut value) = start.or_else(|| elements.next()) else { return Value::Unknown };
        for element in elements {
            value = self.within(Value::Unknown, |flow| flow.apply(&function, Args::of([value, element]), None));
        }
        value
    }

    /// The same for nobody knows how many elements: none, one, or until nothing changes.
    fn reduce_any(&mut self, function: &Value<'a>, start: Option<Value<'a>>, each: &Rc<Value<'a>>) -> Value<'a> {
        let each = Value::clone(each);
        let mut value = start.unwrap_or_else(|| each.clone());
        for _ in 0..3 {
            let next = Args::of([value.clone(), each.clone()]);
            let stops = self.stops;
            let next = self.within(Value::Unknown, |flow| flow.apply(function, next, None));
            self.stops = stops;
            let both = value.clone().or(next);
            if both.same(&value) {
                return value;
            }
            value = both;
        }
        Value::Unknown
    }

    fn chained(&mut self, args: &Args<'a>) -> Value<'a> {
        let lists: Option<Vec<Vec<Value<'a>>>> = args.placed.iter().map(|(list, _)| self.elements(list)).collect();
        match lists.filter(|lists| !args.more && lists.iter().map(Vec::len).sum::<usize>() <= 256) {
            Some(lists) => Value::items(lists.into_iter().flatten().collect()),
            None => Value::Unknown,
        }
    }
}

/// What a list of texts, or of pairs that begin with one, is sorted by.
fn order(value: &Value<'_>) -> Option<Rc<str>> {
    match value {
        Value::Items(items) => items.all.first()?.text().cloned(),
        value => value.text().cloned(),
    }
}

/// The numbers of `range(…)`, where they are few.
fn range<'a>(args: &Args<'a>) -> Option<Value<'a>> {
    let ints: Option<Vec<i64>> =
        args.placed.iter().map(|(value, _)| if let Value::Int(int) = value { Some(*int) } else { None }).collect();
    let (start, end) = match ints.filter(|_| !args.more)?.as_slice() {
        [end] => (0, *end),
        [start, end] => (*start, *end),
        _ => return None,
    };
    let few = end.checked_sub(start).is_some_and(|length| length <= 64);
    few.then(|| Value::items((start..end).map(Value::Int).collect()))
}
