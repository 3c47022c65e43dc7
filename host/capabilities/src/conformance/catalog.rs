//! What every catalog that can be written promises.

use crate::{Catalog, Column, Error, RelationKind, Table};

/// Checks every promise of [`Catalog`] on one that takes tables. Leaves its databases (`conformance_*`) behind, empty.
pub async fn catalog(catalog: &dyn Catalog) {
    registers_replaces_and_forgets(catalog).await;
    compares_in_lower_case(catalog).await;
    pages(catalog).await;
    tells_what_is_missing(catalog).await;
    refuses_bad_names(catalog).await;
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

async fn pages(catalog: &dyn Catalog) {
    let names: Vec<String> = (0..205).map(|n| format!("t{n:03}")).collect();
    for name in &names {
        catalog.register(table("conformance_c", name)).await.unwrap();
    }
    let (mut seen, mut sizes, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = catalog.tables("conformance_c", after.as_deref()).await.unwrap();
        sizes.push(page.names.len());
        seen.extend(page.names);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, names, "names come in order, each once");
    assert_eq!(sizes, [100, 100, 5], "a page has at most 100 names");
    for name in names {
        catalog.forget("conformance_c", &name).await.unwrap();
    }
}

async fn tells_what_is_missing(catalog: &dyn Catalog) {
    let told = |answer: Error| match answer {
        Error::NotFound(text) => text,
        other => panic!("not `NotFound` but {other}"),
    };
    catalog.register(table("conformance_d", "there")).await.unwrap();
    assert!(told(catalog.table("conformance_d", "nothing").await.unwrap_err()).contains("nothing"));
    assert!(told(catalog.table("conformance_none", "there").await.unwrap_err()).contains("conformance_none"));
    assert!(told(catalog.tables("conformance_none", None).await.unwrap_err()).contains("conformance_none"));
    catalog.forget("conformance_d", "there").await.unwrap();
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
