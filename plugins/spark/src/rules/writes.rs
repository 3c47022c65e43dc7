//! What the program writes. Rules `P006`, `P007`, `P026`.

use std::ptr;

use enginehouse_pycheck::{
    Call, Program, Ranged, TextRange, Value,
    ast::Expr,
    libraries::{self, Touched},
    paths::{self, Fit},
    report,
};
use enginehouse_sdk::{Finding, Task};

use super::{
    glue,
    hops::{after, may_be_spark, option},
    reads::{Read, What},
};

const BETWEEN: &[&str] = &["mode", "option", "options", "format", "partitionBy", "bucketBy", "sortBy", "clusterBy"];
const FILES: &[&str] = &["csv", "parquet", "json", "orc", "text", "xml", "save"];
const TABLES: &[&str] = &["saveAsTable", "insertInto", "jdbc"];
const RDD: &[&str] =
    &["saveAsTextFile", "saveAsPickleFile", "saveAsSequenceFile", "saveAsHadoopFile", "saveAsNewAPIHadoopFile"];
const DISPLAYS: &[&str] = &["show", "printSchema", "print", "display", "head", "describe", "explain"];

const HINT: &str = "write `result.write.mode(\"overwrite\").parquet(os.environ[\"OUTPUT_PATH\"])`";

enum Target {
    Path(Value),
    /// A table or a database, in words.
    Elsewhere(String),
}

struct Write {
    range: TextRange,
    target: Target,
    /// None where a mode means nothing.
    mode: Option<Mode>,
}

enum Mode {
    Missing,
    Overwrite,
    Other,
}

pub(super) fn check(task: &Task, program: &Program<'_>, reads: &[Read]) -> Vec<Finding> {
    let mut writes: Vec<Write> = program.calls().iter().flat_map(|call| of_call(program, call)).collect();
    for read in reads {
        if let What::Query(_, query) = &read.what {
            let write = |place: &Value| Write {
                range: read.range,
                target: Target::Path(place.clone()),
                mode: Some(Mode::Overwrite),
            };
            writes.extend(query.writes.iter().map(write));
        }
    }
    let mut findings = Vec::new();
    let mut written = false;
    for write in &writes {
        let span = program.span(&write.range);
        match &write.target {
            Target::Elsewhere(what) => {
                written = true;
                findings.push(report::error("P026", span, format!("the program writes to {what}"), HINT));
            }
            Target::Path(value) => {
                written = true;
                match paths::output(task, value) {
                    Fit::Yes => {}
                    Fit::No => {
                        let message = format!("`{}` is written, which is not the run's output", value.display());
                        findings.push(report::error("P026", span, message, HINT));
                    }
                    Fit::Unknown => {
                        let message = "where this writes cannot be told from the code";
                        findings.push(report::note("P026", span, message, HINT));
                    }
                }
            }
        }
        findings.extend(mode(program, write, reads));
    }
    if !written {
        findings.push(unwritten(program));
    }
    findings
}

fn mode(program: &Program<'_>, write: &Write, reads: &[Read]) -> Option<Finding> {
    let span = program.span(&write.range);
    match (&write.mode, &write.target) {
        (Some(Mode::Missing), _) => {
            let message = "the write names no mode, and fails where something is there already";
            Some(report::warning("P007", span, message, "write `.write.mode(\"overwrite\")`"))
        }
        (Some(Mode::Overwrite), Target::Path(value)) => {
            let path = paths::normal(value.known()?);
            let input = reads.iter().any(|read| match &read.what {
                What::Path(read) => read.known().is_some_and(|read| {
                    let read = paths::normal(read);
                    read == path || read.starts_with(&format!("{path}/"))
                }),
                _ => false,
            });
            let message = format!("`{}` is overwritten while it is read", report::quote(&path));
            input.then(|| report::error("P007", span, message, HINT))
        }
        _ => None,
    }
}

