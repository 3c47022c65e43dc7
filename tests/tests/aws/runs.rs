//! Runs whose data, catalog and engines are at AWS.

use enginehouse_fakes::aws::Fault;
use enginehouse_tests::TestHost;
use serde_json::{Value, json};

use crate::house::{BIN, Columns, House};

const CUSTOMERS: &str = "customer_id,name,city\n1,Ada,London\n2,Grace,Arlington\n3,Edsger,Nuenen\n";
const ORDERS: &str = "order_id,customer_id,amount\n10,1,5\n11,1,7\n12,3,2\n13,2,9\n14,3,1\n";
const SALES: &str = "region,amount\nnorth,3\nsouth,4\nnorth,9\neast,1\n";

const OF_CUSTOMERS: Columns<'_> = &[("customer_id", "int"), ("name", "string"), ("city", "string")];
const OF_ORDERS: Columns<'_> = &[("order_id", "int"), ("customer_id", "int"), ("amount", "int")];

async fn house() -> House {
    let house = House::with(&[("db", "customers", OF_CUSTOMERS), ("db", "orders", OF_ORDERS)]).await;
    house.put("lake", "db/customers/part-0.csv", CUSTOMERS);
    house.put("lake", "db/orders/part-0.csv", ORDERS);
    house
}

/// The rows of a run that must succeed, in an order of their own, and where it ran.
async fn rows(host: &TestHost, request: Value) -> (Vec<String>, String) {
    let run = host.run(request).await.unwrap();
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let table = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    let mut rows: Vec<_> = table["rows"].as_array().unwrap().iter().map(Value::to_string).collect();
    rows.sort();
    (rows, ended["platform"].as_str().unwrap().to_owned())
}

fn by_region() -> Value {
    json!({ "framework": "spark", "session_id": "me", "prompt": "total amount by region" })
}

fn by_city() -> Value {
    json!({
        "framework": "spark", "prompt": "join customers and orders on customer_id and show the sum of amount by city",
        "sources": [{ "table": "db.customers" }, { "table": "db.orders" }],
    })
}

#[tokio::test]
async fn the_same_requests_have_the_same_tables_here_and_at_aws() {
    let here = TestHost::start(BIN).await.unwrap();
    here.upload("me", "sales.csv", SALES).await.unwrap();
    for (key, csv, table) in [("c/c.csv", CUSTOMERS, "customers"), ("o/o.csv", ORDERS, "orders")] {
        here.put_object("raw", key, csv).await.unwrap();
        here.register("db", table, &format!("s3://raw/{}/", &key[..1])).await.unwrap();
    }
    let house = house().await;
    let there = house.server().await;
    there.upload("me", "sales.csv", SALES).await.unwrap();

    for (request, platform) in [(by_region(), "lambda"), (by_city(), "emr")] {
        let (local, at) = rows(&here, request.clone()).await;
        assert_eq!(at, "local");
        let (cloud, at) = rows(&there, request).await;
        assert_eq!(at, platform);
        assert_eq!(cloud, local);
        assert_eq!(cloud.len(), 3);
    }
    assert_eq!(house.lambda.count("Invoke"), 1);
    assert_eq!(house.emr.count("StartJobRun"), 1);
    let started = house.emr.calls().into_iter().find(|call| call.operation == "StartJobRun").unwrap();
    let policy = started.input["executionIamPolicy"]["policy"].as_str().unwrap();
    assert!(policy.contains("lake/db/orders/") && !policy.contains("arn:aws:s3:::*"), "{policy}");
    house.end();
}

#[tokio::test]
async fn a_program_that_fails_at_aws_tells_its_line() {
    let house = house().await;
    let host = house.server().await;
    let code = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.enableHiveSupport().getOrCreate()\n\
                print(\"begun\")\nassert spark.range(3).count() == 4, \"not four\"\n";
    for platform in ["lambda", "emr"] {
        let request = json!({ "framework": "spark", "code": code, "platform": platform });
        let ended = host.ended(&host.run(request).await.unwrap()).await.unwrap();
        assert_eq!(ended["state"], "failed", "{ended}");
        assert_eq!(ended["problem"]["detail"], "AssertionError in line 4: not four", "{ended}");
        let billed = ended["cost"]["billed"].as_f64();
        assert_eq!(
            billed.is_some_and(|billed| billed > 0.0),
            platform == "lambda",
            "what has a price is billed: {ended}"
        );
    }
    house.end();
}

#[tokio::test]
async fn a_function_whose_connection_is_cut_is_called_once_and_told_as_maybe_run() {
    let house = house().await;
    let host = house.server().await;
    host.upload("me", "sales.csv", SALES).await.unwrap();
    house.lambda.fault(Fault::Cut);
    let ended = host.ended(&host.run(by_region()).await.unwrap()).await.unwrap();
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(ended.to_string().contains("may have run"), "{ended}");
    assert_eq!(house.lambda.count("Invoke"), 1);
    house.end();
}

#[tokio::test]
async fn the_catalog_is_read_page_by_page_and_kept_by_others() {
    let house = house().await;
    let host = house.server().await;
    let tables = host.get("/v1/catalog/db").await.unwrap();
    assert!(tables.to_string().contains("customers") && tables.to_string().contains("orders"), "{tables}");
    let seed = host.get("/glue/tables/db").await.unwrap();
    assert_eq!(seed["tables"].as_array().unwrap().len(), 2, "{seed}");
    assert!(host.register("db", "mine", "s3://lake/db/orders/").await.is_err());
    house.end();
}
