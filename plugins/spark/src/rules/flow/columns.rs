//! Column expressions: which columns they name, and what they are called.

use std::rc::Rc;

use enginehouse_pycheck::ast::ExprCall;

use super::{
    Flow,
    expressions::unnamed,
    value::{Args, Column, Value},
};
use crate::rules::{columns::last_of, sql};

/// Functions whose first argument is a column, by name or as such; in order.
const FIRST: &[&str] = &[
    "abs",
    "add_months",
    "approx_count_distinct",
    "array_contains",
    "array_distinct",
    "array_join",
    "array_max",
    "array_min",
    "array_sort",
    "asc",
    "asc_nulls_first",
    "asc_nulls_last",
    "avg",
    "ceil",
    "ceiling",
    "col",
    "collect_list",
    "collect_set",
    "column",
    "count",
    "countDistinct",
    "count_distinct",
    "date_add",
    "date_format",
    "date_sub",
    "day",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "desc",
    "desc_nulls_first",
    "desc_nulls_last",
    "exp",
    "explode",
    "explode_outer",
    "first",
    "first_value",
    "floor",
    "format_number",
    "from_json",
    "from_unixtime",
    "get_json_object",
    "hour",
    "initcap",
    "instr",
    "isnan",
    "isnotnull",
    "isnull",
    "kurtosis",
    "lag",
    "last",
    "last_day",
    "last_value",
    "lead",
    "length",
    "log10",
    "log1p",
    "log2",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "md5",
    "mean",
    "median",
    "min",
    "minute",
    "mode",
    "month",
    "months_between",
    "next_day",
    "percentile",
    "percentile_approx",
    "posexplode",
    "posexplode_outer",
    "quarter",
    "regexp_extract",
    "regexp_replace",
    "reverse",
    "round",
    "rpad",
    "rtrim",
    "second",
    "sha1",
    "sha2",
    "size",
    "skewness",
    "sort_array",
    "split",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "substring",
    "sum",
    "sumDistinct",
    "sum_distinct",
    "to_date",
    "to_timestamp",
    "trim",
    "trunc",
    "unix_timestamp",
    "upper",
    "var_pop",
    "var_samp",
    "variance",
    "weekofyear",
    "window",
    "year",
];
/// Functions all of whose arguments are columns; in order.
const ALL: &[&str] = &[
    "array",
    "coalesce",
    "concat",
    "corr",
    "countDistinct",
    "count_distinct",
    "covar_pop",
    "covar_samp",
    "date_diff",
    "datediff",
    "greatest",
    "hash",
    "hypot",
    "least",
    "max_by",
    "min_by",
    "months_between",
    "nanvl",
    "pow",
    "struct",
    "xxhash64",
];
/// Methods of a column after which it is called as before.
const SAME: &[&str] = &[
    "asc",
    "asc_nulls_first",
    "asc_nulls_last",
    "desc",
    "desc_nulls_first",
    "desc_nulls_last",
    "cast",
    "astype",
    "try_cast",
];

