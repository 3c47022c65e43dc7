//! CSV: with the types that are known, else as text whose types are found when all of it was read.

use enginehouse_sdk::Column;

use super::{Prepared, Readable, Reading, TEXT, TIMESTAMP, arrow_type, at_once, by_block, impossible, read};
use crate::{
    NotUnderstood,
    error::tidy,
    ray::{
        code::{Code, Import},
        helpers::Helper,
    },
    text::literal,
};

pub(super) fn render(
    code: &mut Code,
    prefix: &str,
    readable: &Readable<'_>,
    reading: &Reading<'_>,
) -> Result<(), NotUnderstood> {
    let kinds: Option<Vec<String>> = readable.columns.iter().map(arrow_type).collect();
    let typed = kinds.is_some();
    let kind_of = |at: usize| match kinds.as_ref().and_then(|kinds| kinds.get(at)).map(String::as_str) {
        // Read as text, with or without a zone.
        None | Some(TIMESTAMP) => TEXT,
        Some(kind) => kind,
    };
    let needed = |column: &&Column| reading.needed.contains(&column.name);
    let fields = readable.columns.iter().enumerate().filter(|(_, column)| needed(column));
    let fields = fields.map(|(at, column)| (column.name.as_str(), kind_of(at)));
    let fields: Vec<(&str, &str)> =
        fields.chain(readable.partitions.iter().filter(needed).map(|column| (column.name.as_str(), TEXT))).collect();
    schema(code, prefix, &fields);
    let names: Vec<String> = readable.columns.iter().map(|column| literal(&column.name)).collect();
    let chosen: Vec<String> = readable.columns.iter().filter(needed).map(|column| literal(&column.name)).collect();
    let whole = chosen.len() == names.len() && readable.partitions.is_empty();
    let names = if whole { format!("{prefix}schema.names") } else { format!("[{}]", names.join(", ")) };
    let mut calls = vec![options(code, readable, &names)?];
    calls.extend(parse_options(readable)?);
    let mut nulls = vec![literal("")];
    nulls.extend(readable.csv.null_value.map(literal));
    let mut convert = vec![
        format!("column_types={prefix}schema"),
        format!("null_values=[{}]", nulls.join(", ")),
        "strings_can_be_null=True".to_owned(),
        "quoted_strings_can_be_null=False".to_owned(),
        "true_values=[\"true\", \"True\", \"TRUE\"]".to_owned(),
        "false_values=[\"false\", \"False\", \"FALSE\"]".to_owned(),
    ];
    if !whole {
        convert.push(format!("include_columns=[{}]", chosen.join(", ")));
    }
    let convert: Vec<String> = convert.iter().map(|option| format!("        {option},")).collect();
    calls.push(format!("convert_options=csv.ConvertOptions(\n{}\n    ),", convert.join("\n")));
    read(code, prefix, "read_csv", readable, &calls);

    let mut prepared = Prepared::new();
    if typed {
        // Ray adds the values of all folders' names.
        if !readable.partitions.is_empty() {
            prepared.lines.push(format!("rows = rows.select({prefix}schema.names)"));
        }
        for (at, column) in readable.columns.iter().enumerate().filter(|(_, column)| needed(column)) {
            if kinds.as_ref().and_then(|kinds| kinds.get(at)).is_some_and(|kind| kind == TIMESTAMP) {
                prepared.cast(code, &column.name, TIMESTAMP);
            }
        }
        prepared.partitions(code, readable, reading);
        prepared.filter(code, reading);
        by_block(code, prefix, reading, prepared);
    } else {
        // No type is certain before the last cell was seen.
        prepared.lines.push(format!("blocks = [block.select({prefix}schema.names) for block in blocks]"));
        prepared.lines.push(format!("rows = pa.concat_tables([{prefix}schema.empty_table(), *blocks])"));
        code.helper(Helper::Moment);
        prepared.each(code, Helper::Typed, "typed");
        prepared.filter(code, reading);
        at_once(code, prefix, prepared);
    }
    Ok(())
}

fn options(code: &mut Code, readable: &Readable<'_>, names: &str) -> Result<String, NotUnderstood> {
    code.import(Import::Csv);
    let mut options = vec![format!("column_names={names}")];
    if readable.csv.header {
        options.push("skip_rows_after_names=1".to_owned());
    }
    if let Some(encoding) = readable.csv.encoding.filter(|encoding| !is_utf8(encoding)) {
        options.push(format!("encoding={}", literal(encoding)));
    }
    Ok(format!("read_options=csv.ReadOptions({}),", options.join(", ")))
}

fn is_utf8(encoding: &str) -> bool {
    encoding.eq_ignore_ascii_case("utf-8") || encoding.eq_ignore_ascii_case("utf8")
}

fn parse_options(readable: &Readable<'_>) -> Result<Option<String>, NotUnderstood> {
    let sign = |what: &str, text: &str| match text {
        "\\t" => Ok(literal("\t")),
        text if text.len() == 1 => Ok(literal(text)),
        _ => Err(impossible(format!(
            "Ray reads CSV with one ASCII sign for the {what}, and `{}` is not one: use Spark.",
            tidy(text)
        ))),
    };
    let csv = &readable.csv;
    let mut options = Vec::new();
    if let Some(delimiter) = csv.delimiter.filter(|delimiter| *delimiter != ",") {
        options.push(format!("delimiter={}", sign("delimiter", delimiter)?));
    }
    match csv.quote {
        None | Some("\"") => {}
        Some("") => options.push("quote_char=False".to_owned()),
        Some(quote) => options.push(format!("quote_char={}", sign("quote", quote)?)),
    }
    if let Some(escape) = csv.escape.filter(|escape| *escape != csv.quote.unwrap_or("\"") && *escape != "\"") {
        options.push(format!("double_quote=False, escape_char={}", sign("escape", escape)?));
    }
    if csv.multiline {
        options.push("newlines_in_values=True".to_owned());
    }
    Ok((!options.is_empty()).then(|| format!("parse_options=csv.ParseOptions({}),", options.join(", "))))
}

fn schema(code: &mut Code, prefix: &str, fields: &[(&str, &str)]) {
    code.line(format!("{prefix}schema = pa.schema("));
    code.line("    [");
    for (name, kind) in fields {
        code.line(format!("        ({}, {kind}),", literal(name)));
    }
    code.line("    ]");
    code.line(")");
}
