//! Names, values and requests that try to break out of the program.

use enginehouse_sdk::Source;
use ruff_python_ast::{
    Expr,
    visitor::{self, Visitor},
};
use ruff_python_parser::parse_module;

use super::{csv, sales, table};

use crate::{plan, pyspark, ray};

const EVIL: &[&str] = &[
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r",
    "\"\"\"",
    "'''",
    "{}",
    "{x!r}",
    "%s",
    "$",
    "${x}",
    "#",
    "; import os",
    "\\\"",
    "\\N{BULLET}",
    "\u{2028}",
    "\u{202e}",
    "\0",
    "\t",
    "\u{1}",
    "a.b",
    "*",
    "é",
    "売",
    "\u{1f600}",
    "coding: utf-7",
    ")",
    "\\u0022",
    "\u{feff}",
    "\u{85}",
    "x",
    " ",
];

/// Always the same, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        (0..=self.below(most)).map(|_| pieces[self.below(pieces.len())]).collect()
    }
}

#[derive(Default)]
struct Strings {
    found: Vec<String>,
    calls: Vec<String>,
}

impl<'a> Visitor<'a> for Strings {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(literal) => self.found.push(literal.value.to_str().to_owned()),
            Expr::FString(_) => self.calls.push("f-string".to_owned()),
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(attribute) => self.calls.push(attribute.attr.to_string()),
                Expr::Name(name) => self.calls.push(name.id.to_string()),
                _ => self.calls.push("?".to_owned()),
            },
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// The strings and the names of the calls in a program that must parse.
fn read(code: &str) -> Strings {
    let module = parse_module(code).unwrap_or_else(|error| panic!("{error}\n{code}")).into_syntax();
    let mut strings = Strings::default();
    strings.visit_body(&module.body);
    strings
}

/// The source with files of this format, as Ray needs it.
fn on_disk(source: &Source, format: &str) -> Source {
    let mut source = source.clone();
    match &mut source {
        Source::Objects(objects) => objects.format = Some(format.to_owned()),
        Source::Table(table) => {
            table.location = Some(format!("s3://lake/{}", table.name));
            table.format = Some(format.to_owned());
        }
        Source::Relation(_) => {}
    }
    source
}

/// All that a Ray program may call.
const RAY_CALLS: &[&str] = &[
    "ArrowDtype",
    "ConvertOptions",
    "Decimal",
    "OverflowError",
    "ParseOptions",
    "ReadOptions",
    "abs",
    "aggregate",
    "append",
    "append_column",
    "array",
    "as_py",
    "average",
    "bool_",
    "cast",
    "checked",
    "chunked_array",
    "coalesce",
    "concat_tables",
    "date32",
    "decimal128",
    "described",
    "divide",
    "dumps",
    "empty_table",
    "field",
    "filter",
    "float32",
    "float64",
    "from_arrays",
    "gathered",
    "get",
    "get_current",
    "group_by",
    "if_else",
    "index",
    "init",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_boolean",
    "is_decimal",
    "is_dictionary",
    "is_floating",
    "is_integer",
    "is_large_string",
    "is_null",
    "is_string",
    "is_timestamp",
    "isinstance",
    "join",
    "len",
    "limit",
    "loads",
    "localcontext",
    "map_batches",
    "match_substring",
    "match_substring_regex",
    "max",
    "mean",
    "min",
    "moment",
    "nulls",
    "plain",
    "prepared",
    "print",
    "quantize",
    "range",
    "read_csv",
    "read_parquet",
    "read_text",
    "remote",
    "rename_columns",
    "rstrip",
    "save",
    "scalar",
    "scaleb",
    "schema",
    "select",
    "set_column",
    "slice",
    "sort_by",
    "stddev",
    "str",
    "string",
    "sum",
    "table",
    "timestamp",
    "to_arrow_refs",
    "to_pandas",
    "to_pylist",
    "to_string",
    "type_name",
    "typed",
    "values",
    "write_table",
    "zip",
];

#[test]
fn a_literal_has_the_value_it_was_made_of() {
    let mut dice = Dice(1);
    for _ in 0..2_000 {
        let text = dice.text(EVIL, 6);
        let literal = pyspark::literal(&text);
        assert!(
            !literal.contains(char::is_control) && !literal.contains(['\u{2028}', '\u{202e}', '\u{feff}']),
            "{literal:?}"
        );
        assert_eq!(read(&format!("x = {literal}\n")).found, [text]);
    }
}

#[test]
fn a_comment_stays_a_comment() {
    let mut dice = Dice(2);
    for _ in 0..500 {
        let comment = pyspark::comment(&dice.text(EVIL, 60));
        assert!(comment.starts_with("# ") && comment.chars().count() <= 202, "{comment:?}");
        assert_eq!(read(&format!("{comment}\nx = 1\n")).found, Vec::<String>::new());
    }
}

