//! How a source is read: Ray Data makes its blocks, and one task puts them together as an Arrow table.

mod csv;

use std::collections::BTreeSet;

use enginehouse_sdk::{Column, RelationKind, Source};

use super::{
    code::{Code, Import},
    filter,
    helpers::Helper,
};
use crate::{
    NotUnderstood,
    csv::Csv,
    error::tidy,
    plan::{Filter, Input, Plan, Query},
    scope,
    text::{data_type, literal},
};

/// What of a source is read.
pub(super) struct Reading<'a> {
    /// Names of columns, at least one where any are known.
    pub(super) needed: &'a [String],
    pub(super) filter: Option<&'a Filter>,
    /// Only so many rows.
    pub(super) first: Option<u64>,
}

/// A source whose place and format Ray can read.
struct Readable<'a> {
    uri: &'a str,
    format: &'static str,
    columns: &'a [Column],
    /// Their values are in the names of folders.
    partitions: &'a [Column],
    csv: Csv<'a>,
}

/// Lines that leave the source's rows in `<prefix>rows`, a reference to an Arrow table.
pub(super) fn source(
    code: &mut Code,
    prefix: &str,
    source: &Source,
    reading: &Reading<'_>,
) -> Result<(), NotUnderstood> {
    let readable = readable(source)?;
    let columns = scope::columns(source);
    if let Some(column) = columns.iter().find(|column| column.name.starts_with(['.', '['])) {
        return Err(impossible(format!(
            "Arrow, which Ray works on, takes the column name `{}` for a path: rename the column.",
            tidy(&column.name)
        )));
    }
    code.import(Import::Arrow);
    code.blank();
    match readable.format {
        "csv" => csv::render(code, prefix, &readable, reading)?,
        "json" => json(code, prefix, &readable, reading),
        _ => parquet(code, prefix, &readable, reading),
    }
    Ok(())
}

/// The names of the columns that a plan over one source uses.
pub(super) fn needed(plan: &Plan, source: &Source) -> Vec<String> {
    let mut names = BTreeSet::new();
    if let Some(filter) = &plan.filter {
        of_filter(filter, &mut names);
    }
    for output in &plan.outputs {
        match &output.query {
            Query::Rows(rows) if !rows.columns.is_empty() => {
                names.extend(rows.columns.iter().map(|column| column.name.as_str()));
                names.extend(rows.sort.iter().map(|sort| sort.name.as_str()));
            }
            Query::Groups(groups) => {
                names.extend(groups.keys.iter().map(|key| key.expr.column.name.as_str()));
                names.extend(groups.measures.iter().filter_map(|m| m.column.as_ref()).map(|c| c.name.as_str()));
            }
            Query::Describe(columns) if !columns.is_empty() => {
                names.extend(columns.iter().map(|column| column.name.as_str()));
            }
            _ => return all(source),
        }
    }
    let all = all(source);
    let used: Vec<String> = all.iter().filter(|name| names.contains(name.as_str())).cloned().collect();
    // Rows are counted by a column: the first is as good as any.
    if used.is_empty() { all.into_iter().take(1).collect() } else { used }
}

/// The names of all columns.
pub(super) fn all(source: &Source) -> Vec<String> {
    scope::columns(source).into_iter().map(|column| column.name).collect()
}

/// The columns that are known to hold no decimals.
pub(super) fn doubles(input: &Input, sources: &[Source]) -> BTreeSet<String> {
    let Input::Source(at) = input else { return BTreeSet::new() };
    let columns = match sources.get(*at) {
        Some(Source::Objects(source)) => &source.columns,
        Some(Source::Table(table)) => &table.columns,
        _ => return BTreeSet::new(),
    };
    let double = |column: &&Column| {
        column
            .data_type
            .as_deref()
            .is_some_and(|kind| matches!(kind.to_ascii_lowercase().as_str(), "double" | "float" | "real"))
    };
    columns.iter().filter(double).map(|column| column.name.clone()).collect()
}

fn of_filter<'a>(filter: &'a Filter, names: &mut BTreeSet<&'a str>) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| of_filter(filter, names)),
        Filter::Not(inner) => of_filter(inner, names),
        Filter::Test(expr, _) => drop(names.insert(&expr.column.name)),
    }
}

fn impossible(text: String) -> NotUnderstood {
    NotUnderstood::Impossible(text)
}

