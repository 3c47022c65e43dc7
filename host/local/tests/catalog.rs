//! The SQLite catalog keeps the promises of the trait.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use enginehouse_capabilities::{Catalog, Column, Error, Table, conformance};
use enginehouse_local::catalog::SqliteCatalog;

#[tokio::test]
async fn keeps_the_promises_of_a_catalog() {
    let data = tempfile::tempdir().unwrap();
    conformance::catalog(&SqliteCatalog::open(data.path()).await.unwrap()).await;
}

#[tokio::test]
async fn outlives_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(data.path()).await.unwrap();
    catalog.register(table("sales", "customers")).await.unwrap();
    drop(catalog);
    let catalog = SqliteCatalog::open(data.path()).await.unwrap();
    assert_eq!(catalog.table("sales", "customers").await.unwrap(), table("sales", "customers"));
}

#[tokio::test]
async fn a_file_that_is_no_catalog_is_told() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("catalog.sqlite"), vec![b'x'; 4096]).unwrap();
    assert!(SqliteCatalog::open(data.path()).await.unwrap_err().to_string().contains("catalog.sqlite"));
}

#[tokio::test]
async fn two_columns_of_one_name_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(data.path()).await.unwrap();
    let column = |name: &str| Column { name: name.into(), ..Column::default() };
    let twice = Table { columns: vec![column("id"), column("ID")], ..table("sales", "twice") };
    assert!(matches!(catalog.register(twice).await, Err(Error::Invalid(_))));
}

fn table(database: &str, name: &str) -> Table {
    Table {
        database: database.into(),
        name: name.into(),
        kind: Default::default(),
        location: Some("s3://raw/customers/".parse().unwrap()),
        format: Some("csv".into()),
        columns: vec![Column { name: "id".into(), data_type: Some("bigint".into()), comment: None }],
        partition_keys: vec![],
        properties: vec![("header".into(), "true".into())],
    }
}
