//! What the program writes. Rules `R019` and `R025`.

use enginehouse_pycheck::{
    Call, Program, Ranged, TextRange, Value,
    libraries::{self, Touched},
    paths::{Fit, output},
    report,
};
use enginehouse_sdk::{Finding, Task};

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
const DISPLAYS: &[&str] = &["print", "pprint", "show", "display", "info", "warning", "writelines"];

const HINT: &str = "write `data.write_parquet(os.environ[\"OUTPUT_PATH\"])`";

enum Target {
    Path(Value),
    Elsewhere,
}

pub(super) fn check(task: &Task, program: &Program<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut written = false;
    for (range, target) in program.calls().iter().flat_map(|call| of_call(program, call)) {
        written = true;
        let span = program.span(&range);
        let Target::Path(value) = target else {
            findings.push(report::error("R025", span, "the program writes to a database or a service", HINT));
            continue;
        };
        match output(task, &value) {
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
    if !written && !displays(program) {
        let hint = format!("{HINT}, or print the result");
        findings.push(report::error("R019", None, "the program neither writes nor prints a result", hint));
    }
    findings
}

fn displays(program: &Program<'_>) -> bool {
    program.calls().iter().any(|call| {
        call.chains.iter().any(|chain| {
            let builtin = chain.path().is_some_and(|path| path == "builtins.print");
            builtin || call.called(chain).is_some_and(|name| DISPLAYS.contains(&name))
        })
    })
}

fn of_call<'a>(program: &Program<'a>, call: &Call<'a>) -> Vec<(TextRange, Target)> {
    let range = call.node.range();
    let mut found = Vec::new();
    for chain in call.chains.iter() {
        let Some(name) = call.own(chain).and_then(|_| call.called(chain)) else { continue };
        let ray = chain.may_come_from(&["ray"]);
        let stream = matches!(name, "open_output_stream" | "open_append_stream");
        let target = if ray && FILES.contains(&name) || stream {
            let path = call.argument(0, "path");
            Some(Touched::Paths(path.map_or_else(|| vec![Value::unknown()], |path| program.texts_within(path))))
        } else if ray && OTHERS.contains(&name) {
            Some(Touched::Table)
        } else {
            libraries::writes(program, call, chain)
        };
        match target {
            Some(Touched::Paths(paths)) => found.extend(paths.into_iter().map(|path| (range, Target::Path(path)))),
            Some(Touched::Table) => found.push((range, Target::Elsewhere)),
            None => {}
        }
    }
    found
}
