//! What the demo prints.

use std::io::{self, Write};

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use serde_json::Value;

pub(super) fn title(text: &str) -> anyhow::Result<()> {
    line(&format!("\n━━ {text}"))
}

pub(super) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

pub(super) fn upload(upload: &Value) -> anyhow::Result<()> {
    let columns: Vec<String> =
        each(upload, "columns").map(|c| format!("{} {}", text(c, "name"), text(c, "type"))).collect();
    line(&format!("   {}\n   columns: {}", text(upload, "uri"), columns.join(", ")))
}

pub(super) fn event(kind: &str, data: &Value) -> anyhow::Result<()> {
    let said = match kind {
        "state" => format!("→ {}", text(data, "state")),
        "validated" => format!("  {} errors, {} warnings", number(data, "errors"), number(data, "warnings")),
        "progress" => match data.get("platform") {
            Some(_) => format!("  platform {}: {}", text(data, "platform"), text(data, "reason")),
            None => format!("  {}", text(data, "detail")),
        },
        "note" => format!("  {}", text(data, "message")),
        _ => return Ok(()),
    };
    line(&format!("   {said}"))
}

pub(super) fn attempts(attempts: &Value) -> anyhow::Result<()> {
    for attempt in attempts.as_array().into_iter().flatten() {
        line(&format!("   code by {}:", text(attempt, "author")))?;
        code(text(attempt, "code"))?;
        for note in each(attempt, "notes") {
            line(&format!("   note: {}", note.as_str().unwrap_or_default()))?;
        }
        findings(attempt)?;
    }
    Ok(())
}

pub(super) fn refused(bad: &str, problem: &Value) -> anyhow::Result<()> {
    code(bad)?;
    line(&format!("   {}: {}", number(problem, "status"), text(problem, "detail")))?;
    findings(problem)
}

pub(super) fn table(results: &Value) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY);
    table.set_header(each(results, "columns").map(|column| text(column, "name").to_owned()));
    for row in each(results, "rows") {
        table.add_row(row.as_array().into_iter().flatten().map(cell));
    }
    line(&table.to_string())
}

fn findings(holder: &Value) -> anyhow::Result<()> {
    let mut none = true;
    for finding in each(holder, "findings") {
        none = false;
        let place = finding.get("span").and_then(|span| span.get("start_line"));
        let place = place.map(|line| format!(" in line {line}")).unwrap_or_default();
        let (severity, rule) = (text(finding, "severity"), text(finding, "rule"));
        line(&format!("   {severity} {rule}{place}: {}", text(finding, "message")))?;
        if let Some(hint) = finding.get("hint").and_then(Value::as_str) {
            line(&format!("      hint: {hint}"))?;
        }
    }
    if none { line("   findings: none") } else { Ok(()) }
}

fn code(code: &str) -> anyhow::Result<()> {
    code.lines().try_for_each(|text| line(&format!("   │ {text}")))
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn each<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}
