//! The Python that runs before a program on this machine: it makes the session and registers the task's tables.
//!
//! The engine's catalog is in memory (`spark.sql.catalogImplementation=in-memory`), so `spark.table("db.name")` finds what
//! is registered here, and nothing else. Every name and value is quoted twice: for SQL, and for Python.

use std::collections::BTreeSet;

use enginehouse_recipes::{
    csv::Csv,
    pyspark::{data_type, identifier, literal},
};
use enginehouse_sdk::{Column, RelationKind, Source, TableSource, Task};

/// Empty where no table can be registered.
///
/// Left out are views and tables without a location in the object store or of a format that Spark cannot read: a program that
/// reads one of them fails with Spark's own `TABLE_OR_VIEW_NOT_FOUND`. No name is left behind.
pub(crate) fn prelude(task: &Task) -> String {
    let tables: Vec<&TableSource> = task.sources.iter().filter_map(registrable).collect();
    if tables.is_empty() {
        return String::new();
    }
    let databases: BTreeSet<&str> = tables.iter().map(|table| table.database.as_str()).collect();
    let mut statements: Vec<String> =
        databases.iter().map(|database| format!("CREATE DATABASE IF NOT EXISTS {}", identifier(database))).collect();
    for table in tables {
        statements.extend(register(table));
    }
    let statements: Vec<String> =
        statements.iter().map(|statement| format!("        {},\n", literal(statement))).collect();
    // A `${…}` in a name or a value is no variable of Spark's.
    format!(
        "def _enginehouse_tables():
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName(\"enginehouse\").getOrCreate()
    substitute = \"spark.sql.variable.substitute\"
    before = spark.conf.get(substitute)
    spark.conf.set(substitute, \"false\")
    for statement in (
{}    ):
        spark.sql(statement)
    spark.conf.set(substitute, before)


_enginehouse_tables()
del _enginehouse_tables
",
        statements.concat()
    )
}

fn registrable(source: &Source) -> Option<&TableSource> {
    let Source::Table(table) = source else { return None };
    let in_store = table
        .location
        .as_deref()
        .is_some_and(|location| ["s3://", "s3a://", "s3n://"].iter().any(|scheme| location.starts_with(scheme)));
    (table.kind == RelationKind::Table && in_store && format(table).is_some()).then_some(table)
}

fn format(table: &TableSource) -> Option<&'static str> {
    let named = table.format.as_deref()?.to_ascii_lowercase();
    ["csv", "parquet", "json", "orc"].into_iter().find(|format| *format == named)
}

/// The statements for one table.
fn register(table: &TableSource) -> Vec<String> {
    let Some(format) = format(table) else { return Vec::new() };
    let name = format!("{}.{}", identifier(&table.database), identifier(&table.name));
    let columns = declared(table, format);
    let mut create = format!("CREATE TABLE IF NOT EXISTS {name}");
    if let Some(columns) = &columns {
        create.push_str(&format!(" ({columns})"));
    }
    create.push_str(&format!(" USING {format}"));
    let options = if format == "csv" { csv_options(table) } else { Vec::new() };
    if !options.is_empty() {
        let options: Vec<String> =
            options.iter().map(|(key, value)| format!("{} {}", text(key), text(value))).collect();
        create.push_str(&format!(" OPTIONS ({})", options.join(", ")));
    }
    let partitioned = !table.partition_keys.is_empty();
    // Without declared columns Spark finds the partitions by itself.
    if partitioned && columns.is_some() {
        let keys: Vec<String> = table.partition_keys.iter().map(|key| identifier(&key.name)).collect();
        create.push_str(&format!(" PARTITIONED BY ({})", keys.join(", ")));
    }
    create.push_str(&format!(" LOCATION {}", text(table.location.as_deref().unwrap_or_default())));
    let repair = partitioned.then(|| format!("MSCK REPAIR TABLE {name}"));
    std::iter::once(create).chain(repair).collect()
}

/// The columns and partition keys as Spark declares them.
///
/// In CSV files all that is not known to be a type is text; of formats that carry their own types, none are declared then.
fn declared(table: &TableSource, format: &str) -> Option<String> {
    let all: Vec<&Column> = table.columns.iter().chain(&table.partition_keys).collect();
    let columns: Option<Vec<String>> = all
        .iter()
        .map(|column| {
            let known = column.data_type.as_deref().and_then(data_type);
            let kind = if format == "csv" { Some(known.unwrap_or_else(|| "string".to_owned())) } else { known };
            kind.map(|kind| format!("{} {kind}", identifier(&column.name)))
        })
        .collect();
    columns.filter(|_| !table.columns.is_empty()).map(|columns| columns.join(", "))
}

/// Spark's options for what the catalog says of the files.
fn csv_options(table: &TableSource) -> Vec<(&'static str, String)> {
    let csv = Csv::of_table(table);
    let given = [
        ("sep", csv.delimiter),
        ("quote", csv.quote),
        ("escape", csv.escape),
        ("encoding", csv.encoding),
        ("nullValue", csv.null_value),
    ];
    let given = given.into_iter().filter_map(|(option, value)| Some((option, value?.to_owned())));
    std::iter::once(("header", csv.header.to_string())).chain(given).collect()
}

/// A Spark SQL string literal.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use enginehouse_sdk::testing;

    use super::*;

    fn table(name: &str) -> TableSource {
        TableSource {
            location: Some("s3://raw/orders/".into()),
            format: Some("csv".into()),
            partition_keys: testing::columns(&[("day", "date")]),
            properties: vec![("skip.header.line.count".into(), "1".into()), ("delimiter".into(), ";".into())],
            ..testing::table("db", name, &[("id", "bigint"), ("odd", "int) USING x --")])
        }
    }

    fn task(tables: Vec<TableSource>) -> Task {
        testing::task("", tables.into_iter().map(Source::Table).collect())
    }

    #[test]
    fn a_table_is_registered_with_its_columns_and_partitions() {
        let prelude = prelude(&task(vec![table("orders")]));
        for needed in [
            r#""CREATE DATABASE IF NOT EXISTS `db`","#,
            "CREATE TABLE IF NOT EXISTS `db`.`orders` (`id` bigint, `odd` string, `day` date) USING csv OPTIONS ('header' 'true', 'sep' ';') PARTITIONED BY (`day`) LOCATION 's3://raw/orders/'",
            "MSCK REPAIR TABLE `db`.`orders`",
        ] {
            assert!(prelude.contains(needed), "{needed} in\n{prelude}");
        }
    }

    #[test]
    fn nothing_to_register_is_nothing_to_run() {
        assert_eq!(prelude(&task(Vec::new())), "");
        let view = TableSource { kind: RelationKind::View, ..table("v") };
        let elsewhere = TableSource { location: Some("file:///etc".into()), ..table("f") };
        assert_eq!(prelude(&task(vec![view, elsewhere])), "");
    }

    #[test]
    fn no_name_or_value_breaks_out() {
        let evil = "a`b'c\"d\\e\n\"\"\"; import os\u{2028}#{}${env:HOME}";
        let lines = prelude(&task(vec![table("orders")])).lines().count();
        let mut table = table(evil);
        table.database = evil.into();
        table.location = Some(format!("s3://raw/{evil}"));
        table.columns[0].name = evil.into();
        table.properties.push(("quote".into(), evil.into()));
        let prelude = prelude(&task(vec![table]));
        let statements: Vec<&str> = prelude.lines().filter(|line| line.starts_with("        \"")).collect();
        assert_eq!(statements.len(), 3, "{prelude}");
        for statement in statements {
            let inner = statement.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix("\",")).unwrap();
            let mut escaped = false;
            for c in inner.chars() {
                assert!(escaped || c != '"', "{statement}");
                escaped = c == '\\' && !escaped;
            }
            assert!(!escaped && inner.contains("a``b"), "{statement}");
        }
        assert_eq!(prelude.lines().count(), lines, "{prelude}");
    }
}
