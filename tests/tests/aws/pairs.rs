//! The seed document's requests, body for body, on each platform over each kind of source; rows held against computations of our own.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use enginehouse_tests::TestHost;
use parquet::arrow::ArrowWriter;
use rand::{Rng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::house::{BIN, Columns, House};

const OF_CUSTOMERS: Columns<'_> = &[("customer_id", "int"), ("name", "string")];
const OF_ORDERS: Columns<'_> = &[("order_id", "int"), ("customer_id", "int"), ("amount", "int")];

/// The seed's request over an object.
fn over_s3() -> Value {
    json!({
        "prompt": "Analyze sales data",
        "session_id": "session-123",
        "framework": "spark",
        "s3_input_path": "s3://bucket/data.csv",
        "execution_platform": "lambda"
    })
}

/// The seed's request over tables.
fn over_glue() -> Value {
    json!({
        "prompt": "Join customer and orders tables",
        "session_id": "session-123",
        "framework": "spark",
        "selected_tables": ["db.customers", "db.orders"],
        "execution_platform": "emr"
    })
}

/// Data that nobody has seen before.
struct Data {
    /// Region and amount.
    sales: Vec<(String, i64)>,
    /// Id and name.
    customers: Vec<(i64, String)>,
    /// Id, customer and amount.
    orders: Vec<(i64, i64, i64)>,
}

impl Data {
    fn new() -> Self {
        let mut rng = rand::rng();
        let regions = ["West", "East", "Süd, \"außen\""];
        let sale = |_| ((*regions.choose(&mut rng).unwrap()).to_owned(), rng.random_range(-50..1000_i64));
        let sales = (0..200).map(sale).collect();
        let customers = (1..=20).map(|id| (id, format!("customer {id}"))).collect();
        let mut rng = rand::rng();
        let orders = (1..=60).map(|id| (id, rng.random_range(1..=25), rng.random_range(1..500))).collect();
        Self { sales, customers, orders }
    }

    fn csv(&self) -> String {
        let rows = self.sales.iter().map(|(region, amount)| format!("\"{}\",{amount}\n", region.replace('"', "\"\"")));
        std::iter::once("region,amount\n".to_owned()).chain(rows).collect()
    }

    fn json(&self) -> String {
        self.sales
            .iter()
            .map(|(region, amount)| format!("{}\n", json!({ "region": region, "amount": amount })))
            .collect()
    }

    fn parquet(&self) -> Vec<u8> {
        let fields = vec![Field::new("region", DataType::Utf8, false), Field::new("amount", DataType::Int64, false)];
        let schema = Arc::new(Schema::new(fields));
        let regions: ArrayRef = Arc::new(StringArray::from_iter_values(self.sales.iter().map(|(region, _)| region)));
        let amounts: ArrayRef = Arc::new(Int64Array::from_iter_values(self.sales.iter().map(|(_, amount)| *amount)));
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![regions, amounts]).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn tables(&self) -> [(&'static str, String); 2] {
        let customers = self.customers.iter().map(|(id, name)| format!("{id},{name}\n"));
        let orders = self.orders.iter().map(|(id, customer, amount)| format!("{id},{customer},{amount}\n"));
        [
            ("customers", std::iter::once("customer_id,name\n".to_owned()).chain(customers).collect()),
            ("orders", std::iter::once("order_id,customer_id,amount\n".to_owned()).chain(orders).collect()),
        ]
    }

    fn by_region(&self) -> BTreeMap<String, (i64, i64)> {
        let mut totals = BTreeMap::<_, (i64, i64)>::new();
        for (region, amount) in &self.sales {
            let total = totals.entry(region.clone()).or_default();
            *total = (total.0 + 1, total.1 + amount);
        }
        totals
    }

    fn by_customer(&self) -> BTreeMap<i64, i64> {
        let mut totals = BTreeMap::new();
        self.orders.iter().for_each(|(_, customer, amount)| *totals.entry(*customer).or_default() += amount);
        totals
    }

    fn joined(&self) -> Vec<(i64, i64, i64, String)> {
        let named = |(order, customer, amount): &(i64, i64, i64)| {
            let (_, name) = self.customers.iter().find(|(id, _)| id == customer)?;
            Some((*order, *customer, *amount, name.clone()))
        };
        self.orders.iter().filter_map(named).collect()
    }
}

/// A server, and where it runs what it is asked.
struct Place<'a> {
    host: &'a TestHost,
    platform: &'a str,
}

impl Place<'_> {
    /// A seed's request through both of its paths: the code is written, then checked, run and answered.
    async fn ran(&self, mut request: Value) -> Value {
        request["execution_platform"] = self.platform.into();
        let written = self.host.post("/spark/generate", request.clone()).await.unwrap();
        assert_eq!(written["success"], true, "{written}");
        assert_eq!(written["execution_platform"], self.platform);
        let mut execute = request;
        execute["spark_code"] = written["result"]["spark_code"].clone();
        let ran = self.host.post("/spark/validate-execute", execute).await.unwrap();
        assert_eq!(ran["result"]["execution_result"], "success", "{ran}");
        assert_eq!(ran["execution_platform"], self.platform, "{ran}");
        ran
    }

    /// A table of a run's results as objects.
    async fn table(&self, ran: &Value, name: &str) -> Vec<Value> {
        let run = ran["run"].as_str().unwrap();
        let table = self.host.get(&format!("/v1/runs/{run}/results?limit=1000&table={name}")).await.unwrap();
        let columns =
            table["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap().to_owned());
        let columns: Vec<String> = columns.collect();
        let object = |row: &Value| -> serde_json::Map<String, Value> {
            columns.iter().cloned().zip(row.as_array().unwrap().iter().cloned()).collect()
        };
        table["rows"].as_array().unwrap().iter().map(|row| object(row).into()).collect()
    }

    /// The seed's first request over one object.
    async fn analyzes(&self, data: &Data, object: &str) {
        let mut request = over_s3();
        request["s3_input_path"] = object.into();
        let ran = self.ran(request).await;
        assert_eq!(ran["result"]["actual_results"], json!([{ "count": data.sales.len() }]), "{ran}");
        let totals: BTreeMap<String, (i64, i64)> = self
            .table(&ran, "by_region")
            .await
            .iter()
            .map(|row| {
                let sum =
                    row.as_object().unwrap().iter().find(|(name, _)| !["region", "count"].contains(&name.as_str()));
                (
                    row["region"].as_str().unwrap().to_owned(),
                    (row["count"].as_i64().unwrap(), sum.unwrap().1.as_i64().unwrap()),
                )
            })
            .collect();
        assert_eq!(totals, data.by_region(), "{object} on {}: {ran}", self.platform);
    }

    async fn sums(&self, data: &Data) {
        let mut request = over_glue();
        request["prompt"] = "total amount by customer_id".into();
        request["selected_tables"] = json!(["db.orders"]);
        let ran = self.ran(request).await;
        let totals: BTreeMap<i64, i64> = self
            .table(&ran, "result")
            .await
            .iter()
            .map(|row| {
                let sum = row.as_object().unwrap().iter().find(|(name, _)| *name != "customer_id").unwrap().1;
                (row["customer_id"].as_i64().unwrap(), sum.as_i64().unwrap())
            })
            .collect();
        assert_eq!(totals, data.by_customer(), "{ran}");
    }

    /// The seed's second request.
    async fn joins(&self, data: &Data) {
        let ran = self.ran(over_glue()).await;
        let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
        let mut rows: Vec<_> = self
            .table(&ran, "result")
            .await
            .iter()
            .map(|row| {
                let name = row["name"].as_str().unwrap().to_owned();
                (number(row, "order_id"), number(row, "customer_id"), number(row, "amount"), name)
            })
            .collect();
        rows.sort();
        assert_eq!(rows, data.joined(), "{ran}");
    }

    /// A program that only shows something has it in its log, and no rows.
    async fn shows(&self) {
        let code = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n\
                    spark.range(3).show()\nprint('total: ä', spark.range(4).count())\n";
        let request = json!({ "spark_code": code, "session_id": "session-123", "execution_platform": self.platform });
        let ran = self.host.post("/spark/validate-execute", request).await.unwrap();
        assert_eq!(ran["result"]["execution_result"], "success", "{ran}");
        let lines = ran["result"]["execution_output"].as_array().unwrap();
        assert!(lines.contains(&json!("total: ä 4")) && lines.contains(&json!("|  2|")), "{ran}");
        assert_eq!(ran["result"]["actual_results"], json!([]), "{ran}");
    }

    /// A failure has its class, its line and its cause, the same on each platform.
    async fn fails(&self) {
        let begin = "from pyspark.sql import SparkSession, functions as F\nspark = SparkSession.builder.getOrCreate()\n\
                     print('begun')\n";
        for (code, told) in [
            ("spark.range(3).select(spark.sql(\"SELECT 'amuont'\").first()[0]).show()\n", "missing-column in line 4: "),
            ("import os\nspark.read.csv(os.environ['OUTPUT_PATH'] + 'none/').show()\n", "missing-path in line 5: "),
            (
                "f = F.udf(lambda x:\n    1 // (x - 2))\nspark.range(9).select(f('id')).show()\n",
                "python-worker in line 5: ",
            ),
            ("import sys\nsys.exit(3)\n", "exit in line 5: the program exited with 3"),
        ] {
            let request = json!({ "spark_code": format!("{begin}{code}"), "execution_platform": self.platform });
            let ran = self.host.post("/spark/validate-execute", request).await.unwrap();
            let message = ran["result"]["execution_message"].as_str().unwrap();
            assert!(message.starts_with(told), "{}: {ran}", self.platform);
            assert!(ran["result"]["execution_output"].as_array().unwrap().contains(&json!("begun")), "{ran}");
        }
    }

    /// All there is to do on a platform.
    async fn whole(&self, data: &Data) {
        for object in ["s3://bucket/data.csv", "s3://bucket/data.parquet", "s3://bucket/data.json"] {
            self.analyzes(data, object).await;
        }
        self.sums(data).await;
        self.joins(data).await;
        self.shows().await;
        self.fails().await;
    }
}

async fn at_aws(platform: &str) {
    let data = Data::new();
    let house = House::with(&[("db", "customers", OF_CUSTOMERS), ("db", "orders", OF_ORDERS)]).await;
    house.put("bucket", "data.csv", data.csv());
    house.put("bucket", "data.json", data.json());
    house.put("bucket", "data.parquet", data.parquet());
    for (table, csv) in data.tables() {
        house.put("lake", &format!("db/{table}/part-0.csv"), csv);
    }
    let host = house.server().await;
    Place { host: &host, platform }.whole(&data).await;
    house.end();
}

#[tokio::test]
async fn the_seeds_requests_have_the_right_rows_on_this_machine() {
    let data = Data::new();
    let host = TestHost::start(BIN).await.unwrap();
    host.put_object("bucket", "data.csv", data.csv()).await.unwrap();
    host.put_object("bucket", "data.json", data.json()).await.unwrap();
    host.put_object("bucket", "data.parquet", data.parquet()).await.unwrap();
    for (table, csv) in data.tables() {
        host.put_object("lake", &format!("db/{table}/part-0.csv"), csv).await.unwrap();
        host.register("db", table, &format!("s3://lake/db/{table}/")).await.unwrap();
    }
    Place { host: &host, platform: "local" }.whole(&data).await;
}

#[tokio::test]
async fn the_seeds_requests_have_the_right_rows_on_lambda() {
    at_aws("lambda").await;
}

#[tokio::test]
async fn the_seeds_requests_have_the_right_rows_on_emr() {
    at_aws("emr").await;
}
