//! The main job on real Spark, held against computations of our own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::collections::BTreeMap;

use enginehouse_tests::TestHost;
use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

struct Sales {
    csv: String,
    total_by_region: BTreeMap<String, i64>,
}

/// A CSV that nobody has seen before: region, amount and a name with what trips readers.
fn sales() -> Sales {
    let mut rng = rand::rng();
    let regions = ["West", "East", "North", "Süd"];
    let (mut csv, mut total_by_region) = ("id,region,customer_name,total_sales\n".to_owned(), BTreeMap::new());
    for id in 0..rng.random_range(200..400) {
        let region = *regions.choose(&mut rng).unwrap();
        let amount = rng.random_range(-50..1_000_i64);
        let customer = ["plain", "\"comma, inside\"", "\"quote \"\" inside\"", "'single'"].choose(&mut rng).unwrap();
        csv.push_str(&format!("{id},{region},{customer},{amount}\n"));
        *total_by_region.entry(region.to_owned()).or_default() += amount;
    }
    Sales { csv, total_by_region }
}

fn rows(table: &Value) -> Vec<Vec<Value>> {
    table["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect()
}

fn by_region(rows: &[Vec<Value>]) -> BTreeMap<String, i64> {
    rows.iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn a_request_becomes_checked_code_and_the_right_table() {
    let host = TestHost::start(BIN).await.unwrap();
    let sales = sales();
    let upload = host.upload("me", "sales.csv", sales.csv.clone()).await.unwrap();
    assert_eq!(upload["columns"][3], json!({ "name": "total_sales", "type": "bigint" }));

    // "sales" is no column: it is taken for total_sales, and that is told.
    let run =
        host.run(json!({ "framework": "spark", "session_id": "me", "prompt": "total sales by region" })).await.unwrap();
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(ended["platform"], "local");

    let code = host.get(&format!("/v1/runs/{run}/code")).await.unwrap();
    assert_eq!(code[0]["author"], "recipes");
    assert!(code[0]["findings"].as_array().unwrap().iter().all(|finding| finding["severity"] != "error"), "{code}");
    assert!(code[0]["code"].as_str().unwrap().contains("spark.read"));

    let table = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    assert_eq!(by_region(&rows(&table)), sales.total_by_region, "{table}");

    let log = host.get(&format!("/v1/runs/{run}/log")).await.unwrap();
    assert_eq!(log["text"], "", "its table is worked out once, as it is written");
}

#[tokio::test]
async fn the_seeds_first_spark_request_works_verbatim() {
    let host = TestHost::start(BIN).await.unwrap();
    let sales = sales();
    host.put_object("bucket", "data.csv", sales.csv.clone()).await.unwrap();
    let generated = host
        .post(
            "/spark/generate",
            json!({
                "prompt": "Analyze sales data",
                "session_id": "session-123",
                "framework": "spark",
                "s3_input_path": "s3://bucket/data.csv",
                "execution_platform": "lambda"
            }),
        )
        .await
        .unwrap();
    assert_eq!(generated["success"], true, "{generated}");
    assert_eq!(generated["session_id"], "session-123");
    assert_eq!(generated["framework"], "spark");
    let code = generated["result"]["spark_code"].as_str().unwrap();
    assert!(code.contains("s3://bucket/data.csv"), "{code}");

    // The generated code is run where there is a place for it, and refused by name where there is none.
    let execute = |platform: &str| {
        json!({
            "spark_code": code, "session_id": "session-123", "s3_input_path": "s3://bucket/data.csv",
            "execution_platform": platform
        })
    };
    let refused = host.refused("/spark/validate-execute", execute("lambda"), 422).await.unwrap();
    assert!(refused["detail"].as_str().unwrap().contains("frameworks.spark.places.lambda"), "{refused}");
    assert_eq!(refused["success"], false);

    let ran = host.post("/spark/validate-execute", execute("auto")).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    let result = ran["result"].as_object().unwrap();
    for field in
        ["spark_code", "execution_result", "execution_message", "execution_output", "actual_results", "s3_output_path"]
    {
        assert!(result.contains_key(field), "{field} is missing: {ran}");
    }
    assert_eq!(result["execution_result"], "success");
    assert!(!result["actual_results"].as_array().unwrap().is_empty(), "{ran}");

    let history = host.get("/history/session-123").await.unwrap();
    assert_eq!(history["conversation_history"].as_array().unwrap().len(), 1, "{history}");
    assert_eq!(history["execution_results"].as_array().unwrap().len(), 2, "{history}");
}

#[tokio::test]
async fn generated_code_runs_to_the_same_rows_through_the_seeds_paths() {
    let host = TestHost::start(BIN).await.unwrap();
    let sales = sales();
    let uploaded = host
        .post("/upload-csv", json!({ "filename": "sales.csv", "content": sales.csv, "session_id": "s" }))
        .await
        .unwrap();
    let uri = uploaded["s3_uri"].as_str().unwrap();
    let generated = host
        .post("/spark/generate", json!({ "prompt": "sum of total_sales by region", "session_id": "s" }))
        .await
        .unwrap();
    let code = generated["result"]["spark_code"].as_str().unwrap();
    let ran = host
        .post("/spark/validate-execute", json!({ "code": code, "session_id": "s", "s3_input_path": uri }))
        .await
        .unwrap();
    let actual = ran["result"]["actual_results"].as_array().unwrap();
    let totals: BTreeMap<String, i64> = actual
        .iter()
        .map(|row| {
            let measure = row.as_object().unwrap().iter().find(|(name, _)| *name != "region").unwrap().1;
            (row["region"].as_str().unwrap().to_owned(), measure.as_i64().unwrap())
        })
        .collect();
    assert_eq!(totals, sales.total_by_region, "{ran}");
}

#[tokio::test]
async fn two_registered_tables_are_joined() {
    let host = TestHost::start(BIN).await.unwrap();
    let mut rng = rand::rng();
    let (mut customers, mut orders) = ("customer_id,name\n".to_owned(), "order_id,customer_id,amount\n".to_owned());
    for id in 1..=20 {
        customers.push_str(&format!("{id},customer {id}\n"));
    }
    let mut expected = Vec::new();
    for order in 1..=rng.random_range(50..90_i64) {
        let (customer, amount) = (rng.random_range(1..=25_i64), rng.random_range(1..500_i64));
        orders.push_str(&format!("{order},{customer},{amount}\n"));
        if customer <= 20 {
            expected.push((order, customer, amount, format!("customer {customer}")));
        }
    }
    host.put_object("lake", "customers/part-0.csv", customers).await.unwrap();
    host.put_object("lake", "orders/part-0.csv", orders).await.unwrap();
    host.register("db", "customers", "s3://lake/customers/").await.unwrap();
    host.register("db", "orders", "s3://lake/orders/").await.unwrap();
    assert_eq!(host.get("/glue/databases").await.unwrap()["databases"], json!(["db"]));
    let tables = host.get("/glue/tables/db").await.unwrap();
    assert_eq!(tables["tables"].as_array().unwrap().len(), 2, "{tables}");

    // The seed's request, with its tables as text; as objects they mean the same.
    let request = |tables: Value| {
        json!({
            "prompt": "Join customer and orders tables", "session_id": "session-123", "framework": "spark",
            "selected_tables": tables, "execution_platform": "emr"
        })
    };
    let generated = host.post("/spark/generate", request(json!(["db.customers", "db.orders"]))).await.unwrap();
    let as_objects = json!([{ "database": "db", "table": "customers" }, { "database": "db", "table": "orders" }]);
    let again = host.post("/spark/generate", request(as_objects.clone())).await.unwrap();
    assert_eq!(generated["result"]["spark_code"], again["result"]["spark_code"]);

    let code = generated["result"]["spark_code"].as_str().unwrap();
    let ran = host
        .post(
            "/spark/validate-execute",
            json!({ "spark_code": code, "session_id": "x", "selected_tables": as_objects }),
        )
        .await
        .unwrap();
    assert_eq!(ran["result"]["execution_result"], "success", "{ran}");
    let table = host.get(&format!("/v1/runs/{}/results?limit=1000", ran["run"].as_str().unwrap())).await.unwrap();
    let names: Vec<&str> = table["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    let at =
        |name: &str| names.iter().position(|found| *found == name).unwrap_or_else(|| panic!("{name} in {names:?}"));
    let mut got: Vec<_> = rows(&table)
        .iter()
        .map(|row| {
            (
                row[at("order_id")].as_i64().unwrap(),
                row[at("customer_id")].as_i64().unwrap(),
                row[at("amount")].as_i64().unwrap(),
                row[at("name")].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    got.sort();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_program_that_fails_is_an_answer_with_its_line() {
    let host = TestHost::start(BIN).await.unwrap();
    let upload = host.upload("me", "sales.csv", sales().csv).await.unwrap();
    let uri = upload["uri"].as_str().unwrap();
    let code = format!(
        "import os\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n\
         df = spark.read.option('header', True).csv({uri:?})\nprint('before')\nn = int('no number')\n\
         df.write.mode('overwrite').parquet(os.environ['OUTPUT_PATH'])\n"
    );
    let ran = host.post("/spark/validate-execute", json!({ "spark_code": code, "session_id": "me" })).await.unwrap();
    assert_eq!(ran["success"], false, "{ran}");
    assert_eq!(ran["result"]["execution_result"], "failed");
    let message = ran["result"]["execution_message"].as_str().unwrap();
    assert!(message.contains("line 6") && message.contains("no number"), "{message}");
    assert!(ran["result"]["execution_output"].as_array().unwrap().contains(&json!("before")), "{ran}");
    assert_eq!(ran["result"]["actual_results"], json!([]));
}
