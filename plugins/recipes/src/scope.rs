//! What the words of a request may stand for: the columns and tables in play, found by name.

use std::collections::{BTreeSet, HashMap};

use enginehouse_sdk::Source;

use crate::{
    names,
    plan::{Column, Kind},
    sample,
};

/// The columns of one source, or of several after their join.
pub(crate) struct Scope {
    pub(crate) columns: Vec<Column>,
    tables: Vec<Vec<String>>,
    index: Index,
    /// Values in the samples, in lower case: the column and the value as it stands there.
    values: HashMap<String, BTreeSet<(usize, String)>>,
}

/// Every key is a list of words, joined.
#[derive(Default)]
struct Index {
    /// Words as they are.
    exact: HashMap<String, BTreeSet<usize>>,
    /// Without plural endings, alone or with the table's name before them.
    stemmed: HashMap<String, BTreeSet<usize>>,
    /// Written as one word.
    glued: HashMap<String, BTreeSet<usize>>,
    /// By each of its words: where loose matches are looked for.
    words: HashMap<String, BTreeSet<usize>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Match {
    None,
    /// `told`: the caller should hear of it, the word is not the column's name.
    One {
        column: usize,
        told: bool,
    },
    Many(Vec<usize>),
}

/// A column in play: where it comes from, under which names.
pub(crate) struct Member {
    pub(crate) column: Column,
    /// Source and the name in it; several where a join made them one.
    pub(crate) origins: Vec<(usize, String)>,
}

impl Scope {
    pub(crate) fn new(sources: &[Source], used: &[usize], members: Vec<Member>) -> Self {
        let mut index = Index::default();
        let mut by_origin = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            index.add(at, &member.column.name, None);
            for (source, name) in &member.origins {
                index.add(at, name, sources.get(*source));
                by_origin.insert((*source, name.as_str()), at);
            }
        }
        let mut values: HashMap<String, BTreeSet<(usize, String)>> = HashMap::new();
        for (at, source) in used.iter().filter_map(|at| Some((*at, sources.get(*at)?))) {
            let Source::Objects(objects) = source else { continue };
            for row in sample::rows(objects) {
                for (column, value) in objects.columns.iter().zip(row) {
                    let Some(column) = by_origin.get(&(at, column.name.as_str())) else { continue };
                    values.entry(value.to_lowercase()).or_default().insert((*column, value));
                }
            }
        }
        let tables =
            used.iter().filter_map(|at| sources.get(*at)).map(|source| names::stems(&table_parts(source))).collect();
        Self { columns: members.into_iter().map(|member| member.column).collect(), tables, index, values }
    }

    pub(crate) fn column(&self, at: usize) -> Option<&Column> {
        self.columns.get(at)
    }

    pub(crate) fn names(&self, columns: impl IntoIterator<Item = usize>) -> Vec<String> {
        columns.into_iter().filter_map(|at| self.column(at)).map(|column| column.name.clone()).collect()
    }

    /// All that the words name in full: as written, as plural or singular, with the table's name, as one word.
    pub(crate) fn exactly(&self, parts: &[String]) -> Match {
        let (exact, stemmed) = (parts.join(" "), names::stems(parts).join(" "));
        for (index, key, told) in [
            (&self.index.exact, exact, false),
            (&self.index.stemmed, stemmed, true),
            (&self.index.glued, parts.concat(), true),
        ] {
            match index.get(&key) {
                Some(found) => return matched(found, told),
                None => continue,
            }
        }
        Match::None
    }

    /// All that has the words next to each other in its name.
    pub(crate) fn loosely(&self, parts: &[String]) -> Match {
        let stems = names::stems(parts);
        let Some(found) = stems.first().and_then(|first| self.index.words.get(first)) else { return Match::None };
        let found: BTreeSet<usize> = found
            .iter()
            .copied()
            .filter(|at| {
                let name = self.column(*at).map(|column| names::stems(&names::parts(&column.name))).unwrap_or_default();
                name.windows(stems.len()).any(|window| window == stems)
            })
            .collect();
        matched(&found, true)
    }

    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(crate) fn is_table(&self, parts: &[String]) -> bool {
        let stems = names::stems(parts);
        !stems.is_empty() && self.tables.contains(&stems)
    }

    pub(crate) fn is_in_table(&self, parts: &[String]) -> bool {
        let stems = names::stems(parts);
        !stems.is_empty() && self.tables.iter().any(|table| table.windows(stems.len()).any(|window| window == stems))
    }

