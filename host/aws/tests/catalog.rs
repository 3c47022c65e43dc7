//! The catalog on Glue keeps the promises of the trait, and says who has to do what where Glue refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::Duration;

use enginehouse_aws::{Account, AccountConfig, GlueCatalog, GlueConfig, Service, Verdict};
use enginehouse_capabilities::{Catalog, Column, Error, RelationKind, Table, conformance};
use enginehouse_fakes::aws::{FakeAws, Fault, Glue};
use serde_json::{Value, json};

const LAZY: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
const TEXT: &str = "org.apache.hadoop.mapred.TextInputFormat";
const PARQUET: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
const PARQUET_INPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";

async fn open(glue: Glue, config: GlueConfig) -> (FakeAws, GlueCatalog) {
    let fake = FakeAws::start(glue).await;
    let account = AccountConfig {
        region: Some("eu-west-1".into()),
        keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
        endpoints: [(Service::Glue, fake.url())].into(),
        ..AccountConfig::default()
    };
    let catalog = GlueCatalog::new(&Account::open(&account).await.unwrap(), config);
    (fake, catalog)
}

/// A catalog with the databases `default` and `sales`, and these tables.
async fn sales(tables: Vec<Value>) -> (FakeAws, GlueCatalog) {
    open(glue(tables), GlueConfig::default()).await
}

fn glue(tables: Vec<Value>) -> Glue {
    Glue::new([json!({"Name": "default"}), json!({"Name": "sales", "CreateTime": 1_785_000_000.25})], tables)
}

fn orders() -> Value {
    csv_table("orders", LAZY, json!({"field.delim": ";"}), json!({}))
}

fn csv_table(name: &str, serde: &str, serde_parameters: Value, parameters: Value) -> Value {
    json!({
        "DatabaseName": "sales",
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}],
            "Location": format!("s3://raw/{name}"),
            "InputFormat": TEXT,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters},
        },
    })
}

/// A table of ours as Glue records it.
fn record(table: &Table) -> Value {
    let columns = |columns: &[Column]| -> Value {
        let column =
            |column: &Column| json!({"Name": column.name, "Type": column.data_type, "Comment": column.comment});
        columns.iter().map(column).collect()
    };
    let property = |name: &str| table.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (serde, input) = match table.format.as_deref() {
        Some("csv") => (LAZY, TEXT),
        Some("json") => ("org.openx.data.jsonserde.JsonSerDe", TEXT),
        Some("parquet") => (PARQUET, PARQUET_INPUT),
        _ => ("", ""),
    };
    let mut record = json!({
        "DatabaseName": table.database,
        "Name": table.name,
        "TableType": if table.kind == RelationKind::View { "VIRTUAL_VIEW" } else { "EXTERNAL_TABLE" },
        "CreateTime": 1_785_000_000.0,
        "Retention": 0,
        "PartitionKeys": columns(&table.partition_keys),
        "Parameters": {"EXTERNAL": "TRUE"},
        "StorageDescriptor": {
            "Columns": columns(&table.columns),
            "Location": table.location.as_ref().map(ToString::to_string).unwrap_or_default(),
            "InputFormat": input,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {}},
        },
    });
    if table.kind == RelationKind::View {
        record["ViewOriginalText"] = "/* Presto View: e30= */".into();
        record["StorageDescriptor"] = json!({"Columns": columns(&table.columns), "Location": ""});
    }
    if let Some(delimiter) = property("delimiter") {
        record["StorageDescriptor"]["SerdeInfo"]["Parameters"]["field.delim"] = delimiter.into();
    }
    if property("header") == Some("true") {
        record["Parameters"]["skip.header.line.count"] = "1".into();
    }
    record
}

