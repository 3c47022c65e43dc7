//! One table of a real run, downloaded in every format.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{DataType, Int64Type, TimeUnit},
    ipc::reader::StreamReader,
};
use bytes::Bytes;
use enginehouse_tests::{TestHost, files, problem};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::{
    Response,
    header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const ROWS: usize = 40_000;

/// Rows with what trips readers, many enough that no part of them fits in one piece of a download.
fn csv() -> String {
    let row = |id: usize| match id % 3 {
        0 => format!("{id},\"quote \"\" and, comma in row {id}\",{}.5\n", id % 100),
        1 => format!("{id},plain text of row {id},{}\n", id % 100),
        _ => format!("{id},,\n"),
    };
    std::iter::once("id,name,price\n".to_owned()).chain((0..ROWS).map(row)).collect()
}

/// A program that writes its source in three parts, with an exact price and a time.
fn program(uri: &str) -> String {
    format!(
        "import os\nfrom pyspark.sql import SparkSession, functions as F\n\
         spark = SparkSession.builder.getOrCreate()\n\
         df = spark.read.option('header', True).option('escape', '\"').option('inferSchema', True).csv({uri:?})\n\
         df = df.select(F.col('id').cast('bigint').alias('id'), 'name', F.col('price').cast('decimal(10,2)').alias('price'),\n\
         \x20   F.lit('2024-01-31 12:00:00').cast('timestamp').alias('at'))\n\
         df.repartition(3).write.mode('overwrite').parquet(os.environ['OUTPUT_PATH'])\n"
    )
}

struct Ran {
    host: TestHost,
    run: String,
}

impl Ran {
    async fn new() -> Self {
        let host = TestHost::start(BIN).await.unwrap();
        let upload = host.upload("me", "x.csv", csv()).await.unwrap();
        let code = program(upload["uri"].as_str().unwrap());
        let run = host.run(json!({ "framework": "spark", "session_id": "me", "code": code })).await.unwrap();
        let ended = host.ended(&run).await.unwrap();
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(ended["tables"][0]["objects"], 3, "{ended}");
        Self { host, run }
    }

    async fn ask(&self, query: &str, accept: &str) -> Response {
        let url = self.host.at(&format!("/v1/runs/{}/results{query}", self.run));
        self.host.http.get(url).header(ACCEPT, accept).send().await.unwrap()
    }

    async fn download(&self, format: &str, content_type: &str) -> Bytes {
        let response = self.ask(&format!("?format={format}"), "*/*").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], content_type);
        let file = response.headers()[CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(file.starts_with("attachment; filename=\"") && file.ends_with(&format!(".{format}\"")), "{file}");
        response.bytes().await.unwrap()
    }

    /// All rows, page by page.
    async fn pages(&self) -> Vec<Value> {
        let (mut rows, mut offset) = (Vec::new(), json!(0));
        while !offset.is_null() {
            let path = format!("/v1/runs/{}/results?limit=10000&offset={offset}", self.run);
            let mut page = self.host.get(&path).await.unwrap();
            rows.append(page["rows"].as_array_mut().unwrap());
            offset = page["next"].take();
        }
        rows
    }
}

fn ids(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}

#[tokio::test]
async fn a_table_is_the_same_in_every_format() {
    let ran = Ran::new().await;
    let rows = ran.pages().await;
    assert_eq!(rows.len(), ROWS);

    let lines = ran.download("jsonl", "application/x-ndjson").await;
    let lines: Vec<Value> =
        lines.trim_ascii_end().split(|b| *b == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
    let named = |row: &Value| json!({ "id": row[0], "name": row[1], "price": row[2], "at": row[3] });
    assert!(lines == rows.iter().map(named).collect::<Vec<_>>(), "{} and {}", lines[0], rows[0]);
    let row = rows.iter().find(|row| row[0] == 3).unwrap();
    assert_eq!((&row[1], &row[2]), (&json!("quote \" and, comma in row 3"), &json!("3.50")), "decimals are exact");

    let csv = ran.download("csv", "text/csv; charset=utf-8").await;
    let mut reader = csv::Reader::from_reader(csv.as_ref());
    assert_eq!(reader.headers().unwrap(), vec!["id", "name", "price", "at"]);
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string().replace("null", ""), str::to_owned);
    let cells: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let expected: Vec<Vec<String>> =
        rows.iter().map(|row| row.as_array().unwrap().iter().map(cell).collect()).collect();
    assert!(cells == expected, "{:?} and {:?}", cells[0], expected[0]);

    let stream = ran.download("arrow", "application/vnd.apache.arrow.stream").await;
    let reader = StreamReader::try_new(stream.as_ref(), None).unwrap();
    let schema = reader.schema();
    let types: Vec<_> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    // What Spark writes for a time unless it is told otherwise has nanoseconds and no zone.
    let time = DataType::Timestamp(TimeUnit::Nanosecond, None);
    assert_eq!(types, [DataType::Int64, DataType::Utf8, DataType::Decimal128(10, 2), time]);
    let from_arrow: Vec<_> = reader.map(|batch| batch.unwrap()).collect();
    assert_eq!(ids(&from_arrow), rows.iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>());

    let file = ran.download("parquet", "application/vnd.apache.parquet").await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    assert_eq!(reader.schema().fields(), schema.fields());
    let from_parquet: Vec<_> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    let whole = |batches: &[RecordBatch]| arrow::compute::concat_batches(&batches[0].schema(), batches).unwrap();
    assert_eq!(whole(&from_parquet).columns(), whole(&from_arrow).columns());

    // `Accept` does the same, and the query wins over it.
    assert_eq!(ran.ask("", "text/csv").await.bytes().await.unwrap(), csv);
    let page = ran.ask("?format=json&limit=1", "text/csv").await;
    assert_eq!(page.json::<Value>().await.unwrap()["rows"], json!([rows[0]]));
    for (query, told) in
        [("?format=xlsx", "`parquet`"), ("?format=csv&limit=10", "offset"), ("?format=jsonl&table=no", "no")]
    {
        let status = if query.contains("table") { 404 } else { 400 };
        let problem = problem(ran.ask(query, "*/*").await, status).await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
    }

    let code = ran.host.get(&format!("/v1/runs/{}/code", ran.run)).await.unwrap();
    assert_eq!(code[0]["diff"], Value::Null, "nothing came before the first");
    assert_eq!(code.as_array().unwrap().len(), 1);

    // A part that is damaged while nobody looks: what was sent of the table does not end as a whole one.
    let mut parts: Vec<_> = files(&ran.host.data()).into_iter().filter(|path| is_part(path)).collect();
    parts.sort();
    assert_eq!(parts.len(), 3, "{parts:?}");
    let mut part = std::fs::read(&parts[2]).unwrap();
    let end = part.len() - 4096;
    part[4..end].fill(0x5a);
    std::fs::write(&parts[2], part).unwrap();
    for format in ["csv", "jsonl", "arrow"] {
        let response = ran.ask(&format!("?format={format}"), "*/*").await;
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err(), "{format} was cut off and looks whole");
    }
}

fn is_part(path: &std::path::Path) -> bool {
    path.to_string_lossy().ends_with(".parquet")
        && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("part-"))
}
