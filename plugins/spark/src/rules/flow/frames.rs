//! What the methods of frames make of their columns, and which columns they name.

use std::rc::Rc;

use enginehouse_pycheck::ast::Expr;

use super::{
    Flow, schemas,
    value::{Args, Column, Group, Value},
};
use crate::rules::{
    columns::Frame,
    sql::{self, Item},
};

/// Methods that keep the columns as they are and name none.
const KEEPS: &[&str] = &[
    "limit",
    "offset",
    "distinct",
    "cache",
    "persist",
    "unpersist",
    "coalesce",
    "sample",
    "sampleBy",
    "replace",
    "checkpoint",
    "localCheckpoint",
    "hint",
    "alias",
    "union",
    "unionAll",
    "intersect",
    "intersectAll",
    "subtract",
    "exceptAll",
    "observe",
    "withWatermark",
    "withMetadata",
    "repartition",
    "repartitionByRange",
];

impl<'a> Flow<'_, 'a> {
    /// Notes that the program asks which columns there are.
    pub(super) fn look(&mut self) -> bool {
        self.inspected += 1;
        true
    }

    /// `frame.name`, where it is no call.
    pub(super) fn frame_attribute(
        &mut self,
        frame: &Rc<Frame>,
        name: &'a str,
        expr: &'a Expr,
        called: bool,
    ) -> Value<'a> {
        let of = Value::Frame(Rc::clone(frame));
        match name {
            _ if called => Value::method(&of, name),
            "columns" if self.look() => self.hold(Value::Names(Rc::clone(frame))),
            "schema" if self.look() => Value::Doubt,
            "na" => Value::Cleaner(Rc::clone(frame)),
            "write" => Value::Of("DataFrameWriter"),
            "dtypes" if self.look() => match self.elements(&Value::Names(Rc::clone(frame))) {
                Some(names) => {
                    self.spend(names.len());
                    let pairs = names.into_iter().map(|name| Value::items(vec![name, Value::Unknown]));
                    self.hold(Value::items(pairs.collect()))
                }
                None => Value::Unknown,
            },
            name if self.set.contains(name) || self.wild || name.starts_with('_') => Value::Unknown,
            name if !self.kinds.has("DataFrame", name) => {
                let name: Rc<str> = name.into();
                self.require(frame, &[(Rc::clone(&name), expr)], true);
                Value::Column(Rc::new(Column { name: Some(name), ..Column::default() }))
            }
            name => match self.kinds.member("DataFrame", name) {
                Some("DataFrame" | "GroupedData" | "") | None => Value::method(&of, name),
                Some(class) => Value::Of(class),
            },
        }
    }

    pub(super) fn frame_method(&mut self, frame: &Rc<Frame>, name: &str, args: &Args<'a>) -> Value<'a> {
        self.spend(frame.columns.len() / 4);
        let keep = || Value::Frame(Rc::clone(frame));
        let new = |frame: Frame| Value::Frame(Rc::new(frame));
        match name {
            name if KEEPS.contains(&name) => keep(),
            "filter" | "where" => {
                let condition = args.get(0, "condition");
                match condition {
                    Some(Value::Text(text, place)) => {
                        let place = place.or(args.placed.first().and_then(|(_, expr)| *expr));
                        self.spend(text.len() / 8);
                        let names = sql::condition(text).unwrap_or_default();
                        let uses: Vec<_> =
                            names.iter().filter_map(|name| Some((Rc::from(name.as_str()), place?))).collect();
                        self.require(frame, &uses, true);
                    }
                    Some(Value::Column(column)) => self.require(frame, &Rc::clone(column).uses, true),
                    _ => {}
                }
                keep()
            }
            "orderBy" | "sort" | "sortWithinPartitions" | "dropDuplicates" | "drop_duplicates" => {
                let said = self.said(args);
                self.require(frame, &said.uses, !name.starts_with("drop"));
                keep()
            }
            "select" => {
                let said = self.said(args);
                self.require_said(frame, &said);
                let is_struct = said.all_of.iter().any(|name| frame.has(name));
                let open = said.vague || said.odd || is_struct;
                let perhaps = !said.all_of.is_empty();
                let selected = frame.selected(said.items, open);
                new(Frame { perhaps: selected.perhaps || perhaps, ..selected })
            }
            "selectExpr" => {
                let said = self.said_in_sql(args);
                self.require_said(frame, &said);
                // A generator gives names of its own.
                let open = said.items.contains(&Item::Unnamed);
                new(frame.selected(said.items, open))
            }
            "withColumn" => {
                let value = args.get(1, "col").cloned().unwrap_or(Value::Unknown);
                if let Value::Column(column) = &value {
                    self.require(frame, &column.uses, false);
                }
                match args.get(0, "colName").and_then(Value::text) {
                    Some(name) => new(frame.and(Rc::clone(name))),
                    None => new(Frame { open: true, ..Frame::clone(frame) }),
                }
            }
            "withColumns" => {
                let Some(Value::Pairs(pairs)) = args.placed.first().map(|(value, _)| self.open(value)) else {
                    return new(Frame { open: true, ..Frame::clone(frame) });
                };
                let mut more = Frame::clone(frame);
                let mut uses = Vec::new();
                for (name, value) in &pairs.all {
                    match name.text() {
                        Some(name) => more = more.and(Rc::clone(name)),
                        None => more.open = true,
                    }
                    if let Value::Column(column) = value {
                        uses.extend(column.uses.iter().cloned());
                    }
                }
                self.spend(pairs.all.len() * 4);
                // A column may be named by one that is made beside it.
                self.require(&Rc::new(more.clone()), &uses, false);
                new(more)
            }
            "withColumnRenamed" => {
                match (args.get(0, "existing").and_then(Value::text), args.get(1, "new").and_then(Value::text)) {
                    (Some(from), Some(to)) => new(frame.renamed(&[(Rc::clone(from), Rc::clone(to))])),
                    _ => new(Frame { open: true, ..Frame::clone(frame) }),
                }
            }
            "withColumnsRenamed" => {
                let pairs = args.placed.first().map(|(value, _)| self.open(value));
                let Some(Value::Pairs(pairs)) = pairs else { return new(Frame { open: true, ..Frame::clone(frame) }) };
                let names: Option<Vec<(Rc<str>, Rc<str>)>> =
                    pairs.all.iter().map(|(from, to)| Some((Rc::clone(from.text()?), Rc::clone(to.text()?)))).collect();
                match names {
                    Some(names) => new(frame.renamed(&names)),
                    None => new(Frame { open: true, ..Frame::clone(frame) }),
                }
            }
            "drop" => {
                let mut columns = frame.columns.clone();
                for (value, _) in &args.placed {
                    // A column may be that of another frame, which is not there to be dropped.
                    if let Value::Text(name, _) = value {
                        columns.retain(|column| !column.eq_ignore_ascii_case(name));
                    }
                }
                let vague = args.more || args.placed.iter().any(|(value, _)| !matches!(value, Value::Text(..)));
                new(Frame { perhaps: frame.perhaps || vague, ..frame.with(columns) })
            }
            "toDF" => {
                let names: Option<Vec<Rc<str>>> = args.placed.iter().map(|(name, _)| name.text().cloned()).collect();
                match names.filter(|_| !args.more) {
                    Some(names) => new(Frame { open: false, ..frame.with(names) }),
                    None => Value::Of("DataFrame"),
                }
            }
            "groupBy" | "groupby" | "rollup" | "cube" => self.group(frame, args),
            "agg" => {
                let group = Group { frame: Rc::clone(frame), keys: Vec::new(), open: false, pivoted: None };
                self.aggregate(&group, args)
            }
            "join" => self.join(frame, args),
            "crossJoin" => match args.get(0, "other") {
                Some(Value::Frame(other)) => new(frame.joined(other)),
                _ => Value::Of("DataFrame"),
            },
            "unionByName" => match args.get(0, "other") {
                Some(Value::Frame(other)) if args.placed.len() + args.named.len() > 1 => new(frame.either(other)),
                Some(_) if args.placed.len() + args.named.len() > 1 => Value::Of("DataFrame"),
                _ => keep(),
            },
            "fillna" | "dropna" => {
                self.clean(frame, name, args);
                keep()
            }
            "randomSplit" => self.hold(Value::each(keep())),
            "transform" => self.transform(&keep(), args.clone()),
            "createOrReplaceTempView" | "createTempView" | "registerTempTable" => {
                self.make_view(&keep(), args);
                Value::Nothing
            }
            "mapInPandas" | "mapInArrow" => self.stated(args),
            "unpivot" | "melt" => {
                let said = self.said(args);
                let names = [args.get(2, "variableColumnName"), args.get(3, "valueColumnName")];
                let names = names.map(|name| name.and_then(Value::text).cloned());
                match (self.listed(args.get(0, "ids")), names) {
                    (Some(ids), [Some(variable), Some(value)]) => {
                        self.require(
                            frame,
                            &said.uses.into_iter().filter(|(name, _)| ids.contains(name)).collect::<Vec<_>>(),
                            false,
                        );
                        new(frame.with(ids.into_iter().chain([variable, value]).collect()))
                    }
                    _ => Value::Of("DataFrame"),
                }
            }
            _ => match self.kinds.member("DataFrame", name) {
                Some("") | None => Value::Unknown,
                Some(class) => Value::Of(class),
            },
        }
    }

    /// A frame under the schema that `mapInPandas` and its like are given.
    pub(super) fn stated(&mut self, args: &Args<'a>) -> Value<'a> {
        let names = args.get(1, "schema").and_then(|schema| schemas::names(self, schema));
        match names.filter(|names| !names.is_empty()) {
            Some(names) => Value::Frame(Rc::new(Frame { perhaps: true, ..Frame::new(names) })),
            None => Value::Of("DataFrame"),
        }
    }

    pub(super) fn transform(&mut self, of: &Value<'a>, mut args: Args<'a>) -> Value<'a> {
        if args.placed.is_empty() {
            return Value::Unknown;
        }
        let (function, _) = args.placed.remove(0);
        args.placed.insert(0, (of.clone(), None));
        match self.within(Value::Unknown, |flow| flow.apply(&function, args, None)) {
            Value::Unknown => Value::Of("DataFrame"),
            value => value,
        }
    }

    fn join(&mut self, frame: &Rc<Frame>, args: &Args<'a>) -> Value<'a> {
        let on = args.get(1, "on").cloned();
        let Some(Value::Frame(other)) = args.get(0, "other").cloned() else {
            if let Some(names) = &on {
                let uses = self.names(names, args.placed.get(1).and_then(|(_, expr)| *expr));
                self.require(frame, &uses, false);
            }
            return Value::Of("DataFrame");
        };
        let joined = Rc::new(frame.joined(&other));
        match &on {
            Some(Value::Column(column)) => self.require(&joined, &column.uses, false),
            Some(names) => {
                let uses = self.names(names, args.placed.get(1).and_then(|(_, expr)| *expr));
                let uses: Vec<_> = uses.into_iter().collect();
                self.require(frame, &uses, false);
                let rest: Vec<_> = uses.into_iter().filter(|(name, _)| frame.has(name)).collect();
                self.require(&other, &rest, false);
            }
            None => {}
        }
        let how = args.get(2, "how");
        match how.map(|how| how.text().map(|how| how.replace('_', "").to_lowercase())) {
            Some(None) => Value::Frame(Rc::new(Frame { perhaps: true, ..Frame::clone(&joined) })),
            Some(Some(how)) if matches!(how.as_str(), "semi" | "anti" | "leftsemi" | "leftanti") => {
                Value::Frame(Rc::clone(frame))
            }
            // Of the names on which it is joined there is one column each.
            _ => Value::Frame(Rc::new(Frame { perhaps: true, ..Frame::clone(&joined) })),
        }
    }

    /// `fillna`, `dropna` and their like under `na`.
    pub(super) fn clean(&mut self, frame: &Rc<Frame>, name: &str, args: &Args<'a>) {
        let fills = matches!(name, "fillna" | "fill");
        let drops = matches!(name, "dropna" | "drop");
        let mut uses = Vec::new();
        if fills && let Some((Value::Held(_), expr)) = args.placed.first() {
            let dict = args.placed.first().map_or(Value::Unknown, |(value, _)| value.clone());
            if let Value::Pairs(_) = self.open(&dict) {
                uses.extend(self.names(&dict, *expr));
            }
        }
        let subset = args.get(if fills { 1 } else { 2 }, "subset").cloned();
        let expr = args.named.iter().find(|(name, ..)| &**name == "subset").and_then(|(_, _, expr)| *expr);
        if (fills || drops)
            && let Some(subset) = subset
        {
            uses.extend(self.names(&subset, expr));
        }
        self.require(frame, &uses, false);
    }
}
