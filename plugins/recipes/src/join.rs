//! Finds the columns that two tables are joined on, and gives every column of the joined rows a name of its own.

use enginehouse_sdk::Source;

use crate::{
    NotUnderstood,
    error::quoted,
    names,
    plan::{Column, JoinKind, Joined},
    scope::{self, Member},
};

/// Tables in their order, the columns of the joined rows, and which columns were taken for the keys.
pub(crate) struct Join {
    pub(crate) tables: Vec<Joined>,
    pub(crate) members: Vec<Member>,
    pub(crate) notes: Vec<String>,
}

/// The sources joined from left to right, each on columns it shares with one before it.
///
/// `on` holds the words of a column that the request names for it. Rules, the first that finds something counts:
/// `id` of one table and `<table>_id` of the other; the one shared name that ends like a key (`customer_id`, `sku_code`),
/// and of several the one that starts with a table's name; the only shared name.
pub(crate) fn join(
    sources: &[Source],
    used: &[usize],
    on: Option<&[String]>,
    kind: JoinKind,
) -> Result<Join, NotUnderstood> {
    let mut members: Vec<Member> = Vec::new();
    let mut joined: Vec<Joined> = Vec::new();
    let mut notes = Vec::new();
    for &at in used {
        let Some(source) = sources.get(at) else { continue };
        let base = names::plain(&scope::table_parts(source).join("_"), "source");
        let base = if base.starts_with(|c: char| c.is_ascii_digit()) || PYTHON.contains(&base.as_str()) {
            format!("t_{base}")
        } else {
            base
        };
        let name = names::unique(&base, joined.iter().map(|table| table.name.as_str()));
        let columns = scope::columns(source);
        let key = if joined.is_empty() { None } else { Some(key(sources, &members, at, &columns, on)?) };
        let mut table = Joined { source: at, name, renames: Vec::new(), keys: Vec::new(), kind };
        let mut key_rename = None;
        let names_taken: Vec<String> = members.iter().map(|member| member.column.name.to_lowercase()).collect();
        if let Some((left, right)) = &key
            && let Some(member) = members.get_mut(*left)
        {
            let left_name = member.column.name.clone();
            notes.push(format!(
                "joined `{}` with `{}` on `{left_name}` = `{right}`",
                title_of(sources, member),
                scope::title(source)
            ));
            if left_name.to_lowercase() == right.to_lowercase() {
                table.keys.push(left_name);
            } else if is_bare(&left_name) && member.origins.len() == 1 && !names_taken.contains(&right.to_lowercase()) {
                // `customers.id` takes the longer name, which says whose it is.
                let first =
                    joined.iter_mut().find(|table| member.origins.iter().any(|(origin, _)| *origin == table.source));
                if let Some(first) = first {
                    first.renames.push((left_name, right.clone()));
                }
                member.column.name.clone_from(right);
                table.keys.push(right.clone());
            } else {
                key_rename = Some((right.clone(), left_name.clone()));
                table.keys.push(left_name);
            }
            member.origins.push((at, right.clone()));
        }
        for column in columns {
            if key.as_ref().is_some_and(|(_, right)| *right == column.name) {
                continue;
            }
            let origin = column.name.clone();
            let taken = members.iter().map(|member| member.column.name.as_str());
            let is_taken = taken.clone().any(|other| other.to_lowercase() == origin.to_lowercase());
            let name =
                if is_taken { names::unique(&format!("{}_{origin}", table.name), taken) } else { origin.clone() };
            if name != origin {
                table.renames.push((origin.clone(), name.clone()));
            }
            members.push(Member { column: Column { name, kind: column.kind }, origins: vec![(at, origin)] });
        }
        // Last: the renames before it make its new name free.
        table.renames.extend(key_rename);
        joined.push(table);
    }
    Ok(Join { tables: joined, members, notes })
}

/// Names a variable of the program must not take.
const PYTHON: &[&str] = &[
    "os", "spark", "f", "output", "df", "result", "and", "or", "not", "in", "is", "if", "else", "for", "while", "with",
    "as", "from", "import", "class", "def", "del", "global", "lambda", "pass", "raise", "return", "try", "yield",
    "assert", "async", "await", "break", "continue", "elif", "except", "finally", "nonlocal", "none", "true", "false",
    "ray", "schema", "summary", "print", "list", "set", "dict", "str", "int", "float", "type", "id", "sum", "min",
    "max", "all", "any", "input", "range",
];

