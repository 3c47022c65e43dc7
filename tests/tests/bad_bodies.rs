//! Bodies that are no request: too large, too slow, cut off. The server answers, and is as it was before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use enginehouse_tests::{TestHost, problem};
use futures::stream;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");
const GIB: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// A request whose body the test sends as it likes.
struct Raw(TcpStream);

impl Raw {
    async fn begin(host: &TestHost, head: &str) -> Self {
        let address = host.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.replace('\n', "\r\n").as_bytes()).await.unwrap();
        Self(stream)
    }

    /// The status and the document of the answer, which ends with the connection.
    async fn answer(mut self) -> (u16, Value) {
        let mut text = Vec::new();
        // Whoever is told while still sending may be cut off after the answer.
        let _ends_with_a_reset = timeout(PATIENCE, self.0.read_to_end(&mut text)).await.expect("an answer in time");
        let text = String::from_utf8(text).unwrap();
        let status = text.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {text:?}")).parse().unwrap();
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
        (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("no problem document: {text}")))
    }
}

#[tokio::test]
async fn a_gigabyte_is_refused_before_it_is_sent() {
    let host = TestHost::start(BIN).await.unwrap();
    let before = host.peak_memory_kib().unwrap();
    for (method, path, kind, word) in [
        ("POST", "/v1/runs", "application/json", "/v1/uploads"),
        ("POST", "/generate", "application/json", "/v1/uploads"),
        ("POST", "/v1/uploads", "multipart/form-data; boundary=x", "limits.upload-mib"),
        ("PUT", "/v1/objects/raw/x.bin", "application/octet-stream", "limits.upload-mib"),
    ] {
        let bytes = 2 * GIB;
        let head =
            format!("{method} {path} HTTP/1.1\nHost: localhost\nContent-Type: {kind}\nContent-Length: {bytes}\n\n");
        let (status, told) = Raw::begin(&host, &head).await.answer().await;
        assert_eq!(status, 413, "{path}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(word), "{path}: {told}");
    }
    assert!(host.peak_memory_kib().unwrap() - before < 16 * 1024);
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn a_gigabyte_that_does_not_say_so_is_refused_on_its_way() {
    let host = TestHost::start(BIN).await.unwrap();
    let before = host.peak_memory_kib().unwrap();
    let head =
        "POST /v1/runs HTTP/1.1\nHost: localhost\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n";
    let mut raw = Raw::begin(&host, head).await;
    let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0_u64;
    while sent < GIB && raw.0.write_all(piece.as_bytes()).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 64 << 20, "it took {sent} bytes");
    let grown = host.peak_memory_kib().unwrap() - before;
    assert!(grown < 32 * 1024, "{grown} KiB more");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn a_byte_a_second_is_given_up() {
    let host = TestHost::start(BIN).await.unwrap();
    let slow = |head: &'static str| {
        let host = &host;
        async move {
            let since = Instant::now();
            let Raw(stream) = Raw::begin(host, head).await;
            let (from, mut to) = stream.into_split();
            let sending = tokio::spawn(async move {
                while to.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
            let mut from = from;
            let mut first = [0; 12];
            timeout(PATIENCE, from.read_exact(&mut first)).await.expect("an answer in time").unwrap();
            sending.abort();
            (String::from_utf8_lossy(&first).into_owned(), since.elapsed())
        }
    };
    let json = "POST /v1/runs HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 4096\n\n";
    let form = "POST /v1/uploads HTTP/1.1\nHost: localhost\nContent-Type: multipart/form-data; boundary=x\nContent-Length: \
                4096\n\n--x\nContent-Disposition: form-data; name=\"file\"; filename=\"slow.csv\"\n\nid,name\n";
    let (json, form) = tokio::join!(slow(json), slow(form));
    for (status, took) in [json, form] {
        assert_eq!(status, "HTTP/1.1 408");
        assert!(took > Duration::from_secs(10) && took < Duration::from_secs(45), "after {took:?}");
    }
    let kept = enginehouse_tests::files(&host.data().join("objects"));
    assert!(!kept.iter().any(|file| file.to_string_lossy().contains("slow")), "{kept:?}");
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let host = TestHost::start(BIN).await.unwrap();
    let slow = |head: &'static str, more: &'static str| {
        let host = &host;
        async move {
            let since = Instant::now();
            let Raw(stream) = Raw::begin(host, head).await;
            let (mut from, mut to) = stream.into_split();
            let sending = tokio::spawn(async move {
                while to.write_all(more.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
            let mut answer = Vec::new();
            let _ends_with_a_reset = timeout(PATIENCE, from.read_to_end(&mut answer)).await.expect("an end in time");
            sending.abort();
            (String::from_utf8_lossy(&answer).into_owned(), since.elapsed())
        }
    };
    let (silent, stuck, endless) = tokio::join!(
        slow("", ""),
        slow("GET /readyz HTTP/1.1\nHost: localhost\nX-Slow: ", ""),
        slow("GET /readyz HTTP/1.1\nHost: localhost\n", "X-Slow: 1\r\n"),
    );
    for (answer, took) in [silent, stuck, endless] {
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(took > Duration::from_secs(10) && took < Duration::from_secs(45), "after {took:?}");
    }
    assert_eq!(host.get("/readyz").await.unwrap()["ready"], true);
}

#[tokio::test]
async fn two_hundred_megabytes_stream_into_the_store() {
    let host = TestHost::start(BIN).await.unwrap();
    let before = host.peak_memory_kib().unwrap();
    let block = Bytes::from("12345,a name that takes some room,9.75\n".repeat(26_887));
    let blocks = 200;
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from("id,name,amount\n"))]);
    let rest = stream::iter((0..blocks).map({
        let block = block.clone();
        move |_| Ok(block.clone())
    }));
    let body = reqwest::Body::wrap_stream(futures::StreamExt::chain(first, rest));
    let form =
        reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::stream(body).file_name("big.csv"));
    let response = host.http.post(host.at("/v1/uploads")).multipart(form).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let kept: Value = response.json().await.unwrap();
    assert_eq!(kept["bytes"], (block.len() * blocks + 15) as u64);
    assert_eq!(kept["columns"].as_array().unwrap().len(), 3);
    let grown = host.peak_memory_kib().unwrap() - before;
    eprintln!("200 MB uploaded with {grown} KiB more memory at the peak");
    assert!(grown < 128 * 1024, "{grown} KiB more");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused() {
    let host = TestHost::start(BIN).await.unwrap();
    for (kind, body) in [
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\""),
        ("multipart/form-data; boundary=x", "--x--\r\n"),
        ("multipart/form-data", "--x--\r\n"),
        ("text/plain", "id,name\n"),
    ] {
        let sent = host.http.post(host.at("/v1/uploads")).header("content-type", kind).body(body).send().await.unwrap();
        problem(sent, 400).await.unwrap_or_else(|error| panic!("{kind} {body:?}: {error}"));
    }
}