#[tokio::test]
async fn keeps_the_promises_of_a_catalog() {
    let samples = conformance::catalog_samples();
    let mut databases: Vec<_> = samples.iter().map(|table| table.database.clone()).collect();
    databases.dedup();
    let databases = databases.into_iter().map(|name| json!({"Name": name}));
    let glue = Glue::new(databases, samples.iter().map(record));
    let (fake, catalog) = open(glue, GlueConfig { catalog_id: Some("000000000000".into()) }).await;
    conformance::read_only_catalog(&catalog).await;
    assert!(fake.calls().iter().all(|call| call.input["CatalogId"] == "000000000000"), "all is asked of one catalog");
    assert_eq!(fake.count("GetTables"), 4, "a page is one call, and a bad name none");
}

#[tokio::test]
async fn formats_and_their_properties_are_read_from_serde_and_input_format() {
    let open_csv = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
    let with = |name: &str, serde: &str, input: &str, parameters: Value| {
        let mut table = csv_table(name, serde, json!({}), parameters);
        table["StorageDescriptor"]["InputFormat"] = input.into();
        table
    };
    let orc = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat";
    let avro = "org.apache.hadoop.hive.serde2.avro.AvroSerDe";
    let odd = with("odd", "com.example.Serde", "com.example.Input", json!({}));
    let mut iceberg = with("iceberg", "", "", json!({"table_type": "ICEBERG", "metadata_location": "s3://raw/m.json"}));
    iceberg["StorageDescriptor"] = json!({"Columns": [], "Location": "s3a://raw/iceberg"});
    let (_fake, catalog) = sales(vec![
        csv_table(
            "lazy",
            LAZY,
            json!({"field.delim": "|", "escape.delim": "\\"}),
            json!({"skip.header.line.count": "1"}),
        ),
        csv_table("hive", LAZY, json!({}), json!({})),
        csv_table("coded", LAZY, json!({"serialization.format": "9"}), json!({"skip.header.line.count": "3"})),
        csv_table("open", open_csv, json!({}), json!({"classification": "csv"})),
        csv_table("quoted", open_csv, json!({"separatorChar": ";", "quoteChar": "'", "escapeChar": "\""}), json!({})),
        csv_table("nulls", LAZY, json!({"field.delim": ",", "serialization.null.format": "NA"}), json!({})),
        with("hcatalog", "org.apache.hive.hcatalog.data.JsonSerDe", TEXT, json!({})),
        with("parquet", PARQUET, PARQUET_INPUT, json!({})),
        with("orc", "org.apache.hadoop.hive.ql.io.orc.OrcSerde", orc, json!({})),
        with("avro", avro, "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat", json!({})),
        with(
            "delta",
            LAZY,
            "org.apache.hadoop.mapred.SequenceFileInputFormat",
            json!({"spark.sql.sources.provider": "delta"}),
        ),
        with("classified", "com.amazonaws.glue.serde.GrokSerDe", TEXT, json!({"classification": "Apache"})),
        iceberg,
        odd,
    ])
    .await;
    let described = async |name: &str| {
        let table = catalog.table("sales", name).await.unwrap();
        assert_eq!(table.location.unwrap().to_string(), format!("s3://raw/{name}/"), "a location is a prefix");
        assert_eq!(table.kind, RelationKind::Table);
        let properties: Vec<_> = table.properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (table.format.unwrap_or_default(), properties.join(" "))
    };
    for (name, format, properties) in [
        ("lazy", "csv", "header=true delimiter=| escape=\\"),
        ("hive", "csv", "header=false delimiter=\u{1}"),
        ("coded", "csv", "header=true delimiter=\t skip.header.line.count=3"),
        ("open", "csv", "header=false delimiter=, quote=\" escape=\\"),
        ("quoted", "csv", "header=false delimiter=; quote=' escape=\""),
        ("nulls", "csv", "header=false delimiter=, nullValue=NA"),
        ("hcatalog", "json", ""),
        ("parquet", "parquet", ""),
        ("orc", "orc", ""),
        ("avro", "avro", ""),
        ("delta", "delta", ""),
        ("classified", "apache", ""),
        ("iceberg", "iceberg", ""),
        ("odd", "", ""),
    ] {
        assert_eq!(described(name).await, (format.to_owned(), properties.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn views_and_what_lies_elsewhere_are_told_apart_from_tables() {
    let named = |name: &str, kind: Value, location: &str| {
        let mut table = csv_table(name, LAZY, json!({}), json!({}));
        table["TableType"] = kind;
        table["StorageDescriptor"]["Location"] = location.into();
        table
    };
    let mut hive_view = named("hive_view", Value::Null, "");
    hive_view["ViewOriginalText"] = "SELECT 1".into();
    let link = json!({
        "DatabaseName": "sales", "Name": "link",
        "TargetTable": {"CatalogId": "111111111111", "DatabaseName": "theirs", "Name": "orders"},
    });
    let (_fake, catalog) = sales(vec![
        named("managed", "MANAGED_TABLE".into(), "s3n://raw/managed/"),
        named("untyped", Value::Null, "s3://raw/untyped"),
        named("view", "VIRTUAL_VIEW".into(), "s3://raw/view"),
        named("dynamo", "EXTERNAL_TABLE".into(), "arn:aws:dynamodb:eu-west-1:000000000000:table/t"),
        named("hadoop", "EXTERNAL_TABLE".into(), "hdfs://namenode/t"),
        named("twisted", "EXTERNAL_TABLE".into(), "s3://raw/a/../../b"),
        hive_view,
        link,
    ])
    .await;
    for (name, kind, location) in [
        ("managed", RelationKind::Table, Some("s3://raw/managed/")),
        ("untyped", RelationKind::Table, Some("s3://raw/untyped/")),
        ("view", RelationKind::View, None),
        ("hive_view", RelationKind::View, None),
        ("dynamo", RelationKind::Other, None),
        ("hadoop", RelationKind::Other, None),
        ("twisted", RelationKind::Other, None),
        ("link", RelationKind::Other, None),
    ] {
        let table = catalog.table("sales", name).await.unwrap();
        let location = location.map(str::to_owned);
        assert_eq!((table.kind, table.location.map(|uri| uri.to_string())), (kind, location), "{name}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_action_or_the_permission_and_the_table() {
    let glue = glue(vec![orders()])
        .refusing("sales.secret", "Insufficient Lake Formation permission(s): Required Select on secret")
        .refusing("hidden", "Insufficient Lake Formation permission(s): Required Describe on hidden")
        .refusing("sales.iam", "User: arn:aws:iam::000000000000:user/u is not authorized to perform: glue:GetTable");
    let (fake, catalog) = open(glue, GlueConfig::default()).await;
    let denied = |answer: Error| match answer {
        Error::Denied(text) => text,
        other => panic!("not `Denied` but {other}"),
    };
    let text = denied(catalog.table("sales", "secret").await.unwrap_err());
    assert!(text.contains("Lake Formation permission SELECT") && text.contains("`sales.secret`"), "{text}");
    let text = denied(catalog.tables("hidden", None).await.unwrap_err());
    assert!(text.contains("Lake Formation permission DESCRIBE") && text.contains("`hidden`"), "{text}");
    let text = denied(catalog.table("sales", "iam").await.unwrap_err());
    assert!(text.contains("IAM action `glue:GetTable`") && text.contains("`sales.iam`"), "{text}");
    fake.fault(Fault::Denied);
    assert!(denied(catalog.databases(None).await.unwrap_err()).contains("`glue:GetDatabases`"));
    fake.fault(Fault::Denied);
    assert!(denied(catalog.tables("sales", None).await.unwrap_err()).contains("`glue:GetTables`"));
    fake.fault(Fault::Expired);
    let text = denied(catalog.table("sales", "orders").await.unwrap_err());
    assert!(text.contains("expired") && text.contains("`sales.orders`") && !text.contains("IAM action"), "{text}");
    fake.fault(Fault::Unknown);
    let text = denied(catalog.table("sales", "orders").await.unwrap_err());
    assert!(text.contains("does not know the credentials") && text.contains("`aws.profile`"), "{text}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_stays_is_told() {
    for fault in [Fault::Throttled, Fault::Internal, Fault::Cut, Fault::Lost, Fault::Slow(Duration::from_millis(200))] {
        // A client that was throttled goes slow for a while: each has its own.
        let (fake, catalog) = sales(vec![orders()]).await;
        fake.fault(fault.clone());
        assert_eq!(catalog.table("sales", "orders").await.unwrap().name, "orders", "{fault:?}");
        let again = if matches!(fault, Fault::Slow(_)) { 1 } else { 2 };
        assert_eq!(fake.calls().len(), again, "{fault:?}");
    }
    let (fake, catalog) = sales(vec![orders()]).await;
    for _ in 0..4 {
        fake.fault(Fault::Throttled);
    }
    let told = catalog.tables("sales", None).await.unwrap_err();
    assert!(matches!(&told, Error::Unavailable(text) if text.contains("`sales`") && text.contains("later")), "{told}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_and_no_empty_catalog() {
    let (fake, catalog) = sales(vec![orders()]).await;
    fake.fault(Fault::Malformed);
    let told = catalog.databases(None).await.unwrap_err();
    assert!(matches!(&told, Error::Other { message, .. } if message.contains("list the databases")), "{told:?}");
    fake.fault(Fault::Partial);
    match catalog.databases(None).await {
        Ok(names) => assert_eq!(names.names, ["default", "sales"]),
        Err(told) => assert!(matches!(told, Error::Unavailable(_) | Error::Other { .. }), "{told:?}"),
    }
}

#[tokio::test]
async fn a_paging_token_that_repeats_ends_the_listing() {
    let tables = (0..250).map(|n| csv_table(&format!("t{n:03}"), LAZY, json!({}), json!({})));
    let (fake, catalog) = open(glue(tables.collect()).repeating(), GlueConfig::default()).await;
    let first = catalog.tables("sales", None).await.unwrap();
    assert_eq!(first.names.len(), 100);
    let told = catalog.tables("sales", first.next.as_deref()).await.unwrap_err();
    assert!(matches!(&told, Error::Unavailable(text) if text.contains("paging token")), "{told}");
    assert_eq!(fake.count("GetTables"), 2);
    assert!(matches!(catalog.tables("sales", Some("nonsense")).await, Err(Error::Invalid(_))));
    assert!(matches!(catalog.tables("sales", Some("1.nonsense")).await, Err(Error::Invalid(_))));
}

/// What failed of a preflight, by action.
async fn failed(catalog: &GlueCatalog) -> Vec<(&'static str, String)> {
    let permissions = catalog.preflight().await.into_iter();
    let failed = permissions.filter_map(|permission| match permission.verdict {
        Verdict::Failed(error) => Some((permission.action, error.to_string())),
        Verdict::Allowed | Verdict::Untried(_) => None,
    });
    failed.collect()
}

#[tokio::test]
async fn a_preflight_asks_for_each_permission_once_and_names_what_is_missing() {
    let (fake, catalog) = sales(vec![orders()]).await;
    assert_eq!(failed(&catalog).await, []);
    let operations: Vec<_> = fake.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, ["GetDatabases", "GetTables", "GetTable", "GetDatabase"]);
    for operation in operations {
        fake.fault_at(&operation, Fault::Denied);
        let failed = failed(&catalog).await;
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(failed[0].0, format!("glue:{operation}"));
    }
    let (fake, nested) =
        open(glue(vec![orders()]), GlueConfig { catalog_id: Some("s3tablescatalog/lake".into()) }).await;
    assert_eq!(failed(&nested).await, []);
    assert_eq!(fake.count("GetDatabase"), 0, "`default` is looked for in the account's own catalog");
    let (_fake, empty) = open(Glue::new([], []), GlueConfig::default()).await;
    let failed = failed(&empty).await;
    assert_eq!(failed.len(), 1, "where nothing is, only what Spark needs is missing: {failed:?}");
    assert!(failed[0].0 == "glue:GetDatabase" && failed[0].1.contains("create an empty one"), "{failed:?}");
}
