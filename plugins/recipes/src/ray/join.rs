//! Sources joined from left to right, in one task.

use enginehouse_sdk::Source;

use super::{
    code::{Code, Import},
    filter,
    helpers::Helper,
    read,
};
use crate::{
    NotUnderstood,
    plan::{Filter, JoinKind, Joined},
    scope,
    text::literal,
};

/// Lines that leave the joined rows in `rows`.
pub(super) fn render(
    code: &mut Code,
    joined: &[Joined],
    filter: Option<&Filter>,
    sources: &[Source],
) -> Result<(), NotUnderstood> {
    let mut body = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    for (at, table) in joined.iter().enumerate() {
        let Some(source) = sources.get(table.source) else { continue };
        let prefix = format!("{}_", table.name);
        read::source(code, &prefix, source, &read::Reading { needed: &read::all(source), filter: None, first: None })?;
        let rows = format!("{prefix}rows");
        let own: Vec<String> = scope::columns(source)
            .into_iter()
            .map(|column| {
                table.renames.iter().rfind(|(old, _)| *old == column.name).map_or(column.name, |(_, new)| new.clone())
            })
            .collect();
        if !table.renames.is_empty() {
            let renames: Vec<String> =
                table.renames.iter().map(|(old, new)| format!("{}: {}", literal(old), literal(new))).collect();
            body.push(format!("{rows} = {rows}.rename_columns({{{}}})", renames.join(", ")));
        }
        if at == 0 {
            body.push(format!("rows = {rows}"));
            columns = own;
            continue;
        }
        code.helper(Helper::Matched);
        for key in &table.keys {
            body.push(format!("rows, {rows} = matched(rows, {rows}, {})", literal(key)));
        }
        let how = match table.kind {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left outer",
            JoinKind::Right => "right outer",
            JoinKind::Full => "full outer",
        };
        body.push(format!("rows = rows.join({rows}, keys=[{}], join_type=\"{how}\")", listed(&table.keys)));
        let is_key = |name: &String| table.keys.contains(name);
        let left = columns.iter().filter(|name| !is_key(name));
        let right = own.iter().filter(|name| !is_key(name));
        columns = table.keys.iter().chain(left).chain(right).cloned().collect();
    }
    body.push(format!("rows = rows.select([{}])", listed(&columns)));
    if let Some(filter) = filter {
        body.push(format!("rows = rows.filter({})", filter::render(code, filter)));
    }
    body.push("return rows".to_owned());
    let parameters: Vec<String> = joined.iter().map(|table| format!("{}_rows", table.name)).collect();
    code.import(Import::Arrow);
    code.function(true, "joined", &parameters.join(", "), &body);
    code.line(format!("rows = joined.remote({})", parameters.join(", ")));
    Ok(())
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
}
