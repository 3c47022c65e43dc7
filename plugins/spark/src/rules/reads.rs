//! What the program reads. Rules `P002` and `P003`.

use enginehouse_pycheck::{
    Call, Chain, Program, Ranged, TextRange, Value, argument,
    libraries::{self, Touched},
    paths::{self, Fit},
    report,
};
use enginehouse_sdk::{Finding, Source, Task};

use super::{
    glue,
    hops::{after, may_be_spark, method_texts, option},
    sql::{self, Query},
    walk::Walk,
};

/// Something that is read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) range: TextRange,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A file, a prefix or a glob.
    Path(Value),
    /// A table's name, as written.
    Table(Value),
    /// A relation over JDBC: its url and its table.
    Relation(Option<Value>, Option<Value>),
    /// A query as it is written, and what it touches.
    Query(Value, Query),
}

const BETWEEN: &[&str] = &["option", "options", "format", "schema"];
const FILES: &[&str] = &["csv", "parquet", "json", "orc", "text", "xml", "load"];
const CONTEXT: &[&str] = &[
    "textFile",
    "wholeTextFiles",
    "binaryFiles",
    "binaryRecords",
    "sequenceFile",
    "pickleFile",
    "hadoopFile",
    "newAPIHadoopFile",
];

/// All that a program reads, as far as calls tell.
pub(super) fn find<'a>(program: &Program<'a>, walk: &Walk<'a>) -> Vec<Read> {
    let mut reads = Vec::new();
    for call in program.calls() {
        let mut found = of_call(program, walk, call);
        let range = call.node.range();
        reads.extend(found.drain(..).map(|what| Read { range, what }));
    }
    reads
}

fn of_call<'a>(program: &Program<'a>, walk: &Walk<'a>, call: &Call<'a>) -> Vec<What> {
    let texts = |place, name| match call.argument(place, name) {
        Some(expr) => program.texts_within(expr),
        None => vec![Value::unknown()],
    };
    let mut found = Vec::new();
    for chain in call.chains.iter() {
        let Some(name) = call.called(chain) else { continue };
        let path = chain.path().unwrap_or_default();
        if path.ends_with(".read_table") && path.starts_with("pyspark.pandas") {
            found.extend(texts(0, "name").into_iter().map(What::Table));
        } else if let Some(Touched::Paths(paths)) = libraries::reads(program, call, chain) {
            found.extend(paths.into_iter().map(What::Path));
        } else if !may_be_spark(chain) {
            continue;
        } else if let Some(read) = glue::reads(program, call, chain) {
            found.extend(read);
        } else if let Some(methods) =
            after(chain, "read", BETWEEN, |name| FILES.contains(&name) || matches!(name, "table" | "jdbc")).as_deref()
        {
            found.extend(of_reader(program, call, methods, name));
        } else if matches!(name, "table" | "sql") && walk.defines(name) && !chain.has("getOrCreate") {
            // A method of the program's own.
            continue;
        } else if name == "table" && !chain.has("read") {
            found.extend(texts(0, "tableName").into_iter().map(What::Table));
        } else if name == "sql" && call.argument(0, "sqlQuery").is_some() {
            let read = |text: Value| {
                let query = sql::read(&text);
                What::Query(text, query)
            };
            found.extend(texts(0, "sqlQuery").into_iter().map(read));
        } else if CONTEXT.contains(&name) {
            let listed = |value: Value| match value.known() {
                Some(paths) => paths.split(',').map(Value::text).collect(),
                None => vec![value],
            };
            found.extend(texts(0, "name").into_iter().flat_map(listed).map(What::Path));
        }
    }
    found
}

fn of_reader<'a>(
    program: &Program<'a>,
    call: &Call<'a>,
    methods: &[&enginehouse_pycheck::Hop<'a>],
    name: &str,
) -> Vec<What> {
    let format = method_texts(program, methods, "format", 0, "source");
    let jdbc =
        name == "jdbc" || format.is_some_and(|formats| formats.iter().any(|format| format.known() == Some("jdbc")));
    let one = |expr| program.texts(expr).first().cloned();
    if jdbc {
        let url = call.argument(0, "url").filter(|_| name == "jdbc").or_else(|| option(program, methods, "url"));
        let table =
            call.argument(1, "table").filter(|_| name == "jdbc").or_else(|| option(program, methods, "dbtable"));
        return vec![What::Relation(url.and_then(one), table.and_then(one))];
    }
    // `spark.read.json(lines)`, of lines that are read elsewhere.
    let is_rdd = |chain: &Chain<'_>| ["textFile", "parallelize", "rdd", "map"].iter().any(|name| chain.has(name));
    if matches!(name, "json" | "csv")
        && argument(call.node, 0, "path").is_some_and(|path| program.chains(path).iter().all(is_rdd))
    {
        return Vec::new();
    }
    let given = match name {
        "parquet" | "orc" => call.node.arguments.args.iter().flat_map(|path| program.texts_within(path)).collect(),
        _ => argument(call.node, 0, "path")
            .or_else(|| call.argument(0, "paths"))
            .map(|path| program.texts_within(path))
            .unwrap_or_default(),
    };
    if name == "table" {
        return call
            .argument(0, "tableName")
            .map(|table| program.texts_within(table))
            .unwrap_or_default()
            .into_iter()
            .map(What::Table)
            .collect();
    }
    let given = if given.is_empty() {
        option(program, methods, "path").map(|path| program.texts_within(path)).unwrap_or_default()
    } else {
        given
    };
    if given.is_empty() { vec![What::Path(Value::unknown())] } else { given.into_iter().map(What::Path).collect() }
}

