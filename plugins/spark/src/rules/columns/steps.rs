//! What a frame's methods make of its columns.

use std::rc::Rc;

use enginehouse_pycheck::{
    Hop,
    ast::{Expr, ExprCall},
};

use super::{Frames, frame::Frame, names};
use crate::rules::sql::{self, Item};

/// Methods that keep the columns as they are.
const KEEPS: &[&str] = &[
    "filter",
    "where",
    "limit",
    "distinct",
    "orderBy",
    "sort",
    "cache",
    "persist",
    "unpersist",
    "repartition",
    "coalesce",
    "dropDuplicates",
    "drop_duplicates",
    "dropna",
    "fillna",
    "sample",
    "sampleBy",
    "randomSplit",
    "replace",
    "checkpoint",
    "localCheckpoint",
    "sortWithinPartitions",
    "hint",
    "alias",
    "union",
    "unionAll",
    "intersect",
    "subtract",
    "exceptAll",
];

/// The columns after a step that follows another one; none where the step is not understood.
pub(super) fn step<'a>(frames: &Frames<'_, 'a>, frame: &Rc<Frame>, before: &str, hop: &Hop<'a>) -> Option<Frame> {
    let Some(call) = hop.call else {
        // `df.na.fill(0)`; `train, test = df.randomSplit([0.8, 0.2])`.
        let keeps = hop.name == "na" || (before == "randomSplit" && hop.name == "[]");
        return keeps.then(|| Frame::clone(frame));
    };
    let arguments = call.arguments.args.as_ref();
    let spreads = arguments.iter().any(Expr::is_starred_expr);
    let text = |place: usize| text(frames, arguments.get(place)?);
    match hop.name.as_ref() {
        _ if before == "na" => Some(Frame::clone(frame)),
        name if KEEPS.contains(&name) => Some(Frame::clone(frame)),
        "withColumn" => Some(frame.and(text(0)?.into())),
        "withColumns" => {
            let Expr::Dict(dict) = frames.program.literal(arguments.first()?)? else { return None };
            let mut more = Frame::clone(frame);
            for item in &dict.items {
                more = more.and(self::text(frames, item.key.as_ref()?)?.into());
            }
            Some(more)
        }
        "withColumnRenamed" => {
            let (from, to) = (text(0)?, text(1)?);
            let same = |column: &Rc<str>| column.eq_ignore_ascii_case(&from);
            let rename = |column: &Rc<str>| if same(column) { to.as_str().into() } else { Rc::clone(column) };
            let mut columns: Vec<Rc<str>> = frame.columns.iter().map(rename).collect();
            // A name that Spark made up: `sum(amount)`.
            if !frame.columns.iter().any(same) && frame.has(&from) {
                columns.push(to.into());
            }
            Some(frame.with(columns))
        }
        "drop" if !spreads => {
            let mut columns = frame.columns.clone();
            for argument in arguments {
                match self::text(frames, argument) {
                    Some(name) => columns.retain(|column| !column.eq_ignore_ascii_case(&name)),
                    // Of several columns of one name, a column is one.
                    None => {
                        let name = names::named(frames, argument)?;
                        let last = columns.iter().rposition(|column| column.eq_ignore_ascii_case(&name));
                        last.map(|place| columns.remove(place));
                    }
                }
            }
            Some(frame.with(columns))
        }
        "toDF" if !spreads => {
            let names: Option<Vec<Rc<str>>> =
                arguments.iter().map(|name| self::text(frames, name).map(Rc::from)).collect();
            Some(frame.with(names?))
        }
        "select" => {
            let items = listed(frames, call)?.into_iter().map(|argument| item(frames, argument)).collect();
            Some(selected(frame, items))
        }
        "selectExpr" => {
            let mut items = Vec::new();
            for argument in listed(frames, call)? {
                items.extend(sql::projection(&self::text(frames, argument)?)?.items);
            }
            Some(selected(frame, items))
        }
        // A group is its frame, with the columns that are kept before.
        "groupBy" | "groupby" if call.arguments.keywords.is_empty() => {
            let keys: Vec<Rc<str>> = listed(frames, call)?
                .into_iter()
                .map(|argument| match item(frames, argument) {
                    Item::Named(name) => Some(name.into()),
                    _ => None,
                })
                .collect::<Option<_>>()?;
            Some(Frame { columns: keys, before: frame.all(), open: frame.open })
        }
        "agg" => {
            let mut columns = frame.columns.clone();
            let mut open = frame.open;
            // An aggregate of the whole frame has no keys.
            if !is_group(frames, call) {
                columns.clear();
            }
            if let [Expr::Dict(_)] = arguments {
                return Some(Frame { columns, before: frame.all(), open });
            }
            for argument in listed(frames, call)? {
                match item(frames, argument) {
                    Item::Named(name) => columns.push(name.into()),
                    Item::Unnamed => {}
                    Item::Star => open = true,
                }
            }
            Some(Frame { columns, before: frame.all(), open })
        }
        "count" if is_group(frames, call) => {
            let columns = frame.columns.iter().cloned().chain([Rc::from("count")]).collect();
            Some(Frame { columns, before: frame.all(), open: frame.open })
        }
        // Their columns are called `sum(x)`.
        "sum" | "avg" | "mean" | "min" | "max" if is_group(frames, call) => Some(Frame::clone(frame)),
        "join" => joined(frames, frame, call),
        "crossJoin" => {
            let other = frames.of_expr(arguments.first()?)?;
            Some(frame.joined(&other))
        }
        _ => None,
    }
}