/// The member to join on, and the name of the new table's column.
fn key(
    sources: &[Source],
    members: &[Member],
    at: usize,
    columns: &[Column],
    on: Option<&[String]>,
) -> Result<(usize, String), NotUnderstood> {
    let shared: Vec<(usize, String)> = columns
        .iter()
        .filter_map(|column| {
            let lower = column.name.to_lowercase();
            let left = members.iter().position(|member| member.column.name.to_lowercase() == lower)?;
            Some((left, column.name.clone()))
        })
        .collect();
    let new_table = sources.get(at).map(scope::table_parts).unwrap_or_default();
    let title = sources.get(at).map(scope::title).unwrap_or_default();
    if let Some(words) = on {
        let wanted = names::stems(words);
        let is_named = |name: &str| names::stems(&names::parts(name)) == wanted;
        let found = shared.iter().find(|(_, name)| is_named(name)).cloned().or_else(|| {
            identifier_pairs(sources, members, at, columns)
                .into_iter()
                .find(|(_, name, whole)| is_named(name) || is_named(whole))
                .map(|(left, name, _)| (left, name))
        });
        return found.ok_or_else(|| {
            NotUnderstood::Impossible(format!(
                "`{}` is no column that `{title}` shares with the other tables.",
                words.join(" ")
            ))
        });
    }
    let pairs = identifier_pairs(sources, members, at, columns);
    if let [(left, name, _)] = pairs.as_slice() {
        return Ok((*left, name.clone()));
    }
    let keys: Vec<_> = shared.iter().filter(|(_, name)| is_key(name)).cloned().collect();
    let of_tables: Vec<_> = keys
        .iter()
        .filter(|(left, name)| {
            let parts = names::stems(&names::parts(name));
            let tables = members
                .get(*left)
                .into_iter()
                .flat_map(|member| &member.origins)
                .filter_map(|(source, _)| sources.get(*source));
            tables.map(scope::table_parts).chain([new_table.clone()]).any(|table| starts_with_table(&parts, &table))
        })
        .cloned()
        .collect();
    for candidates in [&of_tables, &keys, &shared] {
        match candidates.as_slice() {
            [] => continue,
            [only] => return Ok(only.clone()),
            several => {
                let names: Vec<String> = several.iter().map(|(_, name)| name.clone()).collect();
                return Err(NotUnderstood::Impossible(format!(
                    "`{title}` shares several columns with the other tables: {}. Say which to join on (\"on …\").",
                    quoted(&names)
                )));
            }
        }
    }
    Err(NotUnderstood::Impossible(format!(
        "`{title}` shares no column with the other tables: neither an equal name, nor `id` and `<table>_id`."
    )))
}

/// `id` on one side and `<table>_id` on the other: the member, the new table's column, and the longer of the two names.
fn identifier_pairs(
    sources: &[Source],
    members: &[Member],
    at: usize,
    columns: &[Column],
) -> Vec<(usize, String, String)> {
    let new_table = sources.get(at).map(scope::table_parts).unwrap_or_default();
    let mut pairs = Vec::new();
    for (left, member) in members.iter().enumerate() {
        for (source, name) in &member.origins {
            let table = sources.get(*source).map(scope::table_parts).unwrap_or_default();
            for column in columns {
                if is_bare(name) && points_at(&column.name, &table, name) {
                    pairs.push((left, column.name.clone(), column.name.clone()));
                } else if is_bare(&column.name) && points_at(name, &new_table, &column.name) {
                    pairs.push((left, column.name.clone(), name.clone()));
                }
            }
        }
    }
    pairs.dedup();
    pairs
}

fn is_bare(name: &str) -> bool {
    matches!(name.to_lowercase().as_str(), "id" | "key" | "code" | "uuid")
}

/// Whether `name` is the table's name and then `bare`.
fn points_at(name: &str, table: &[String], bare: &str) -> bool {
    let mut wanted = names::stems(table);
    wanted.push(bare.to_lowercase());
    names::stems(&names::parts(name)) == wanted || names::parts(name).concat() == wanted.concat()
}

fn is_key(name: &str) -> bool {
    let parts = names::parts(name);
    parts.len() > 1
        && parts
            .last()
            .is_some_and(|last| matches!(last.as_str(), "id" | "key" | "code" | "no" | "number" | "uuid" | "sku"))
}

fn starts_with_table(parts: &[String], table: &[String]) -> bool {
    !table.is_empty() && parts.starts_with(&names::stems(table))
}

fn title_of(sources: &[Source], member: &Member) -> String {
    member.origins.first().and_then(|(source, _)| sources.get(*source)).map(scope::title).unwrap_or_default()
}