fn readable(source: &Source) -> Result<Readable<'_>, NotUnderstood> {
    let format_of = |format: Option<&str>| {
        ["csv", "parquet", "json"]
            .into_iter()
            .find(|known| format.is_some_and(|format| format.eq_ignore_ascii_case(known)))
    };
    let (format, readable) = match source {
        Source::Objects(objects) => (
            format_of(scope::format(objects)),
            Readable {
                uri: &objects.uri,
                format: "",
                columns: &objects.columns,
                partitions: &[],
                csv: Csv::of_objects(objects),
            },
        ),
        Source::Table(table) => {
            let location = table
                .location
                .as_deref()
                .filter(|uri| ["s3://", "s3a://", "s3n://"].iter().any(|scheme| uri.starts_with(scheme)));
            let Some(uri) = location.filter(|_| table.kind == RelationKind::Table) else {
                return Err(impossible(format!(
                    "Ray reads tables by their files, and `{}` is a view or has no location in the object store: use Spark.",
                    tidy(&scope::title(source))
                )));
            };
            let (columns, partitions, csv) = (&table.columns, &table.partition_keys, Csv::of_table(table));
            (format_of(table.format.as_deref()), Readable { uri, format: "", columns, partitions, csv })
        }
        Source::Relation(relation) => {
            return Err(impossible(format!(
                "Ray has no way to the database of `{}`: use Spark, or upload the data.",
                tidy(&relation.name)
            )));
        }
    };
    let title = tidy(&scope::title(source));
    match format {
        Some(format) if !readable.columns.is_empty() => Ok(Readable { format, ..readable }),
        Some(_) => Err(impossible(format!("No columns of `{title}` are known."))),
        None => Err(impossible(format!(
            "Ray programs read CSV, Parquet and lines of JSON; `{title}` is neither: use Spark."
        ))),
    }
}

/// The lines of a function that makes a block's or a table's columns what they are to be, and filters its rows.
struct Prepared {
    lines: Vec<String>,
}

impl Prepared {
    fn new() -> Self {
        Self { lines: Vec::new() }
    }

    fn each(&mut self, code: &mut Code, helper: Helper, call: &str) {
        code.helper(helper);
        self.lines.push(format!(
            "rows = pa.Table.from_arrays([{call}(column) for column in rows.columns], names=rows.column_names)"
        ));
    }

    fn cast(&mut self, code: &mut Code, name: &str, kind: &str) {
        let name = literal(name);
        let column = if kind == TIMESTAMP {
            code.helper(Helper::Moment);
            format!("moment(rows[{name}])")
        } else {
            format!("rows[{name}].cast({kind})")
        };
        self.lines.push(format!("rows = rows.set_column(rows.column_names.index({name}), {name}, {column})"));
    }

    /// Values that stand in folders' names are text.
    fn partitions(&mut self, code: &mut Code, readable: &Readable<'_>, reading: &Reading<'_>) {
        for column in readable.partitions.iter().filter(|column| reading.needed.contains(&column.name)) {
            if let Some(kind) = arrow_type(column).filter(|kind| kind != TEXT) {
                self.cast(code, &column.name, &kind);
            }
        }
    }

    fn filter(&mut self, code: &mut Code, reading: &Reading<'_>) {
        if let Some(filter) = reading.filter {
            self.lines.push(format!("rows = rows.filter({})", filter::render(code, filter)));
        }
    }
}

const TEXT: &str = "pa.string()";
const DATE: &str = "pa.date32()";
const TIMESTAMP: &str = "pa.timestamp(\"us\")";

fn json(code: &mut Code, prefix: &str, readable: &Readable<'_>, reading: &Reading<'_>) {
    code.helper(Helper::Values);
    code.import(Import::Json);
    read(code, prefix, "read_text", readable, &[]);
    let mut prepared = Prepared::new();
    let is_partition = |name: &String| readable.partitions.iter().any(|column| column.name == *name);
    let names: Vec<String> =
        reading.needed.iter().filter(|name| !is_partition(name)).map(|name| literal(name)).collect();
    prepared.lines.extend([
        "records = [json.loads(line) for block in blocks for line in block[\"text\"].to_pylist()]".to_owned(),
        format!("names = [{}]", names.join(", ")),
        "rows = [values([record.get(name) for record in records]) for name in names]".to_owned(),
        "rows = pa.Table.from_arrays(rows, names=names)".to_owned(),
    ]);
    for name in reading.needed.iter().filter(|name| is_partition(name)) {
        let name = literal(name);
        prepared.lines.push(format!("cells = [cell for block in blocks for cell in block[{name}].to_pylist()]"));
        prepared.lines.push(format!("rows = rows.append_column({name}, pa.array(cells, pa.string()))"));
    }
    // JSON has numbers, truth values and text; the catalog may know better.
    for column in readable.columns.iter().filter(|column| reading.needed.contains(&column.name)) {
        let known = |kind: &String| kind == TIMESTAMP || kind == DATE || kind.starts_with("pa.decimal128");
        if let Some(kind) = arrow_type(column).filter(known) {
            prepared.cast(code, &column.name, &kind);
        }
    }
    prepared.partitions(code, readable, reading);
    prepared.filter(code, reading);
    at_once(code, prefix, prepared);
}

