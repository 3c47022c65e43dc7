//! From Glue's record of a table to ours.

use std::collections::HashMap;

use aws_sdk_glue::types::{Column as GlueColumn, StorageDescriptor, Table as GlueTable};
use enginehouse_capabilities::{Column, ObjectUri, RelationKind, Table};

type Parameters = HashMap<String, String>;

pub(super) fn table(database: String, name: String, found: GlueTable) -> Table {
    let storage = found.storage_descriptor.as_ref();
    let kind = kind(&found);
    let columns = storage.map(StorageDescriptor::columns).unwrap_or_default();
    // The location of a view says nothing.
    let location = storage.and_then(|storage| storage.location()).filter(|_| kind == RelationKind::Table);
    let location = location.and_then(|text| text.parse::<ObjectUri>().ok()).map(|uri| uri.as_prefix());
    let format = format(&found).filter(|_| kind != RelationKind::View);
    let properties = match format.as_deref() {
        Some("csv") => csv(&found),
        _ => Vec::new(),
    };
    Table {
        database,
        name,
        kind,
        location,
        format,
        columns: columns.iter().map(column).collect(),
        partition_keys: found.partition_keys().iter().map(column).collect(),
        properties,
    }
}

fn column(column: &GlueColumn) -> Column {
    Column {
        name: column.name().to_owned(),
        data_type: column.r#type().map(str::to_owned),
        comment: column.comment().filter(|comment| !comment.is_empty()).map(str::to_owned),
    }
}

fn kind(table: &GlueTable) -> RelationKind {
    let has_text = table.view_original_text().is_some_and(|text| !text.is_empty());
    match table.table_type().map(str::to_ascii_uppercase).as_deref() {
        Some(named) if named.contains("VIEW") => RelationKind::View,
        None | Some("") if has_text => RelationKind::View,
        None | Some("" | "EXTERNAL_TABLE" | "MANAGED_TABLE" | "GOVERNED") => match in_objects(table) {
            true => RelationKind::Table,
            false => RelationKind::Other,
        },
        Some(_) => RelationKind::Other,
    }
}

/// Tables of Glue may lie in a database, a stream or a file system of Hadoop's, or be a link whose target is not ours to see.
fn in_objects(table: &GlueTable) -> bool {
    let location = table.storage_descriptor().and_then(StorageDescriptor::location);
    location.is_some_and(|text| text.parse::<ObjectUri>().is_ok())
}

/// `csv`, `parquet`, `json`, `orc`, `avro`, `iceberg`, `delta`, `hudi`, or what the crawler calls it.
fn format(table: &GlueTable) -> Option<String> {
    let none = Parameters::new();
    let parameters = table.parameters().unwrap_or(&none);
    let said = |name: &str| parameter(parameters, name).map(str::to_ascii_lowercase);
    // Where a table format keeps its own metadata, the serde only says what lies beneath.
    let lakes = ["iceberg", "delta", "hudi"];
    let provider = said("spark.sql.sources.provider");
    let told = [said("table_type"), provider.clone()].into_iter().flatten();
    if let Some(lake) = told.into_iter().find(|told| lakes.contains(&told.as_str())) {
        return Some(lake);
    }
    let storage = table.storage_descriptor()?;
    let serde = storage.serde_info().and_then(|serde| serde.serialization_library()).unwrap_or_default();
    let input = storage.input_format().unwrap_or_default();
    let (serde, input) = (serde.to_ascii_lowercase(), input.to_ascii_lowercase());
    if input.contains("hudi") || input.contains("hoodie") {
        return Some("hudi".to_owned());
    }
    let own = ["parquet", "orc", "avro", "json"].into_iter().find(|name| serde.contains(name));
    // Lines of text that no serde takes apart further.
    let texts = ["lazysimpleserde", "opencsvserde", "multidelimitserde"].iter().any(|name| serde.contains(name));
    let kept = ["parquet", "orc", "avro"].into_iter().find(|name| input.contains(name));
    let classified = said("classification").filter(|said| !matches!(said.as_str(), "" | "unknown"));
    match (own, kept) {
        (Some(name), _) | (None, Some(name)) => Some(name.to_owned()),
        // The serde of tables that Spark reads by itself is a placeholder.
        (None, None) if provider.is_some() => provider,
        (None, None) if texts && input.contains("textinputformat") => Some("csv".to_owned()),
        (None, None) if texts && input.is_empty() => classified.or(Some("csv".to_owned())),
        (None, None) => classified,
    }
}

/// How to read it, under the names that plugins know.
fn csv(table: &GlueTable) -> Vec<(String, String)> {
    let none = Parameters::new();
    let storage = table.storage_descriptor();
    let serde = storage.and_then(|storage| storage.serde_info());
    let of_serde = serde.and_then(|serde| serde.parameters()).unwrap_or(&none);
    let of_storage = storage.and_then(|storage| storage.parameters()).unwrap_or(&none);
    let places = [of_serde, of_storage, table.parameters().unwrap_or(&none)];
    let anywhere = |name: &str| places.iter().find_map(|place| parameter(place, name));
    let library = serde.and_then(|serde| serde.serialization_library()).unwrap_or_default();

    let skipped = anywhere("skip.header.line.count").and_then(|lines| lines.trim().parse::<u32>().ok());
    let header = match anywhere("header") {
        Some(said) => said.eq_ignore_ascii_case("true"),
        None => skipped.is_some_and(|lines| lines > 0),
    };
    let mut properties = vec![("header".to_owned(), header.to_string())];
    let mut tell = |name: &str, value: Option<String>| properties.extend(value.map(|value| (name.to_owned(), value)));
    let own = |name: &str, default: &str| Some(parameter(of_serde, name).unwrap_or(default).to_owned());
    if library.ends_with("OpenCSVSerde") {
        tell("delimiter", own("separatorChar", ","));
        tell("quote", own("quoteChar", "\""));
        tell("escape", own("escapeChar", "\\"));
    } else if library.is_empty() || parameter(places[2], "spark.sql.sources.provider").is_some() {
        tell("delimiter", anywhere("sep").or(anywhere("delimiter")).map(str::to_owned));
        tell("quote", anywhere("quote").map(str::to_owned));
        tell("escape", anywhere("escape").map(str::to_owned));
    } else {
        // What Hive's own serde falls back to is no comma.
        let given = parameter(of_serde, "field.delim").or(parameter(of_serde, "serialization.format"));
        tell("delimiter", Some(given.map_or_else(|| "\u{1}".to_owned(), delimiter)));
        tell("escape", parameter(of_serde, "escape.delim").map(delimiter));
    }
    tell("encoding", anywhere("serialization.encoding").map(str::to_owned));
    tell("nullValue", anywhere("serialization.null.format").map(str::to_owned));
    // A header of several lines is more than `header` can say.
    tell("skip.header.line.count", skipped.filter(|lines| *lines > 1).map(|lines| lines.to_string()));
    properties
}

/// Hive takes a number for the code of a character: `9` is a tab.
fn delimiter(text: &str) -> String {
    match text.parse::<u8>() {
        Ok(code) if code < 128 => char::from(code).to_string(),
        _ => text.to_owned(),
    }
}

/// Parameters come in any case, and empty ones say nothing.
fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let found = parameters
        .get(name)
        .or_else(|| parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
    found.map(String::as_str).filter(|value| !value.is_empty())
}
