//! Which columns the arguments of a frame's method name.

use std::rc::Rc;

use enginehouse_pycheck::{
    Chain, Hop, Root,
    ast::{
        Expr, ExprCall,
        visitor::{self, Visitor},
    },
};

use super::{Frames, Used, frame::Frame, steps};
use crate::rules::sql;

const FUNCTIONS: &str = "pyspark.sql.functions.";
/// Functions whose first argument is a column, by name or as such.
const TAKES_NAME: &[&str] = &[
    "col",
    "column",
    "sum",
    "avg",
    "mean",
    "min",
    "max",
    "count",
    "countDistinct",
    "count_distinct",
    "stddev",
    "variance",
    "first",
    "last",
    "collect_list",
    "collect_set",
    "approx_count_distinct",
    "upper",
    "lower",
    "trim",
    "year",
    "month",
    "dayofmonth",
    "hour",
    "to_date",
    "to_timestamp",
    "desc",
    "asc",
    "sum_distinct",
    "median",
    "explode",
];
/// Methods of a frame whose string arguments are columns.
const NAMES: &[&str] = &[
    "select",
    "groupBy",
    "groupby",
    "orderBy",
    "sort",
    "sortWithinPartitions",
    "dropDuplicates",
    "drop_duplicates",
    "rollup",
    "cube",
];
/// Methods whose arguments are columns of the frame.
const COLUMNS: &[&str] = &["filter", "where", "withColumn", "withColumns", "agg"];
/// Methods of a group that take names of columns.
const TOTALS: &[&str] = &["sum", "avg", "mean", "min", "max"];

/// The columns that a call names, with where; none where its arguments hold anything that is not understood.
pub(super) fn used<'a>(frames: &Frames<'_, 'a>, hop: &Hop<'a>) -> Option<Vec<Used<'a>>> {
    let call = hop.call?;
    let name = hop.name.as_ref();
    let text = |expr: &'a Expr| steps::text(frames, expr);
    let mut found = Vec::new();
    match name {
        name if NAMES.contains(&name) => {
            for argument in steps::listed(frames, call)? {
                found.extend(text(argument).map(|text| (text, argument)));
            }
        }
        "filter" | "where" => {
            if let [only] = call.arguments.args.as_ref()
                && let Some(condition) = text(only)
            {
                let names = sql::condition(&condition)?;
                return Some(names.into_iter().map(|name| (name, only)).collect());
            }
        }
        "selectExpr" => {
            let (mut found, mut made) = (Vec::new(), Vec::new());
            for argument in steps::listed(frames, call)? {
                let projection = sql::projection(&text(argument)?)?;
                found.extend(projection.used.into_iter().map(|name| (name, argument)));
                made.extend(projection.items);
            }
            // A column may be named by what stands left of it.
            let is_made = |name: &str| {
                made.iter().any(|item| matches!(item, sql::Item::Named(made) if made.eq_ignore_ascii_case(name)))
            };
            found.retain(|(name, argument): &Used<'a>| {
                let itself = text(argument).is_some_and(|text| text.trim().eq_ignore_ascii_case(name));
                itself || !is_made(name)
            });
            return Some(found);
        }
        "join" => {
            // Names that both frames must have.
            let on = call.arguments.find_argument_value("on", 1)?;
            let texts = match frames.program.literal(on) {
                Some(Expr::List(list)) => list.elts.iter().collect(),
                _ => vec![on],
            };
            return Some(texts.into_iter().filter_map(|on| Some((text(on)?, on))).collect());
        }
        "agg" if matches!(call.arguments.args.as_ref(), [Expr::Dict(_)]) => {
            let keys = call.arguments.args.iter().flat_map(|dict| keys(frames, dict));
            return Some(keys.filter(|(name, _)| name != "*").collect());
        }
        "fillna" | "dropna" => {
            let subset = call.arguments.find_argument_value("subset", usize::from(name == "fillna"));
            let subset = subset.filter(|_| name == "fillna" || call.arguments.args.is_empty());
            let listed = subset.map(|subset| match frames.program.literal(subset) {
                Some(Expr::List(list)) => list.elts.iter().collect(),
                _ => vec![subset],
            });
            let values = call.arguments.find_argument_value("value", 0).filter(|_| name == "fillna");
            found.extend(values.into_iter().flat_map(|dict| keys(frames, dict)));
            found.extend(listed.into_iter().flatten().filter_map(|name| Some((text(name)?, name))));
            return Some(found);
        }
        name if TOTALS.contains(&name) && steps::is_group(frames, call) => {
            return Some(
                steps::listed(frames, call)?.into_iter().filter_map(|name| Some((text(name)?, name))).collect(),
            );
        }
        name if COLUMNS.contains(&name) => {}
        _ => return None,
    }
    let mut columns = Columns { frames, found, made: Vec::new(), sure: true };
    if name == "withColumns" {
        columns.made.extend(call.arguments.args.iter().flat_map(|dict| keys(frames, dict)).map(|(name, _)| name));
    }
    for argument in &call.arguments.args {
        columns.visit_expr(argument);
    }
    // A column may be named by an alias that stands beside it.
    let Columns { mut found, made, sure, .. } = columns;
    found.retain(|(name, _)| !made.iter().any(|made| made.eq_ignore_ascii_case(name)));
    sure.then_some(found)
}