    /// The value as it stands in the sample of the column.
    pub(crate) fn value_of(&self, column: usize, text: &str) -> Option<&str> {
        let found = self.values.get(&text.to_lowercase())?;
        let of_column = || found.iter().filter(|(at, _)| *at == column).map(|(_, value)| value.as_str());
        of_column().find(|value| *value == text).or_else(|| of_column().next())
    }

    /// The text columns that hold the value in their samples.
    pub(crate) fn holders(&self, text: &str) -> Vec<usize> {
        let found = self.values.get(&text.to_lowercase());
        let columns: BTreeSet<usize> = found.into_iter().flatten().map(|(at, _)| *at).collect();
        columns
            .into_iter()
            .filter(|at| self.column(*at).is_some_and(|c| matches!(c.kind, Kind::Text | Kind::Unknown)))
            .collect()
    }

    /// What to describe where no columns are named: none, which means all, unless names need care.
    pub(crate) fn described(&self) -> Vec<Column> {
        let needs_care =
            |column: &Column| column.name.contains(['`', '.']) || column.name.eq_ignore_ascii_case("summary");
        if self.columns.iter().any(needs_care) { self.columns.clone() } else { Vec::new() }
    }

    pub(crate) fn of_kind(&self, is: impl Fn(Kind) -> bool) -> Vec<usize> {
        self.columns.iter().enumerate().filter(|(_, column)| is(column.kind)).map(|(at, _)| at).collect()
    }
}

impl Index {
    fn add(&mut self, at: usize, name: &str, source: Option<&Source>) {
        let parts = names::parts(name);
        let stems = names::stems(&parts);
        let mut put = |map: fn(&mut Self) -> &mut HashMap<String, BTreeSet<usize>>, key: String| {
            if !key.is_empty() {
                map(self).entry(key).or_default().insert(at);
            }
        };
        put(|index| &mut index.exact, parts.join(" "));
        put(|index| &mut index.stemmed, stems.join(" "));
        put(|index| &mut index.glued, parts.concat());
        for stem in &stems {
            put(|index| &mut index.words, stem.clone());
        }
        if let Some(source) = source {
            let table = names::stems(&table_parts(source));
            put(|index| &mut index.stemmed, [table, stems].concat().join(" "));
        }
    }
}

/// The words of the name a person would call the source by: the table's, or the file's without its ending.
pub(crate) fn table_parts(source: &Source) -> Vec<String> {
    match source {
        Source::Table(table) => names::parts(&table.name),
        Source::Relation(relation) => names::parts(relation.name.rsplit('.').next().unwrap_or_default()),
        Source::Objects(objects) => {
            let last = objects.uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            names::parts(last.split('.').next().unwrap_or_default())
        }
    }
}

/// What to call the source in a message.
pub(crate) fn title(source: &Source) -> String {
    match source {
        Source::Table(table) => format!("{}.{}", table.database, table.name),
        Source::Relation(relation) => relation.name.clone(),
        Source::Objects(objects) => objects.uri.clone(),
    }
}

/// A source's columns with its partition keys.
pub(crate) fn columns(source: &Source) -> Vec<Column> {
    let (columns, keys) = match source {
        Source::Table(table) => (&table.columns, table.partition_keys.as_slice()),
        Source::Relation(relation) => (&relation.columns, [].as_slice()),
        Source::Objects(objects) => (&objects.columns, [].as_slice()),
    };
    columns
        .iter()
        .chain(keys)
        .map(|column| Column { name: column.name.clone(), kind: Kind::of(column.data_type.as_deref()) })
        .collect()
}

fn matched(found: &BTreeSet<usize>, told: bool) -> Match {
    let mut each = found.iter().copied();
    match (each.next(), each.next()) {
        (None, _) => Match::None,
        (Some(column), None) => Match::One { column, told },
        _ => Match::Many(found.iter().copied().collect()),
    }
}

/// `csv`, `parquet`, `json` or `orc`: as told, else by the ending of the name.
pub(crate) fn format(source: &enginehouse_sdk::ObjectSource) -> Option<&'static str> {
    const FORMATS: [&str; 4] = ["csv", "parquet", "json", "orc"];
    let named = |name: &str| FORMATS.into_iter().find(|format| format.eq_ignore_ascii_case(name));
    match source.format.as_deref() {
        Some(format) => named(format),
        None => source.uri.rsplit('/').next()?.split('.').skip(1).find_map(named),
    }
}
