//! Methods by what they are called on.

use std::rc::Rc;

use enginehouse_pycheck::ast::ExprCall;

use super::{
    Flow,
    value::{Args, Column, Value},
};
use crate::rules::columns::Frame;

/// Methods that change a list, a dict or a set.
pub(super) const CHANGES: &[&str] = &[
    "add",
    "append",
    "clear",
    "difference_update",
    "discard",
    "extend",
    "insert",
    "intersection_update",
    "pop",
    "popitem",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "symmetric_difference_update",
    "update",
];

impl<'a> Flow<'_, 'a> {
    /// A method of anything.
    pub(super) fn method(
        &mut self,
        of: &Value<'a>,
        name: &'a str,
        args: Args<'a>,
        node: Option<&'a ExprCall>,
    ) -> Value<'a> {
        let own = self.wild || self.set.contains(name);
        let content = self.open(of);
        if let (Some(node), Some(class), false) = (node, content.class(), own) {
            self.visit_method(class, name, node);
        }
        if own && of.class().is_some() {
            return Value::Unknown;
        }
        match of {
            Value::Frame(frame) => self.frame_method(frame, name, &args),
            Value::Dynamic(frame) if name == "toDF" && args.placed.is_empty() => Value::Frame(Rc::clone(frame)),
            Value::Dynamic(_) => Value::Unknown,
            Value::Cleaner(frame) => {
                self.clean(frame, name, &args);
                Value::Frame(Rc::clone(frame))
            }
            Value::Group(group) => self.group_method(group, name, &args),
            Value::Column(column) => match self.kinds.has("Column", name) {
                true if name == "over" => Value::Column(Rc::new(self.gather_with(of, &args))),
                true => self.column_method(column, name, &args),
                false => Value::Unknown,
            },
            Value::Window(_) => Value::Window(Rc::new(self.gather_with(of, &args))),
            Value::Text(text, place) => self.text_method(text, name, &args, node.map(|node| &*node.func).or(*place)),
            // What a reader is told, it keeps.
            Value::Held(_) if let Value::Reader(reader) = content => match self.reader_method(&reader, name, &args) {
                told @ Value::Reader(_) => {
                    self.change(of, told);
                    of.clone()
                }
                read => read,
            },
            Value::Held(_) | Value::Items(_) | Value::Each(_) => self.list_method(of, name, &args),
            Value::Of(class) => self.known_method(class, name, args, node),
            _ => self.other_method(name, &args, node),
        }
    }

    /// What a window or a column names together with its arguments.
    fn gather_with(&mut self, of: &Value<'a>, args: &Args<'a>) -> Column<'a> {
        let mut made = self.gather(args, matches!(of, Value::Window(_)));
        if let Value::Window(column) | Value::Column(column) = of {
            made.uses.splice(0..0, column.uses.iter().cloned());
        }
        made
    }

    fn known_method(
        &mut self,
        class: &'static str,
        name: &str,
        args: Args<'a>,
        node: Option<&'a ExprCall>,
    ) -> Value<'a> {
        match (class, name) {
            ("Column", _) => {
                let odd = Rc::new(Column { odd: true, ..Column::default() });
                return if self.kinds.has(class, name) {
                    self.column_method(&odd, name, &args)
                } else {
                    Value::Unknown
                };
            }
            ("SparkSession", "table") => return self.read_table(&args),
            ("SparkSession", "sql") => return self.read_query(&args, node),
            ("SparkSession", "createDataFrame") => return self.create(&args),
            ("SparkSession", "range") => return Value::Frame(Rc::new(Frame::new(vec!["id".into()]))),
            ("DataFrame", "transform") => return self.transform(&Value::Of(class), args),
            ("DataFrame", "createOrReplaceTempView" | "createTempView" | "registerTempTable") => {
                self.make_view(&Value::Of(class), &args);
                return Value::Nothing;
            }
            _ => {}
        }
        match self.kinds.member(class, name) {
            Some("") | None => Value::Unknown,
            Some(class) => Value::Of(class),
        }
    }

    /// A method of something that is not known.
    fn other_method(&mut self, name: &str, args: &Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        const SAYS: &[&str] = &["debug", "info", "warning", "error", "exception", "critical", "log", "write"];
        match name {
            // It need not be a session.
            "table" | "sql" | "createDataFrame" => {
                let read = match name {
                    "sql" => self.read_query(args, node),
                    "table" => self.read_table(args),
                    _ => self.create(args),
                };
                if let Value::Of(_) = read { Value::Unknown } else { read }
            }
            "from_catalog" => self.read_catalog(args),
            "createOrReplaceTempView" | "createTempView" | "registerTempTable" => {
                self.make_view(&Value::Unknown, args);
                Value::Nothing
            }
            // What is said in a log changes nothing.
            name if SAYS.contains(&name) => Value::Unknown,
            name => {
                if CHANGES.contains(&name) || self.defined.contains(name) {
                    self.lose();
                }
                self.escape(args);
                Value::Unknown
            }
        }
    }
}