/// The texts that are keys of a dict that is written out.
fn keys<'a>(frames: &Frames<'_, 'a>, dict: &'a Expr) -> Vec<Used<'a>> {
    let Some(Expr::Dict(dict)) = frames.program.literal(dict) else { return Vec::new() };
    let key = |item: &'a enginehouse_pycheck::ast::DictItem| {
        let key = item.key.as_ref()?;
        Some((steps::text(frames, key)?, key))
    };
    dict.items.iter().filter_map(key).collect()
}

/// The name that a column expression has: its alias, or the column that it is.
pub(super) fn named<'a>(frames: &Frames<'_, 'a>, expr: &'a Expr) -> Option<String> {
    if let Some((_, name)) = owned(frames, expr) {
        return Some(name);
    }
    let chains = frames.program.chains(expr);
    let [chain] = chains.as_ref() else { return None };
    let last = chain.last()?;
    let call = last.call?;
    let column = || {
        let function = chain.path().and_then(|path| path.strip_prefix(FUNCTIONS));
        matches!(function, Some("col" | "column")) && calls(chain) == 1
    };
    // Several names are those of a generator.
    let only = || match call.arguments.args.as_ref() {
        [only] => steps::text(frames, only),
        _ => None,
    };
    if matches!(last.name.as_ref(), "alias" | "name") {
        return only().filter(|name| !name.contains(['.', '*', '`']));
    }
    match chain.path().and_then(|path| path.strip_prefix(FUNCTIONS)) {
        _ if column() => last_of(&only()?).map(str::to_owned),
        Some(function @ ("window" | "session_window")) if calls(chain) == 1 => Some(function.to_owned()),
        _ => None,
    }
}

/// The name of a column that is named through a frame's alias or a struct: `o.total`. None where it may be several.
pub(super) fn last_of(name: &str) -> Option<&str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    (!name.contains(['*', '`'])).then_some(last)
}

fn calls(chain: &Chain<'_>) -> usize {
    chain.hops_back().filter(|hop| hop.call.is_some()).count()
}

/// `df["x"]` and `df.x`: the frame and the name.
fn owned<'a>(frames: &Frames<'_, 'a>, expr: &'a Expr) -> Option<(&'a Expr, String)> {
    match expr {
        Expr::Subscript(item) => match item.slice.as_ref() {
            Expr::StringLiteral(name) if frames.kinds.all(&item.value, "DataFrame") => {
                Some((item.value.as_ref(), name.value.to_str().to_owned()))
            }
            _ => None,
        },
        Expr::Attribute(attribute) => {
            let name = attribute.attr.as_str();
            let column = !name.starts_with('_')
                && !frames.kinds.has("DataFrame", name)
                && frames.kinds.all(&attribute.value, "DataFrame");
            column.then(|| (attribute.value.as_ref(), name.to_owned()))
        }
        _ => None,
    }
}

/// Gathers `df["x"]` and `df.x` wherever they are read.
pub(super) struct Owned<'f, 'p, 'a> {
    pub(super) frames: &'f Frames<'p, 'a>,
    pub(super) found: Vec<(Rc<Frame>, String, &'a Expr)>,
}

