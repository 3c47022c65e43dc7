//! What every catalog promises.

use std::collections::BTreeSet;

use crate::{Catalog, Column, Error, Names, RelationKind, Table};

/// Checks every promise of [`Catalog`] on one that takes tables. Leaves its databases (`conformance_*`) behind, empty.
pub async fn catalog(catalog: &dyn Catalog) {
    for table in catalog_samples() {
        catalog.register(table).await.unwrap();
    }
    reads(catalog).await;
    for table in catalog_samples() {
        catalog.forget(&table.database, &table.name).await.unwrap();
    }
    registers_replaces_and_forgets(catalog).await;
    compares_in_lower_case(catalog).await;
    refuses_bad_names(catalog).await;
}

/// Checks what [`Catalog`] promises on one that others keep. It holds the [`catalog_samples`], and in the databases of these nothing
/// else.
pub async fn read_only_catalog(catalog: &dyn Catalog) {
    reads(catalog).await;
    let refused = catalog.register(table("conformance_a", "new")).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "others keep it: {refused:?}");
    let refused = catalog.forget("conformance_a", "csv").await;
    assert!(matches!(refused, Err(Error::Denied(_))), "others keep it: {refused:?}");
}

/// The tables that a read-only catalog is to hold: of every kind, with 2,000 columns, and more than fit on a page.
pub fn catalog_samples() -> Vec<Table> {
    let csv = Table {
        location: Some("s3://raw/odd key/日本/".parse().unwrap()),
        format: Some("csv".into()),
        columns: vec![column("id", Some("bigint")), column("née", Some("decimal(10,2)"))],
        partition_keys: vec![column("region", Some("string")), column("day", Some("date"))],
        properties: vec![("header".into(), "true".into()), ("delimiter".into(), "\t".into())],
        ..table("conformance_a", "csv")
    };
    let wide = Table {
        location: Some("s3://raw/wide/".parse().unwrap()),
        format: Some("parquet".into()),
        columns: (0..2000).map(|n| Column { comment: None, ..column(&format!("c{n}"), Some("double")) }).collect(),
        ..table("conformance_a", "wide")
    };
    let json = Table {
        location: Some("s3://raw/events/".parse().unwrap()),
        format: Some("json".into()),
        columns: vec![column("at", Some("struct<day:date,hours:array<int>>"))],
        ..table("conformance_a", "json")
    };
    let view = Table {
        kind: RelationKind::View,
        columns: vec![column("id", Some("bigint"))],
        ..table("conformance_a", "view")
    };
    let place = |table: Table| Table {
        location: format!("s3://raw/{}/{}/", table.database, table.name).parse().ok(),
        format: Some("parquet".into()),
        ..table
    };
    let many = (0..205).map(|n| place(table("conformance_c", &format!("t{n:03}"))));
    let databases = (0..105).map(|n| place(table(&format!("conformance_n{n:03}"), "t")));
    [csv, wide, json, view].into_iter().chain(many).chain(databases).collect()
}

async fn reads(catalog: &dyn Catalog) {
    for sample in catalog_samples() {
        let (database, name) = (&sample.database, &sample.name);
        if database == "conformance_a" {
            assert_eq!(catalog.table(database, name).await.unwrap(), sample, "a table comes back as it was");
        }
    }
    let found = catalog.table("CONFORMANCE_a", "Csv").await.unwrap();
    assert_eq!((found.database.as_str(), found.name.as_str()), ("conformance_a", "csv"), "names are in lower case");
    pages(catalog).await;
    tells_what_is_missing(catalog).await;
    for name in ["", "a\0b", &"x".repeat(256)] {
        assert!(matches!(catalog.table(name, "t").await, Err(Error::Invalid(_))), "{name:?} is no name");
        assert!(matches!(catalog.table("conformance_a", name).await, Err(Error::Invalid(_))), "{name:?} is no name");
        assert!(matches!(catalog.tables(name, None).await, Err(Error::Invalid(_))), "{name:?} is no name");
    }
}