fn unwritten(program: &Program<'_>) -> Finding {
    let displays = program.calls().iter().any(|call| {
        call.chains.iter().any(|chain| {
            let builtin = chain.path().is_some_and(|path| path == "builtins.print");
            builtin || chain.last().is_some_and(|hop| hop.call.is_some() && DISPLAYS.contains(&hop.name.as_ref()))
        })
    });
    // A writer whose last method cannot be followed: `getattr(df.write, format)(path)`.
    let writer = |expr: &Expr| expr.as_attribute_expr().is_some_and(|attribute| attribute.attr.as_str() == "write");
    let called = |expr: &Expr| program.calls().iter().any(|call| ptr::eq(call.node.func.as_ref(), expr));
    if program.references().any(|expr| writer(expr) && !called(expr)) {
        return report::note("P006", None, "whether the result is written cannot be told from the code", HINT);
    }
    match displays {
        true => report::warning("P006", None, "the program displays its result and writes nothing", HINT),
        false => report::error("P006", None, "the program writes no result", HINT),
    }
}

fn of_call<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<Write> {
    let range = call.node.range();
    let mut found: Vec<Write> = Vec::new();
    for chain in call.chains.iter() {
        let Some(name) = call.called(chain) else { continue };
        let texts = |place, name| call.argument(place, name).map(|path| program.texts_within(path));
        let mut push = |target, mode| found.push(Write { range, target, mode });
        if let Some(methods) =
            after(chain, "write", BETWEEN, |name| FILES.contains(&name) || TABLES.contains(&name)).as_deref()
        {
            let target = match name {
                "saveAsTable" | "insertInto" => vec![Target::Elsewhere("a table".to_owned())],
                "jdbc" => vec![Target::Elsewhere("a database".to_owned())],
                _ => {
                    let given = texts(0, "path")
                        .or_else(|| option(program, methods, "path").map(|path| program.texts_within(path)));
                    let format = super::hops::method_texts(program, methods, "format", 0, "source");
                    let format = format.as_ref().and_then(|formats| formats.first()?.known());
                    match given {
                        Some(paths) => paths.into_iter().map(Target::Path).collect(),
                        None if matches!(format, Some("noop" | "console")) => continue,
                        None if format == Some("jdbc") => vec![Target::Elsewhere("a database".to_owned())],
                        None => vec![Target::Path(Value::unknown())],
                    }
                }
            };
            for target in target {
                push(target, Some(write_mode(program, call, methods)));
            }
        } else if let Some(places) = glue::writes(program, call, chain).filter(|_| may_be_spark(chain)) {
            match places {
                Some(paths) => paths.into_iter().for_each(|path| push(Target::Path(path), None)),
                None => push(Target::Elsewhere("a table or a database".to_owned()), None),
            }
        } else if matches!(name, "writeTo" | "mergeInto") && may_be_spark(chain) {
            push(Target::Elsewhere("a table".to_owned()), None);
        } else if RDD.contains(&name) && may_be_spark(chain) {
            for value in texts(0, "path").unwrap_or_else(|| vec![Value::unknown()]) {
                push(Target::Path(value), None);
            }
        } else {
            match libraries::writes(program, call, chain) {
                Some(Touched::Paths(paths)) => paths.into_iter().for_each(|path| push(Target::Path(path), None)),
                Some(Touched::Table) => push(Target::Elsewhere("a table".to_owned()), None),
                None => {}
            }
        }
    }
    found
}

fn write_mode<'a>(program: &Program<'a>, call: &Call<'a>, methods: &[&enginehouse_pycheck::Hop<'a>]) -> Mode {
    let named = super::hops::method_texts(program, methods, "mode", 0, "saveMode");
    let named = named.or_else(|| call.argument(usize::MAX, "mode").map(|mode| program.texts(mode)));
    let placed = || match methods.last().map(|hop| hop.name.as_ref()) {
        Some("parquet" | "csv" | "json" | "orc") => call.node.arguments.args.get(1).map(|mode| program.texts(mode)),
        _ => call.node.arguments.args.get(2).map(|mode| program.texts(mode)),
    };
    match named.or_else(placed) {
        None => Mode::Missing,
        Some(modes)
            if modes.iter().any(|mode| mode.known().is_some_and(|mode| mode.eq_ignore_ascii_case("overwrite"))) =>
        {
            Mode::Overwrite
        }
        Some(_) => Mode::Other,
    }
}
