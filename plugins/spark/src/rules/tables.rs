//! Which tables the program names. Rule `P004`; what queries change is `X112`, what they are made of `X113`, what they load `X109`.

use std::collections::BTreeSet;

use enginehouse_pycheck::{Part, Program, TextRange, Value, report};
use enginehouse_sdk::{Finding, Source, TableSource, Task};

use super::{
    hops::may_be_spark,
    reads::{Read, What},
    sql::{self, Query},
};

const VIEWS: &[&str] = &[
    "createOrReplaceTempView",
    "createTempView",
    "createGlobalTempView",
    "createOrReplaceGlobalTempView",
    "registerTempTable",
    "registerDataFrameAsTable",
];

/// Names that the program itself gives to frames.
#[derive(Default)]
struct Views {
    names: BTreeSet<String>,
    /// A name that cannot be told is among them.
    open: bool,
    /// The program chooses a database, so that short names mean something.
    database: bool,
}

pub(super) fn check(task: &Task, program: &Program<'_>, reads: &[Read]) -> Vec<Finding> {
    let tables: Vec<&TableSource> = task
        .sources
        .iter()
        .filter_map(|source| if let Source::Table(table) = source { Some(table) } else { None })
        .collect();
    let views = views(program, reads);
    let mut findings = Vec::new();
    for read in reads {
        match &read.what {
            What::Table(name) => findings.extend(judge(program, read.range, name, &tables, &views)),
            What::Query(text, query) => {
                for name in &query.relations {
                    findings.extend(judge(program, read.range, name, &tables, &views));
                }
                findings.extend(of_query(program, read.range, text, query));
            }
            _ => {}
        }
    }
    findings
}

/// What is wrong with a query beside what it reads.
fn of_query(program: &Program<'_>, range: TextRange, text: &Value, query: &Query) -> Vec<Finding> {
    let span = program.span(&range);
    let mut findings = Vec::new();
    if let Some(change) = &query.changes {
        let message = format!("the query changes the catalog or a table: {}", report::quote(change));
        let hint = "only read in queries, and write the result to `os.environ[\"OUTPUT_PATH\"]`";
        findings.push(report::error("X112", span, message, hint));
    }
    if query.loads_code {
        findings.push(report::error("X109", span, "the query loads code", "use Spark's own functions"));
    }
    let put_together = text.known().is_none() && text.parts().iter().any(|part| matches!(part, Part::Text(_)));
    if put_together {
        let message = "the query is put together from values that the code does not tell";
        let hint = "write `spark.sql(\"… WHERE day = :day\", args={\"day\": day})`, or use frames";
        findings.push(report::warning("X113", span, message, hint));
    }
    findings
}

fn judge(
    program: &Program<'_>,
    range: TextRange,
    name: &Value,
    tables: &[&TableSource],
    views: &Views,
) -> Option<Finding> {
    let span = program.span(&range);
    let names: Vec<String> = tables.iter().map(|table| format!("{}.{}", table.database, table.name)).collect();
    let hint = match names.is_empty() {
        true => "read the given files with `spark.read`".to_owned(),
        false => format!(
            "the selected tables are {}",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let Some(written) = name.known() else {
        return Some(report::note("P004", span, "which table is read here cannot be told from the code", hint));
    };
    let plain = sql::plain(written);
    let own = plain.strip_prefix("global_temp.").unwrap_or(&plain);
    if views.names.contains(own) {
        return None;
    }
    if let Some(table) = tables.iter().find(|table| sql::is_table(written, &table.database, &table.name)) {
        let short = !plain.contains('.') && !views.database && !table.database.eq_ignore_ascii_case("default");
        let full = format!("write `{}.{}`", table.database, table.name);
        return short.then(|| {
            let message = format!("the table `{}` is named without its database", report::quote(written));
            report::warning("P004", span, message, full)
        });
    }
    if views.open && !plain.contains('.') {
        return Some(report::note(
            "P004",
            span,
            format!("`{}` is a view that cannot be traced", report::quote(written)),
            hint,
        ));
    }
    Some(report::error(
        "P004",
        span,
        format!("the table `{}` is not among the selected ones", report::quote(written)),
        hint,
    ))
}

fn views(program: &Program<'_>, reads: &[Read]) -> Views {
    let mut views = Views::default();
    for call in program.calls() {
        let name = call.chains.iter().filter(|chain| may_be_spark(chain)).find_map(|chain| call.called(chain));
        match name {
            Some(name) if VIEWS.contains(&name) => {
                let place = usize::from(name == "registerDataFrameAsTable");
                let texts = call.argument(place, "name").map(|name| program.texts(name));
                for text in texts.iter().flat_map(|texts| texts.iter()) {
                    match text.known() {
                        Some(text) => drop(views.names.insert(sql::plain(text))),
                        None => views.open = true,
                    }
                }
            }
            Some("setCurrentDatabase") => views.database = true,
            _ => {}
        }
    }
    for read in reads {
        if let What::Query(_, query) = &read.what {
            views.names.extend(query.views.iter().cloned());
            views.database |= query.uses;
        }
    }
    views
}