impl<'a> Flow<'_, 'a> {
    /// A call of one of `pyspark.sql.functions`.
    pub(super) fn column_function(&mut self, name: &str, args: &Args<'a>, node: Option<&'a ExprCall>) -> Value<'a> {
        let first = args.placed.first().or(None);
        match name {
            "broadcast" => return first.map_or(Value::Unknown, |(value, _)| value.clone()),
            "udf" | "pandas_udf" | "arrow_udf" => return Value::PerRow,
            "udtf" | "arrow_udtf" => return Value::Unknown,
            "expr" => return self.expression(first.map(|(value, _)| value)),
            "col" | "column" => {
                return match args.get(0, "col") {
                    Some(Value::Text(name, place)) => {
                        let place = place.or(first.and_then(|(_, expr)| *expr)).or(node.map(|node| &*node.func));
                        Value::Column(Rc::new(by_name(name, place.filter(|_| self.quiet == 0))))
                    }
                    _ => Value::Column(Rc::new(Column { odd: true, ..Column::default() })),
                };
            }
            _ => {}
        }
        let all = ALL.binary_search(&name).is_ok();
        let mut made = self.gather(args, all);
        if !all
            && FIRST.binary_search(&name).is_ok()
            && let Some((Value::Text(text, place), expr)) = args.placed.first()
            && let Some(place) = place.or(*expr)
        {
            made.uses.push((Rc::clone(text), place));
        }
        made.uses.retain(|(name, _)| !name.contains('*'));
        // What the functions for elements say of columns beside their elements.
        let lambdas: Vec<Value<'a>> = args.all().filter(|value| matches!(value, Value::Function(_))).cloned().collect();
        for lambda in lambdas {
            let element = || Value::Column(Rc::default());
            let said = self.within(Value::Unknown, |flow| flow.apply(&lambda, Args::of([element(), element()]), None));
            made.uses.extend(unnamed(&[&said]).uses);
        }
        self.hush(&mut made);
        match name {
            "window" | "session_window" => made.name = Some(name.into()),
            // `asc("x")` orders by a column, and makes none.
            "explode" | "explode_outer" | "posexplode" | "posexplode_outer" | "inline" | "inline_outer" | "stack"
            | "json_tuple" | "lit" => made.odd = true,
            _ => {}
        }
        Value::Column(Rc::new(made))
    }

    /// `expr("sum(x) AS y")`.
    fn expression(&mut self, text: Option<&Value<'a>>) -> Value<'a> {
        let odd = || Value::Column(Rc::new(Column { odd: true, ..Column::default() }));
        let Some(Value::Text(text, Some(place))) = text else { return odd() };
        self.spend(text.len() / 8);
        let Some(projection) = sql::projection(text) else { return odd() };
        let mut made = Column::default();
        made.uses.extend(projection.used.iter().map(|name| (Rc::from(name.as_str()), *place)));
        self.hush(&mut made);
        for item in projection.items {
            match item {
                sql::Item::Named(name) => {
                    made.made.push(name.as_str().into());
                    made.odd |= made.name.is_some();
                    made.name = Some(name.into());
                }
                sql::Item::Star => made.star = true,
                sql::Item::Unnamed => made.odd = true,
            }
        }
        Value::Column(Rc::new(made))
    }

    /// Of what may not be reached with these columns, nothing is said later either.
    fn hush(&self, column: &mut Column<'a>) {
        if self.quiet > 0 {
            column.uses.clear();
        }
    }

    /// The columns that arguments name; texts among them where these are names.
    pub(super) fn gather(&mut self, args: &Args<'a>, texts: bool) -> Column<'a> {
        let mut made = Column::default();
        let all = args.placed.iter().map(|(value, expr)| (value, *expr));
        let all: Vec<_> = all.chain(args.named.iter().map(|(_, value, expr)| (value, *expr))).collect();
        for (value, expr) in all {
            self.gather_one(value, expr, texts, 3, &mut made);
        }
        made
    }

    fn gather_one(
        &mut self,
        value: &Value<'a>,
        expr: Option<&'a enginehouse_pycheck::ast::Expr>,
        texts: bool,
        levels: u32,
        made: &mut Column<'a>,
    ) {
        if !self.spend(1) {
            return;
        }
        match value {
            Value::Column(column) | Value::Window(column) => {
                self.spend(column.uses.len());
                made.uses.extend(column.uses.iter().cloned());
                made.made.extend(column.made.iter().cloned());
            }
            Value::Text(name, place) if texts => made.uses.extend(place.or(expr).map(|place| (Rc::clone(name), place))),
            Value::Held(_) | Value::Items(_) if levels > 0 => {
                for element in self.elements(value).unwrap_or_default() {
                    self.gather_one(&element, expr, texts, levels - 1, made);
                }
            }
            _ => {}
        }
    }

    /// A method of a column.
    pub(super) fn column_method(&mut self, of: &Rc<Column<'a>>, name: &str, args: &Args<'a>) -> Value<'a> {
        let before = Value::Column(Rc::clone(of));
        let mut made = self.gather(args, false);
        let own = unnamed(&[&before]);
        made.uses.splice(0..0, own.uses);
        made.made.splice(0..0, own.made);
        match name {
            "alias" | "name" => match args.placed.as_slice() {
                [(Value::Text(name, _), _)] => {
                    made.made.push(Rc::clone(name));
                    made.name = Some(Rc::clone(name)).filter(|name| !name.contains(['.', '*', '`']));
                    made.odd = made.name.is_none();
                }
                _ => made.odd = true,
            },
            name if SAME.contains(&name) => {
                made.name.clone_from(&of.name);
                made.odd = of.odd;
                made.star = of.star;
            }
            "getField" | "getItem" | "outer" => made.odd = true,
            _ => {}
        }
        Value::Column(Rc::new(made))
    }
}

/// The column of a name.
pub(super) fn by_name<'a>(name: &Rc<str>, place: Option<&'a enginehouse_pycheck::ast::Expr>) -> Column<'a> {
    let star = &**name == "*";
    let all_of = name.strip_suffix(".*").map(Rc::from);
    let uses = place.filter(|_| !name.contains('*')).map(|place| (Rc::clone(name), place));
    let last = last_of(name).map(|last| if last.len() == name.len() { Rc::clone(name) } else { last.into() });
    Column {
        uses: uses.into_iter().collect(),
        odd: last.is_none() && !star && all_of.is_none(),
        name: last,
        star,
        all_of,
        ..Column::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, FIRST};

    #[test]
    fn functions_are_in_order() {
        assert!(FIRST.is_sorted() && ALL.is_sorted());
    }
}
