//! CSV files as people have them: read as what they are, or refused with a reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use bytes::Bytes;
use enginehouse_tests::{Parts, TestHost, problem};
use futures::{StreamExt, stream};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const TEXT: &str = "id,city,amount\n1,Zürich,2.5\n2,Málaga,3\n3,Århus,4.5\n";

async fn upload(host: &TestHost, name: &str, bytes: Vec<u8>, fields: &[(&str, &str)]) -> reqwest::Response {
    let mut form = Form::new();
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let form = form.part("file", Part::bytes(bytes).file_name(name.to_owned()));
    host.http.post(host.at("/v1/uploads")).multipart(form).send().await.unwrap()
}

async fn kept(host: &TestHost, bytes: impl Into<Vec<u8>>, fields: &[(&str, &str)]) -> Value {
    let response = upload(host, "x.csv", bytes.into(), fields).await;
    let status = response.status();
    let view: Value = response.json().await.unwrap();
    assert_eq!(status, 201, "{view}");
    view
}

fn columns(view: &Value) -> Vec<(&str, &str)> {
    let columns = view["columns"].as_array().unwrap();
    columns.iter().map(|c| (c["name"].as_str().unwrap(), c["type"].as_str().unwrap_or("?"))).collect()
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn every_encoding_is_kept_as_utf_8_and_told() {
    let host = TestHost::start(BIN).await.unwrap();
    let marked = format!("\u{feff}{TEXT}");
    for (bytes, fields, encoding) in [
        (TEXT.as_bytes().to_vec(), &[][..], "UTF-8"),
        (marked.as_bytes().to_vec(), &[], "UTF-8"),
        (latin_1(TEXT), &[], "windows-1252"),
        (latin_1(TEXT), &[("encoding", "latin1")], "windows-1252"),
        (utf_16(&marked), &[], "UTF-16LE"),
        (utf_16(TEXT), &[], "UTF-16LE"),
    ] {
        let view = kept(&host, bytes, fields).await;
        assert_eq!(view["encoding"], encoding);
        assert_eq!(columns(&view), [("id", "bigint"), ("city", "string"), ("amount", "double")], "{encoding}");
        let key = view["uri"].as_str().unwrap().strip_prefix("s3://").unwrap();
        let object = host.http.get(host.at(&format!("/v1/objects/{key}"))).send().await.unwrap();
        assert_eq!(object.text().await.unwrap(), TEXT, "{encoding}");
    }
    for (bytes, fields) in [
        (latin_1(TEXT), &[("encoding", "utf-8")][..]),
        (TEXT.into(), &[("encoding", "klingon")]),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0".to_vec(), &[]),
    ] {
        problem(upload(&host, "x.csv", bytes, fields).await, 400).await.unwrap();
    }
}

#[tokio::test]
async fn delimiters_headers_and_long_cells_are_seen() {
    let host = TestHost::start(BIN).await.unwrap();
    for (text, fields, header, delimiter, names) in [
        ("id;name\n1;a\n2;b\n", &[][..], "true", ";", ["id", "name"]),
        ("id\tname\n1\ta\n2\tb\n", &[], "true", "\t", ["id", "name"]),
        ("id|name\n1|a\n2|b\n", &[], "true", "|", ["id", "name"]),
        ("1,a\n2,b\n3,c\n", &[], "false", ",", ["_c0", "_c1"]),
        ("1,a\n2,b\n3,c\n", &[("header", "true")], "true", ",", ["1", "a"]),
        ("id~name\n1~a\n", &[("delimiter", "~")], "true", "~", ["id", "name"]),
    ] {
        let view = kept(&host, text, fields).await;
        let properties = &view["properties"];
        assert_eq!((&properties["header"], &properties["delimiter"]), (&json!(header), &json!(delimiter)), "{text:?}");
        assert_eq!(columns(&view).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names, "{text:?}");
    }
    let view = kept(&host, "id,note\n1,\"one, two\nthree \"\"four\"\"\"\n2,plain\n", &[]).await;
    assert_eq!(view["properties"]["multiline"], "true");
}

#[tokio::test]
async fn what_cannot_be_a_table_is_refused_with_its_reason() {
    let host = TestHost::start(BIN).await.unwrap();
    let wide = (0..100_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    for (name, text, word) in [
        ("x.csv", "", "empty"),
        ("x.csv", "\n\n", "empty"),
        ("x.csv", "a,b\n1,2,3\n", "fit together"),
        ("x.csv", "a,b\n1\n", "fit together"),
        ("x.csv", "a,a\n1,2\n", "twice"),
        ("x.csv", &wide, "100000 columns"),
        ("../../x.csv", "a,b\n1,2\n", "file name"),
        ("x.parquet", "a,b\n1,2\n", "Parquet"),
        ("x.json", "a,b\n1,2\n", "JSON"),
    ] {
        let told = problem(upload(&host, name, text.into(), &[]).await, 400).await.unwrap();
        assert!(told["detail"].as_str().unwrap().contains(word), "{name} {told}");
    }
    let kept = host.get("/v1/objects?prefix=s3://enginehouse/uploads/").await.unwrap();
    assert_eq!(kept["objects"], json!([]));
    let memory = host.peak_memory_kib().unwrap();
    eprintln!("peak after every refused file: {memory} KiB");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn a_file_in_latin_1_with_long_cells_is_counted_right() {
    let host = TestHost::start(BIN).await.unwrap();
    let text = "stadt;notiz;betrag\nZürich;\"zwei\nZeilen\";1\nMálaga;\"a; \"\"b\"\"\";2\nZürich;x;4\n";
    let form = &[("session_id", "umlaut")][..];
    kept(&host, latin_1(text), form).await;
    let run = host
        .run(json!({ "framework": "spark", "session_id": "umlaut", "prompt": "total betrag by stadt" }))
        .await
        .unwrap();
    let view = host.ended(&run).await.unwrap();
    assert_eq!(view["state"], "succeeded", "{view}");
    let page = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    let mut rows: Vec<String> = page["rows"].as_array().unwrap().iter().map(Value::to_string).collect();
    rows.sort();
    assert_eq!(rows, ["[\"Málaga\",2]", "[\"Zürich\",5]"]);
}

#[tokio::test]
async fn two_gibibytes_pass_through_a_few_mebibytes_of_memory() {
    let parts = Parts { config: "[limits]\nupload-mib = 3072\n".to_owned(), ..Parts::default() };
    let host = TestHost::start_with(BIN, parts).await.unwrap();
    // What a first upload takes for itself is not the second's.
    kept(&host, TEXT.as_bytes(), &[]).await;
    let before = host.peak_memory_kib().unwrap();

    let line = "1234567,Zürich,2.5\n";
    let piece = Bytes::from(line.repeat((1 << 20) / line.len()));
    let pieces = (2_u64 << 30).div_ceil(piece.len() as u64);
    let head = Bytes::from_static(b"id,city,amount\n");
    let length = head.len() as u64 + pieces * piece.len() as u64;
    let body = stream::iter(std::iter::once(head).chain((0..pieces).map(move |_| piece.clone())));
    let body = reqwest::Body::wrap_stream(body.map(Ok::<_, std::io::Error>));
    let file = Part::stream_with_length(body, length).file_name("large.csv");
    let response =
        host.http.post(host.at("/v1/uploads")).multipart(Form::new().part("file", file)).send().await.unwrap();
    let status = response.status();
    let view: Value = response.json().await.unwrap();
    assert_eq!(status, 201, "{view}");
    assert!(view["bytes"].as_u64().unwrap() >= 2 << 30, "{view}");
    let grown = host.peak_memory_kib().unwrap() - before;
    assert!(grown < 64 << 10, "the server's memory grew by {} MiB", grown >> 10);
}
