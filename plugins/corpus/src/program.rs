//! Valid programs, each with the task that it is an answer to.
//!
//! The comments at the top, up to the first empty line, are TOML: `platform` and `output` where they are not the usual, then
//! `[[objects]]`, `[[tables]]` and `[[relations]]`, with their columns in the words of Spark's DDL.

use std::{collections::BTreeMap, fs, path::Path};

use enginehouse_sdk::{ObjectSource, RelationSource, Source, TableSource, Task, testing};
use serde::Deserialize;

/// A valid program.
pub struct Valid {
    /// That of its file.
    pub name: String,
    /// What it was asked for.
    pub task: Task,
    /// All of it, with its head.
    pub code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    platform: Option<String>,
    output: Option<String>,
    #[serde(default)]
    objects: Vec<Objects>,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    relations: Vec<Relation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Objects {
    uri: String,
    format: Option<String>,
    columns: String,
    /// Those of the columns that are told by folders; the inspector names them among the columns.
    #[serde(default, rename = "partitions")]
    _partitions: Vec<String>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    columns: String,
    #[serde(default)]
    partitions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relation {
    name: String,
    url: String,
    columns: String,
}

/// Those in a folder, in the order of their names.
pub fn programs(folder: impl AsRef<Path>) -> Vec<Valid> {
    let mut programs: Vec<Valid> = fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let code = fs::read_to_string(&path).expect("text");
            Valid { task: task(&name, &code), name, code }
        })
        .collect();
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs
}

fn task(name: &str, code: &str) -> Task {
    let head: Vec<&str> = code.lines().map_while(|line| line.strip_prefix('#')).collect();
    let head: Head = toml::from_str(&head.join("\n")).unwrap_or_else(|error| panic!("{name}: {error}"));
    let objects = head.objects.into_iter().map(|objects| {
        Source::Objects(ObjectSource {
            format: objects.format.or(Some("csv".to_owned())),
            properties: objects.properties.into_iter().collect(),
            ..testing::csv(&objects.uri, &columns(&objects.columns))
        })
    });
    let tables = head.tables.into_iter().map(|table| {
        let (database, short) = table.name.split_once('.').expect("a database and a name");
        let (keys, columns): (Vec<_>, Vec<_>) =
            columns(&table.columns).into_iter().partition(|(name, _)| table.partitions.iter().any(|key| key == name));
        Source::Table(TableSource {
            location: Some(format!("s3://warehouse/{database}/{short}/")),
            format: Some("parquet".to_owned()),
            partition_keys: testing::columns(&keys),
            ..testing::table(database, short, &columns)
        })
    });
    let relations = head.relations.into_iter().map(|relation| {
        Source::Relation(RelationSource {
            connection: "shop".to_owned(),
            jdbc_url: relation.url,
            name: relation.name,
            credential: "shop-reader".to_owned(),
            columns: testing::columns(&columns(&relation.columns)),
        })
    });
    Task {
        output: head.output,
        platform: head.platform.or(Some("local".to_owned())),
        ..testing::task("", objects.chain(tables).chain(relations).collect())
    }
}

/// `` id bigint, `a b` struct<x:int,y:int> `` by name and type.
fn columns(ddl: &str) -> Vec<(&str, &str)> {
    let mut depth = 0;
    let split = ddl.split(|c| {
        depth += i32::from(matches!(c, '<' | '(')) - i32::from(matches!(c, '>' | ')'));
        c == ',' && depth == 0
    });
    split
        .map(|column| {
            let column = column.trim();
            let quoted = column.strip_prefix('`').and_then(|rest| rest.split_once('`'));
            let (name, kind) = quoted.or_else(|| column.split_once(' ')).expect("a name and a type");
            (name, kind.trim())
        })
        .collect()
}

impl Valid {
    /// Where the program itself begins, behind its head.
    pub fn body(&self) -> usize {
        self.code.find("\n\n").map_or(0, |end| end + 1)
    }

    /// Whether the task has one source alone.
    pub fn has_one_source(&self) -> bool {
        self.task.sources.len() == 1
    }

    /// The uri of the first source of objects.
    pub fn uri(&self) -> Option<&str> {
        self.task.sources.iter().find_map(|source| match source {
            Source::Objects(objects) => Some(objects.uri.as_str()),
            _ => None,
        })
    }

    /// The first table, as `database.name`.
    pub fn table(&self) -> Option<String> {
        self.task.sources.iter().find_map(|source| match source {
            Source::Table(table) => Some(format!("{}.{}", table.database, table.name)),
            _ => None,
        })
    }

    /// Whether the module itself has this name, by a plain assignment.
    pub fn assigns(&self, name: &str) -> bool {
        self.code.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(" = ")))
    }
}