fn parquet(code: &mut Code, prefix: &str, readable: &Readable<'_>, reading: &Reading<'_>) {
    let names: Vec<String> = reading.needed.iter().map(|name| literal(name)).collect();
    let columns = format!("columns=[{}],", names.join(", "));
    read(code, prefix, "read_parquet", readable, &[columns, "file_extensions=None,".to_owned()]);
    code.line(format!("{prefix}schema = {prefix}data.schema().base_schema"));
    let mut prepared = Prepared::new();
    prepared.each(code, Helper::Plain, "plain");
    prepared.partitions(code, readable, reading);
    prepared.filter(code, reading);
    by_block(code, prefix, reading, prepared);
}

fn read(code: &mut Code, prefix: &str, reader: &str, readable: &Readable<'_>, options: &[String]) {
    let uri = ["s3a://", "s3n://"].iter().find_map(|scheme| readable.uri.strip_prefix(scheme));
    let uri = uri.map_or_else(|| readable.uri.to_owned(), |rest| format!("s3://{rest}"));
    code.line(format!("{prefix}data = ray.data.{reader}("));
    code.line(format!("    {},", literal(&uri)));
    for option in options {
        code.line(format!("    {option}"));
    }
    code.line(")");
}

/// Ray Data prepares each block; a task puts them together, and knows the columns where there are no rows.
fn by_block(code: &mut Code, prefix: &str, reading: &Reading<'_>, mut prepared: Prepared) {
    let first = reading.first.map(|first| format!(".limit({first})")).unwrap_or_default();
    let mut data = format!("{prefix}data{first}");
    let mut empty = format!("{prefix}schema.empty_table()");
    if !prepared.lines.is_empty() {
        prepared.lines.push("return rows".to_owned());
        code.function(false, &format!("{prefix}prepared"), "rows", &prepared.lines);
        data.push_str(&format!(".map_batches({prefix}prepared, batch_format=\"pyarrow\", batch_size=None)"));
        empty = format!("{prefix}prepared({empty})");
    }
    // A block without rows may come without columns.
    let body = [
        format!("blocks = [{empty}, *(block for block in blocks if block.num_rows)]"),
        "return pa.concat_tables(blocks, promote_options=\"permissive\")".to_owned(),
    ];
    code.function(true, &format!("{prefix}gathered"), "*blocks", &body);
    code.line(format!("{prefix}rows = {prefix}gathered.remote(*{data}.to_arrow_refs())"));
}

/// A task reads all blocks as one.
fn at_once(code: &mut Code, prefix: &str, mut prepared: Prepared) {
    prepared.lines.push("return rows".to_owned());
    code.function(true, &format!("{prefix}gathered"), "*blocks", &prepared.lines);
    code.line(format!("{prefix}rows = {prefix}gathered.remote(*{prefix}data.to_arrow_refs())"));
}

/// The Arrow type of a column that can stand in text; none where its type is not known.
fn arrow_type(column: &Column) -> Option<String> {
    let kind = data_type(column.data_type.as_deref()?)?;
    let (name, arguments) = kind.split_once('(').unwrap_or((&kind, ""));
    Some(match name {
        "tinyint" | "byte" => "pa.int8()".to_owned(),
        "smallint" | "short" => "pa.int16()".to_owned(),
        "int" | "integer" => "pa.int32()".to_owned(),
        "bigint" | "long" => "pa.int64()".to_owned(),
        "float" | "real" => "pa.float32()".to_owned(),
        "double" => "pa.float64()".to_owned(),
        "string" | "char" | "varchar" => TEXT.to_owned(),
        "boolean" => "pa.bool_()".to_owned(),
        "date" => DATE.to_owned(),
        "timestamp" | "timestamp_ntz" | "timestamp_ltz" => TIMESTAMP.to_owned(),
        "decimal" => {
            let arguments = arguments.trim_end_matches(')');
            let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
            let precision = if precision.is_empty() { "10" } else { precision };
            format!("pa.decimal128({precision}, {scale})")
        }
        _ => return None,
    })
}