/// Whether the program reads, or tries to read, anything but what it has made itself: then what it makes stands beside that.
pub(super) fn reads_files(program: &Program<'_>, reads: &[Read]) -> bool {
    let reader = |chain: &Chain<'_>| chain.hops_back().any(|hop| hop.name == "read" && hop.call.is_none());
    reads.iter().any(|read| matches!(read.what, What::Path(_) | What::Relation(..)))
        || program.calls().iter().any(|call| call.chains.iter().any(reader))
}

/// The paths of reads, those in queries too.
fn all_paths(reads: &[Read]) -> Vec<(TextRange, Value)> {
    reads
        .iter()
        .flat_map(|read| match &read.what {
            What::Path(value) => vec![(read.range, value.clone())],
            What::Query(_, query) => {
                // Any file may be in what is not understood.
                let unread = query.unread.then(Value::unknown);
                query.paths.iter().cloned().chain(unread).map(|path| (read.range, path)).collect()
            }
            _ => Vec::new(),
        })
        .collect()
}

pub(super) fn check(task: &Task, program: &Program<'_>, reads: &[Read]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let objects = paths::objects(task);
    let given = objects.iter().map(|uri| format!("`{uri}`")).collect::<Vec<_>>().join(", ");
    let hint = match objects.is_empty() {
        true => "read the selected tables with `spark.table(\"database.table\")`".to_owned(),
        false => format!("read {given}"),
    };
    let all = all_paths(reads);
    for (range, value) in &all {
        let span = program.span(range);
        if paths::output(task, value) == Fit::Yes {
            continue;
        }
        match paths::fit(value, objects.iter().copied()) {
            Fit::Yes => {}
            Fit::No => {
                let message = format!("`{}` is read, which is none of the given sources", value.display());
                findings.push(report::error("P003", span, message, &hint));
            }
            Fit::Unknown => {
                let message = "what is read here cannot be told from the code";
                findings.push(report::note("P003", span, message, &hint));
            }
        }
    }
    findings.extend(relations(task, program, reads));
    findings.extend(unread(task, reads, &all));
    findings
}

/// Databases that were not given.
fn relations(task: &Task, program: &Program<'_>, reads: &[Read]) -> Vec<Finding> {
    let given: Vec<_> = task
        .sources
        .iter()
        .filter_map(|source| if let Source::Relation(relation) = source { Some(relation) } else { None })
        .collect();
    let mut findings = Vec::new();
    for read in reads {
        let What::Relation(url, table) = &read.what else { continue };
        let span = program.span(&read.range);
        let known = |value: &Option<Value>| value.as_ref().and_then(|value| value.known().map(str::to_owned));
        let hint = given.first().map_or_else(
            || "read the given sources".to_owned(),
            |relation| format!("read `{}` at `{}`", relation.name, relation.jdbc_url),
        );
        if given.is_empty() || known(url).is_some_and(|url| !given.iter().any(|relation| relation.jdbc_url == url)) {
            findings.push(report::error("P003", span, "a database is read that is none of the given sources", hint));
        } else if let Some(table) = known(table).filter(|table| !table.trim_start().starts_with('(')) {
            let plain = table.replace(['"', '`'], "");
            if !given.iter().any(|relation| relation.name.eq_ignore_ascii_case(&plain)) {
                let message = format!("the relation `{}` is not among the given sources", report::quote(&plain));
                findings.push(report::error("P004", span, message, hint));
            }
        }
    }
    findings
}

/// Given sources that nothing reads: an error where that are all of them.
fn unread(task: &Task, reads: &[Read], all: &[(TextRange, Value)]) -> Vec<Finding> {
    let tables: Vec<Value> = reads
        .iter()
        .flat_map(|read| match &read.what {
            What::Table(table) => vec![table.clone()],
            What::Query(_, query) => query.relations.iter().cloned().chain(query.unread.then(Value::unknown)).collect(),
            _ => Vec::new(),
        })
        .collect();
    let missing: Vec<(String, String)> = task
        .sources
        .iter()
        .filter_map(|source| {
            let (read, name, hint) = match source {
                Source::Objects(objects) => (
                    all.iter().any(|(_, value)| paths::fit(value, [objects.uri.as_str()]) != Fit::No),
                    objects.uri.clone(),
                    format!("read it with `spark.read`, from exactly `{}`", objects.uri),
                ),
                Source::Table(table) => {
                    let name = format!("{}.{}", table.database, table.name);
                    let read = tables.iter().any(|value| {
                        value.known().is_none_or(|text| sql::is_table(text, &table.database, &table.name))
                    });
                    (read, name.clone(), format!("read it with `spark.table(\"{name}\")`"))
                }
                Source::Relation(relation) => (
                    reads.iter().any(|read| matches!(read.what, What::Relation(..))),
                    relation.name.clone(),
                    format!("read it with `spark.read.format(\"jdbc\")` from `{}`", relation.jdbc_url),
                ),
            };
            (!read).then_some((name, hint))
        })
        .collect();
    let none = missing.len() == task.sources.len();
    let make = |(name, hint): (String, String)| {
        let message = format!("the given source `{}` is not read", report::quote(&name));
        if none { report::error("P002", None, message, hint) } else { report::warning("P002", None, message, hint) }
    };
    missing.into_iter().map(make).collect()
}
