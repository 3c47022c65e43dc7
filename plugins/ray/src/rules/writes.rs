//! What the program writes. Rules `R019` and `R025`.

use enginehouse_pycheck::{
    Call, Program, Value,
    ast::Expr,
    libraries::{self, Touched},
    paths::{Fit, output},
    report,
};
use enginehouse_sdk::{Finding, Task};

use super::paths::{judged, of_store, with_scheme};

/// Methods of a dataset that write files.
const FILES: &[&str] = &[
    "write_parquet",
    "write_csv",
    "write_json",
    "write_numpy",
    "write_images",
    "write_orc",
    "write_tfrecords",
    "write_webdataset",
    "write_lance",
    "write_delta",
];
/// Methods of a dataset that write anything else.
const OTHERS: &[&str] = &[
    "write_sql",
    "write_bigquery",
    "write_mongo",
    "write_clickhouse",
    "write_snowflake",
    "write_iceberg",
    "write_kafka",
    "write_turbopuffer",
    "write_datasink",
];
const DISPLAYS: &[&str] =
    &["print", "pprint", "show", "display", "debug", "info", "warning", "error", "critical", "exception", "writelines"];

const HINT: &str = "write `data.write_parquet(os.environ[\"OUTPUT_PATH\"])`";

enum Target {
    Paths(Vec<Value>),
    Elsewhere,
}

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let fits = |value: &Value| output(task, value);
    let mut findings = Vec::new();
    let mut written = false;
    for (call, target) in program.calls().iter().flat_map(|call| of_call(program, call, fits)) {
        written = true;
        let span = program.span(call.node);
        let Target::Paths(values) = target else {
            findings.push(report::error("R025", span, "the program writes to a database or a service", HINT));
            continue;
        };
        for (value, fit) in judged(program, call, values, fits) {
            match fit {
                Fit::Yes => {}
                Fit::No => {
                    let message = format!("`{}` is written, which is not the run's output", value.display());
                    findings.push(report::error("R025", span, message, HINT));
                }
                Fit::Unknown => {
                    let message = "where this writes cannot be told from the code";
                    findings.push(report::note("R025", span, message, HINT));
                }
            }
        }
    }
    if !written && !displays(program) {
        let hint = format!("{HINT}, or print the result");
        findings.push(report::error("R019", None, "the program neither writes nor prints a result", hint));
    }
    findings
}

fn displays(program: &Program<'_>) -> bool {
    let prints = |expr| program.chains(expr).iter().any(|chain| chain.pure_path() == Some("builtins.print"));
    program.references().any(prints) || program.calls().iter().any(|call| displays_by(program, call))
}

fn displays_by<'a>(program: &Program<'a>, call: &Call<'a>) -> bool {
    let named = call.chains.iter().any(|chain| {
        let name = call.called(chain).unwrap_or_default();
        // What comes out of the program's own functions may be a dataset as well.
        let writes = FILES.contains(&name) || OTHERS.contains(&name);
        let logs = name == "log" && chain.path().is_none_or(|path| path.starts_with("logging."));
        writes || logs || DISPLAYS.contains(&name) || chain.path().is_some_and(|path| path.starts_with("sys.std"))
    });
    // What is set up to log to the screen has not told anything yet.
    let logging = call.callee.iter().any(|chain| chain.path().is_some_and(|path| path.starts_with("logging.")));
    let screen =
        |argument: &'a Expr| program.chains(argument).iter().any(|chain| chain.pure_path() == Some("sys.stdout"));
    named || (!logging && call.node.arguments.args.iter().any(screen))
}

fn of_call<'p, 'a>(
    program: &Program<'a>,
    call: &'p Call<'a>,
    fits: impl Fn(&Value) -> Fit + Copy,
) -> Vec<(&'p Call<'a>, Target)> {
    let mut found = Vec::new();
    for chain in call.chains.iter() {
        let Some(name) = call.own(chain).and_then(|_| call.called(chain)) else { continue };
        let ray = |names: &[&str]| {
            names.contains(&name) && chain.may_come_from(&["ray"]) && !libraries::is_own(program, chain, name)
        };
        let stream = matches!(name, "open_output_stream" | "open_append_stream");
        let target = if ray(FILES) || stream {
            let path = call.argument(0, "path");
            Some(Touched::Paths(path.map_or_else(|| vec![Value::unknown()], |path| program.texts_within(path))))
        } else if ray(OTHERS) {
            Some(Touched::Table)
        } else {
            libraries::writes(program, call, chain)
        };
        let meant = |value| if stream { of_store(value, fits) } else { with_scheme(call, value, fits) };
        found.extend(target.map(|target| match target {
            Touched::Paths(paths) => (call, Target::Paths(paths.into_iter().map(meant).collect())),
            Touched::Table => (call, Target::Elsewhere),
        }));
    }
    found
}