#[test]
fn hostile_names_and_values_stay_in_their_strings() {
    const CALLS: &[&str] = &[
        "appName",
        "getOrCreate",
        "enableHiveSupport",
        "config",
        "option",
        "schema",
        "csv",
        "table",
        "filter",
        "select",
        "groupBy",
        "agg",
        "alias",
        "sum",
        "count",
        "avg",
        "lit",
        "col",
        "orderBy",
        "desc",
        "asc_nulls_last",
        "limit",
        "mode",
        "parquet",
        "rstrip",
        "show",
        "stop",
        "describe",
        "isin",
        "contains",
        "distinct",
        "withColumnRenamed",
        "join",
        "toDF",
        "cast",
    ];
    let mut dice = Dice(3);
    let mut read_at_all = 0;
    let mut rendered_for_ray = 0;
    for _ in 0..1_000 {
        let names: Vec<String> = (0..3).map(|at| format!("n{at}{}", dice.text(EVIL, 4))).collect();
        let kinds = [("string", "double"), ("", "")][dice.below(2)];
        let of = [(names[0].as_str(), kinds.0), (names[1].as_str(), kinds.1), (names[2].as_str(), "int) --")];
        let value = dice.text(EVIL, 4);
        let source = match dice.below(2) {
            0 => csv(&format!("s3://raw/{value}.csv"), &of, Some(&value)),
            _ => table(&value, &names[0], &of),
        };
        let quoted = |name: &str| format!("“{name}”");
        for prompt in [
            format!(
                "sum of {} by {} where {} = {}",
                quoted(&names[1]),
                quoted(&names[0]),
                quoted(&names[0]),
                quoted(&value)
            ),
            format!("top 3 {} by sum of {}", quoted(&names[0]), quoted(&names[1])),
            "analyze".to_owned(),
            "describe".to_owned(),
        ] {
            let sources = [source.clone()];
            let Ok(planned) = plan(&prompt, &sources) else { continue };
            read_at_all += 1;
            let found = read(&pyspark::render(&planned.plan, &sources));
            assert!(found.calls.iter().all(|call| CALLS.contains(&call.as_str())), "{:?}", found.calls);
            let Ok(code) = ray::render(&planned.plan, &[on_disk(&source, ["csv", "parquet", "json"][dice.below(3)])])
            else {
                continue;
            };
            rendered_for_ray += 1;
            let calls = read(&code).calls;
            let others: Vec<&String> = calls.iter().filter(|call| !RAY_CALLS.contains(&call.as_str())).collect();
            assert!(others.is_empty(), "{others:?}");
        }
    }
    assert!(read_at_all > 2_000, "{read_at_all}");
    assert!(rendered_for_ray > 1_000, "{rendered_for_ray}");
}

#[test]
fn an_encoding_cannot_be_declared_by_a_request() {
    let planned = plan("count rows where product = 'coding: utf-7'", &[sales()]).unwrap();
    let code = pyspark::render(&planned.plan, &[sales()]);
    assert!(code.lines().take(2).all(|line| !line.contains("coding")), "{code}");
}

#[test]
fn no_request_panics_or_takes_long() {
    const WORDS: &[&str] = &[
        "sum",
        "of",
        "top",
        "5",
        "by",
        "region",
        "total",
        "sales",
        "where",
        "is",
        "not",
        "in",
        "2024",
        "between",
        "and",
        "or",
        ",",
        "(",
        ")",
        "count",
        "distinct",
        "price",
        "per",
        "month",
        "sorted",
        "desc",
        "limit",
        "the",
        "West",
        "\"",
        "'",
        "highest",
        "with",
        "has",
        "cheapest",
        "join",
        "on",
        "=",
        "<",
        "2024-02-30",
        "-",
        "analyze",
        "data",
        "first",
        "rows",
        "than",
        "more",
        "million",
        "売",
        "\\",
        "1e5",
        "0.0",
        "00012",
        "’s",
        "March",
        "all",
    ];
    let mut dice = Dice(4);
    let shop = super::shop();
    for _ in 0..1_500 {
        let words: Vec<&str> = (0..=dice.below(14)).map(|_| WORDS[dice.below(WORDS.len())]).collect();
        let prompt = words.join(" ");
        for sources in [&[sales()][..], &shop, &[]] {
            if let Ok(planned) = plan(&prompt, sources) {
                read(&pyspark::render(&planned.plan, sources));
                if let Ok(code) = ray::render(&planned.plan, sources) {
                    read(&code);
                }
            }
        }
    }
    let start = std::time::Instant::now();
    for piece in ["sum of sales ", "'", "\"a", "1-", "((", "売", "region is West or "] {
        let prompt: String = piece.repeat(64 * 1024 / piece.len());
        assert!(plan(&prompt, &[sales()]).is_err(), "{piece}");
    }
    let wide: Vec<(String, &str)> = (0..2_000).map(|at| (format!("sales_{at}_of_the_year"), "double")).collect();
    let wide: Vec<(&str, &str)> = wide.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let sources: Vec<_> = (0..4).map(|at| csv(&format!("s3://raw/t{at}.csv"), &wide, None)).collect();
    assert!(plan(&"total of the sales by year ".repeat(40), &sources).is_err());
    // Far from what a slow machine needs, far below what anything quadratic would take.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