/// The arguments of a call, those of a list that is the only one too.
pub(super) fn listed<'a>(frames: &Frames<'_, 'a>, call: &'a ExprCall) -> Option<Vec<&'a Expr>> {
    let arguments = call.arguments.args.as_ref();
    let arguments = match arguments {
        [only] => match frames.program.literal(only) {
            Some(Expr::List(list)) => &list.elts,
            Some(Expr::Tuple(tuple)) => &tuple.elts,
            _ => arguments,
        },
        _ => arguments,
    };
    (!arguments.iter().any(Expr::is_starred_expr)).then(|| arguments.iter().collect())
}

/// The one text that an expression is; a number is a column's place.
pub(super) fn text<'a>(frames: &Frames<'_, 'a>, expr: &'a Expr) -> Option<String> {
    match frames.program.texts(expr).as_ref() {
        [text] => text.known().filter(|text| text.parse::<i64>().is_err()).map(str::to_owned),
        _ => None,
    }
}

/// A frame with the columns that a projection makes.
pub(super) fn selected(frame: &Frame, items: Vec<Item>) -> Frame {
    let mut columns = Vec::new();
    let mut open = false;
    for item in items {
        match item {
            Item::Star => {
                columns.extend(frame.columns.iter().cloned());
                open |= frame.open;
            }
            Item::Named(name) => columns.push(name.into()),
            Item::Unnamed => open = true,
        }
    }
    let open_before = frame.open;
    Frame { open: open || open_before, ..frame.with(columns) }
}

/// The column that an argument of `select` or `agg` makes.
fn item<'a>(frames: &Frames<'_, 'a>, argument: &'a Expr) -> Item {
    if let Some(text) = text(frames, argument) {
        return match text.as_str() {
            "*" => Item::Star,
            name => names::last_of(name).map_or(Item::Unnamed, |name| Item::Named(name.to_owned())),
        };
    }
    names::named(frames, argument).map_or(Item::Unnamed, Item::Named)
}

/// Whether a method is called on what `groupBy` gives.
pub(super) fn is_group<'a>(frames: &Frames<'_, 'a>, call: &'a ExprCall) -> bool {
    let Expr::Attribute(method) = call.func.as_ref() else { return false };
    let chains = frames.program.chains(&method.value);
    chains.iter().all(|chain| {
        chain.last().is_some_and(|hop| matches!(hop.name.as_ref(), "groupBy" | "groupby") && hop.call.is_some())
    })
}

fn joined<'a>(frames: &Frames<'_, 'a>, frame: &Frame, call: &'a ExprCall) -> Option<Frame> {
    let other = frames.of_expr(call.arguments.args.first()?)?;
    let how = call.arguments.find_argument_value("how", 2);
    let how = match how {
        Some(how) => text(frames, how)?.replace('_', "").to_lowercase(),
        None => "inner".to_owned(),
    };
    Some(match how.as_str() {
        "semi" | "anti" | "leftsemi" | "leftanti" => frame.clone(),
        _ => frame.joined(&other),
    })
}