async fn pages(catalog: &dyn Catalog) {
    let (mut tables, mut sizes, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let Names { names, next } = catalog.tables("Conformance_C", after.as_deref()).await.unwrap();
        sizes.push(names.len());
        tables.extend(names);
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(tables, (0..205).map(|n| format!("t{n:03}")).collect::<Vec<_>>(), "names come in order, each once");
    assert_eq!(sizes, [100, 100, 5], "a page has at most 100 names");
    let (mut databases, mut after) = (Vec::new(), None);
    loop {
        let Names { names, next } = catalog.databases(after.as_deref()).await.unwrap();
        assert!(names.len() <= 100, "a page has at most 100 names");
        databases.extend(names);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let seen: BTreeSet<_> = databases.iter().collect();
    assert_eq!(seen.len(), databases.len(), "each database comes once");
    assert!(catalog_samples().iter().all(|sample| seen.contains(&sample.database)), "no database is left out");
}

async fn tells_what_is_missing(catalog: &dyn Catalog) {
    let told = |answer: Error| match answer {
        Error::NotFound(text) => text,
        other => panic!("not `NotFound` but {other}"),
    };
    assert!(told(catalog.table("conformance_a", "nothing").await.unwrap_err()).contains("nothing"));
    assert!(told(catalog.table("conformance_none", "csv").await.unwrap_err()).contains("conformance_none"));
    assert!(told(catalog.tables("conformance_none", None).await.unwrap_err()).contains("conformance_none"));
}

async fn registers_replaces_and_forgets(catalog: &dyn Catalog) {
    let full = Table {
        kind: RelationKind::View,
        location: Some("s3://raw/odd key/日本/".parse().unwrap()),
        format: Some("csv".into()),
        columns: vec![column("Id", Some("bigint")), column("née", None)],
        partition_keys: vec![column("region", Some("string")), column("day", Some("date"))],
        properties: vec![("header".into(), "true".into()), ("delimiter".into(), "\t".into())],
        ..table("conformance_a", "full")
    };
    catalog.register(full.clone()).await.unwrap();
    assert_eq!(catalog.table("conformance_a", "full").await.unwrap(), full, "a table comes back as it was");
    let other = Table { format: Some("parquet".into()), ..table("conformance_a", "full") };
    catalog.register(other.clone()).await.unwrap();
    assert_eq!(catalog.table("conformance_a", "full").await.unwrap(), other, "the new one replaces the old one");
    assert_eq!(catalog.tables("conformance_a", None).await.unwrap().names, ["full"]);
    assert!(catalog.databases(None).await.unwrap().names.contains(&"conformance_a".to_owned()));
    catalog.forget("conformance_a", "full").await.unwrap();
    assert!(matches!(catalog.table("conformance_a", "full").await, Err(Error::NotFound(_))));
    catalog.forget("conformance_a", "full").await.unwrap_or_else(|e| panic!("forgetting twice is no error: {e}"));
    catalog.forget("conformance_none", "full").await.unwrap_or_else(|e| panic!("nor in no database: {e}"));
}

async fn compares_in_lower_case(catalog: &dyn Catalog) {
    catalog.register(table("Conformance_B", "Mixed")).await.unwrap();
    let found = catalog.table("CONFORMANCE_b", "MIXED").await.unwrap();
    assert_eq!((found.database.as_str(), found.name.as_str()), ("conformance_b", "mixed"));
    assert_eq!(catalog.tables("conformance_B", None).await.unwrap().names, ["mixed"]);
    catalog.forget("Conformance_b", "miXed").await.unwrap();
    assert!(catalog.tables("conformance_b", None).await.unwrap().names.is_empty());
}

async fn refuses_bad_names(catalog: &dyn Catalog) {
    for name in ["", "a b", "a.b", "x'; --", "é", &"x".repeat(256)] {
        let answers = [
            catalog.register(table(name, "t")).await,
            catalog.register(table("conformance_e", name)).await,
            catalog.table(name, "t").await.map(drop),
            catalog.tables(name, None).await.map(drop),
        ];
        for answer in answers {
            assert!(matches!(answer, Err(Error::Invalid(_))), "{name:?} is no name");
        }
    }
}

fn table(database: &str, name: &str) -> Table {
    Table {
        database: database.into(),
        name: name.into(),
        kind: RelationKind::Table,
        location: None,
        format: None,
        columns: vec![],
        partition_keys: vec![],
        properties: vec![],
    }
}

fn column(name: &str, data_type: Option<&str>) -> Column {
    Column { name: name.into(), data_type: data_type.map(str::to_owned), comment: Some("a \"comment\"".into()) }
}
