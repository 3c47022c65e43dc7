//! Spark SQL: what a query reads, makes and changes.
//!
//! Queries are parsed with `sqlparser`. What it does not know is not read, and said to be unread; what a statement does beside
//! reading is told by its first words, so that nothing passes for want of a parser.

mod expressions;
mod parse;
mod relations;
mod text;
mod words;

use enginehouse_pycheck::Value;

pub(super) use expressions::{Item, condition, projected, projection};

/// What a query touches.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    /// Tables, as `database.table` without quotes; CTEs and views that the query itself makes are left out.
    pub(super) relations: Vec<Value>,
    /// Files read as ``csv.`s3://…` `` or by `OPTIONS (path '…')`.
    pub(super) paths: Vec<Value>,
    /// Where it writes files: `INSERT OVERWRITE DIRECTORY '…'`.
    pub(super) writes: Vec<Value>,
    /// Temporary views that it makes.
    pub(super) views: Vec<String>,
    /// What it does beside reading: `DROP TABLE`.
    pub(super) changes: Option<String>,
    /// `ADD JAR`, `CREATE FUNCTION … AS 'class'`.
    pub(super) loads_code: bool,
    /// `USE database`.
    pub(super) uses: bool,
    /// It reads something, and could not be parsed: what it reads is not known.
    pub(super) unread: bool,
}

/// Reads a query; what is not known in it makes names unknown, nothing else.
pub(super) fn read(query: &Value) -> Query {
    let text = text::spelled(query);
    let mut found = Query::default();
    let reads = words::scan(&text, &mut found);
    if reads {
        match parse::statements(&text).or_else(|| parse::statements(words::query(&text)?)) {
            Some(statements) => relations::collect(&statements, &mut found),
            None => found.unread = true,
        }
    }
    found
}

/// Whether a name in a query is a table, whatever its case, its quotes and its catalog.
pub(super) fn is_table(written: &str, database: &str, name: &str) -> bool {
    let written = plain(written);
    written == format!("{database}.{name}").to_lowercase() || written == name.to_lowercase()
}

/// A table's name in lower case, without quotes and without the session's own catalog.
pub(super) fn plain(written: &str) -> String {
    let name = written.replace('`', "").trim().to_lowercase();
    let catalogs = ["spark_catalog.", "glue_catalog.", "awsdatacatalog.", "hive_metastore."];
    catalogs.iter().find_map(|catalog| name.strip_prefix(catalog)).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests;