impl<'a> Visitor<'a> for Owned<'_, '_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let read = match expr {
            Expr::Subscript(item) => item.ctx.is_load(),
            Expr::Attribute(attribute) => attribute.ctx.is_load(),
            _ => false,
        };
        if let Some((of, name)) = owned(self.frames, expr).filter(|_| read)
            && let Some(frame) = self.frames.of_expr(of)
        {
            self.found.push((frame, name, expr));
        }
        match expr {
            // A method is no column: `df.foo()` is told by another rule.
            Expr::Call(call) => {
                match call.func.as_ref() {
                    Expr::Attribute(method) => self.visit_expr(&method.value),
                    other => self.visit_expr(other),
                }
                self.visit_arguments(&call.arguments);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Whether a function of the program is called that Spark calls for each row, `@udf` or `@pandas_udf("double")`, or a method of
/// the column that it gives.
fn is_udf<'a>(frames: &Frames<'_, 'a>, call: &'a ExprCall) -> bool {
    let mut function = call.func.as_ref();
    while let Expr::Attribute(method) = function {
        let Expr::Call(before) = method.value.as_ref() else { return false };
        function = &before.func;
    }
    let chains = frames.program.chains(function);
    let [chain] = chains.as_ref() else { return false };
    let Root::Function(def) = chain.root() else { return false };
    let [decorator] = def.decorator_list.as_slice() else { return false };
    let chains = frames.program.chains(&decorator.expression);
    let [decorator] = chains.as_ref() else { return false };
    let made = decorator.path().and_then(|path| path.strip_prefix(FUNCTIONS));
    chain.is_root() && matches!(made, Some("udf" | "pandas_udf"))
}

struct Columns<'f, 'p, 'a> {
    frames: &'f Frames<'p, 'a>,
    found: Vec<Used<'a>>,
    /// Aliases that are given in the arguments.
    made: Vec<String>,
    /// False where anything that is not understood stands in the arguments.
    sure: bool,
}

impl<'a> Visitor<'a> for Columns<'_, '_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if !self.sure {
            return;
        }
        match expr {
            // What a frame says of its own columns is looked at on its own.
            Expr::Subscript(_) | Expr::Attribute(_) if owned(self.frames, expr).is_some() => {}
            Expr::Call(call) => {
                self.call(expr, call);
                if self.sure {
                    visitor::walk_expr(self, expr);
                }
            }
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

impl<'a> Columns<'_, '_, 'a> {
    fn call(&mut self, expr: &'a Expr, call: &'a ExprCall) {
        let chains = self.frames.program.chains(expr);
        let [chain] = chains.as_ref() else {
            self.sure = false;
            return;
        };
        let function = chain.path().and_then(|path| path.strip_prefix(FUNCTIONS));
        let first = calls(chain) == 1;
        if chain.last().is_some_and(|hop| matches!(hop.name.as_ref(), "alias" | "name")) {
            self.made.extend(call.arguments.args.iter().filter_map(|name| steps::text(self.frames, name)));
        }
        if chain.last().is_some_and(|hop| hop.name == "over") {
            return self.window(call);
        }
        match function {
            Some("expr") if first => {
                let text = call.arguments.args.first().and_then(|text| steps::text(self.frames, text));
                match text.and_then(|text| sql::projection(&text)) {
                    Some(projection) => self.found.extend(projection.used.into_iter().map(|name| (name, expr))),
                    None => self.sure = false,
                }
            }
            Some(function) if first && TAKES_NAME.contains(&function) => {
                let argument = call.arguments.args.first();
                let name = argument.and_then(|argument| Some((steps::text(self.frames, argument)?, argument)));
                self.found.extend(name);
            }
            Some(_) => {}
            // A method of a column, or a window.
            None if self.frames.kinds.class(chain).is_some_and(|class| matches!(class, "Column" | "WindowSpec")) => {}
            // A function of the program that takes columns.
            None if is_udf(self.frames, call) => {}
            None => self.sure = false,
        }
    }

    /// The columns that a window named in `over(…)` parts and orders by.
    fn window(&mut self, call: &'a ExprCall) {
        let Some(window) = call.arguments.args.first() else { return };
        let chains = self.frames.program.chains(window);
        let [chain] = chains.as_ref() else {
            self.sure = false;
            return;
        };
        for hop in chain.hops().into_iter().filter(|hop| matches!(hop.name.as_ref(), "partitionBy" | "orderBy")) {
            for argument in hop.call.and_then(|call| steps::listed(self.frames, call)).unwrap_or_default() {
                match steps::text(self.frames, argument) {
                    Some(name) => self.found.push((name, argument)),
                    None => self.visit_expr(argument),
                }
            }
        }
    }
}
