//! Whole numbers without a source: tasks over chunks, in Python's own numbers, which never overflow.

use super::{
    code::{Code, Import},
    helpers::Helper,
};
use crate::{
    plan::{Aggregate, Measure, Numbers, Output, Query},
    text::literal,
};

/// How many tasks there are at most.
const TASKS: i64 = 16;

pub(super) fn render(code: &mut Code, numbers: &Numbers, outputs: &[Output]) {
    code.helper(Helper::Save);
    let end = numbers.last.saturating_add(1);
    let step = if numbers.step == 1 { String::new() } else { format!(", {}", numbers.step) };
    code.line(format!("numbers = range({}, {end}{step})", numbers.first));
    code.line(format!("size = max(1, -(-len(numbers) // {TASKS}))"));
    code.line("chunks = [numbers[start : start + size] for start in range(0, len(numbers), size)]");
    for output in outputs {
        match &output.query {
            Query::Groups(groups) => measures(code, numbers, &output.name, &groups.measures),
            _ => {
                let (name, all, wide) = (Numbers::COLUMN, all(numbers), kind(numbers));
                let body = [format!("return pa.table({{\"{name}\": pa.array(list({all}), {wide})}})")];
                code.import(Import::Arrow);
                code.function(true, "listed", "chunk", &body);
                let table = "pa.concat_tables(ray.get([listed.remote(chunk) for chunk in chunks]))";
                code.line(format!("save({}, {table})", literal(&output.name)));
            }
        }
    }
}

/// All numbers of a chunk, as what Python goes through.
fn all(numbers: &Numbers) -> String {
    let power = vec!["number"; usize::try_from(numbers.power).unwrap_or(1)].join(" * ");
    if numbers.power == 1 { "chunk".to_owned() } else { format!("{power} for number in chunk") }
}

fn kind(numbers: &Numbers) -> &'static str {
    if numbers.wide { "pa.decimal128(38, 0)" } else { "pa.int64()" }
}

fn measures(code: &mut Code, numbers: &Numbers, name: &str, measures: &[Measure]) {
    let (all, wide) = (all(numbers), kind(numbers));
    let has = |wanted: &[Aggregate]| measures.iter().any(|measure| wanted.contains(&measure.aggregate));
    // What each task answers of its chunk, and how the answers are put together.
    let parts = [
        ("total", "sum", has(&[Aggregate::Sum, Aggregate::Average])),
        ("count", "sum", has(&[Aggregate::Count, Aggregate::CountDistinct, Aggregate::Average])),
        ("least", "min", has(&[Aggregate::Least])),
        ("greatest", "max", has(&[Aggregate::Greatest])),
    ];
    let answer = |part: &str| match part {
        "total" => format!("sum({all})"),
        "count" => "len(chunk)".to_owned(),
        "least" => format!("min({all})"),
        _ => format!("max({all})"),
    };
    let needed: Vec<&(&str, &str, bool)> = parts.iter().filter(|(_, _, needed)| *needed).collect();
    let answers: Vec<String> = needed.iter().map(|(part, _, _)| format!("\"{part}\": {}", answer(part))).collect();
    code.import(Import::Arrow);
    code.function(true, "measured", "chunk", &[format!("return {{{}}}", answers.join(", "))]);
    code.line("parts = ray.get([measured.remote(chunk) for chunk in chunks])");
    for (part, function, _) in needed {
        code.line(format!("{part} = {function}(part[\"{part}\"] for part in parts)"));
    }
    code.line(format!("{name} = pa.table("));
    code.line("    {");
    for measure in measures {
        let value = match measure.aggregate {
            Aggregate::Sum => format!("pa.array([total], {wide})"),
            Aggregate::Average => "pa.array([total / count], pa.float64())".to_owned(),
            Aggregate::Least => format!("pa.array([least], {wide})"),
            Aggregate::Greatest => format!("pa.array([greatest], {wide})"),
            // Only squares can be alike: those of -2 and 2.
            Aggregate::CountDistinct if numbers.power == 2 && numbers.first < 0 => {
                "pa.array([len({number * number for number in numbers})], pa.int64())".to_owned()
            }
            Aggregate::Count | Aggregate::CountDistinct => "pa.array([count], pa.int64())".to_owned(),
        };
        code.line(format!("        {}: {value},", literal(&measure.name)));
    }
    code.line("    }");
    code.line(")");
    code.line(format!("save({}, {name})", literal(name)));
}
