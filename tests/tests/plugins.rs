//! Plugins that are installed, activated and swapped while the server runs, and what keeps them in their bounds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

use std::{
    process::Command,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use enginehouse_tests::{
    Parts, TestHost,
    guests::{grown, mark, marked},
    problem,
};
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

const BIN: &str = env!("CARGO_BIN_EXE_enginehouse-under-test");

async fn host(config: &str) -> TestHost {
    TestHost::start_with(BIN, Parts { config: config.to_owned(), ..Parts::default() }).await.unwrap()
}

/// Code that takes so long.
fn for_ms(ms: u128) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("until {}", now + ms)
}

/// What `validate` says to `code`: which generation the answer names, and the mark of the one that gave it.
async fn validate(host: &TestHost, code: &str) -> (u64, String) {
    let path = host.at("/v1/frameworks/marked/validate");
    let response = host.http.post(path).json(&json!({ "code": code })).send().await.unwrap();
    let header = response.headers()["enginehouse-generation"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let (number, digest) = (body["generation"].as_u64().unwrap(), body["digest"].as_str().unwrap());
    assert_eq!(header, format!("{number}; digest={digest}"));
    (number, body["findings"][0]["message"].as_str().unwrap().to_owned())
}

async fn start(host: &TestHost, code: &str) -> Value {
    host.post("/v1/runs", json!({ "framework": "marked", "code": code })).await.unwrap()
}

async fn ended(host: &TestHost, run: &Value) -> Value {
    host.ended(run["id"].as_str().unwrap()).await.unwrap()
}

fn generation(plugin: &Value, number: u64) -> &Value {
    plugin["generations"].as_array().unwrap().iter().find(|row| row["generation"] == number).unwrap()
}

#[tokio::test]
async fn a_framework_is_swapped_while_its_runs_go_on() {
    let host = host("").await;
    assert_eq!(host.swap("marked", marked(1)).await.unwrap(), 0);
    assert_eq!(validate(&host, "a").await, (0, mark(1)));
    let long = start(&host, &for_ms(4000)).await;
    assert_eq!(long["generation"], 0);
    assert_eq!(host.swap("marked", marked(2)).await.unwrap(), 1);
    assert_eq!(validate(&host, "a").await, (1, mark(2)), "the same code is read anew");

    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!(
        (&plugin["generation"], &plugin["serving"], &plugin["failure"]),
        (&json!(1), &json!(true), &Value::Null)
    );
    assert_eq!((&generation(&plugin, 0)["runs"], &generation(&plugin, 0)["in_memory"]), (&json!(1), &json!(true)));
    let short = ended(&host, &start(&host, "at once").await).await;
    assert_eq!((&short["generation"], &short["document"]["mark"]), (&json!(1), &json!(mark(2))));

    let long = ended(&host, &long).await;
    assert_eq!((&long["state"], &long["generation"]), (&json!("succeeded"), &json!(0)), "{long}");
    assert_eq!(long["document"]["mark"], mark(1), "a run ends on the generation that it began with");
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!(generation(&plugin, 0)["in_memory"], false, "with its last run it leaves memory: {plugin}");
}

#[tokio::test]
async fn a_run_keeps_its_generation_over_a_crash() {
    let mut host = host("").await;
    host.swap("marked", marked(1)).await.unwrap();
    let run = start(&host, &for_ms(3000)).await;
    host.swap("marked", marked(2)).await.unwrap();
    host = host.crash_and_restart().await.unwrap();
    assert_eq!(validate(&host, "a").await, (1, mark(2)), "what the operator activated serves again");
    let run = ended(&host, &run).await;
    assert_eq!((&run["state"], &run["document"]["mark"]), (&json!("succeeded"), &json!(mark(1))), "{run}");
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!(generation(&plugin, 0)["in_memory"], false, "{plugin}");
}

#[tokio::test]
async fn a_plugin_that_asks_for_more_waits_for_its_operator() {
    let host = host("").await;
    host.swap("marked", marked(1)).await.unwrap();
    let digest = host.install(grown(2)).await.unwrap();
    let refused = problem(host.activate("marked", &digest, &[]).await.unwrap(), 409).await.unwrap();
    assert_eq!((&refused["missing"], &refused["serving"]), (&json!(["objects"]), &json!([])));
    assert!(refused["detail"].as_str().unwrap().contains("--grant objects"), "{refused}");
    assert_eq!(validate(&host, "a").await, (0, mark(1)), "the generation before goes on");
    let plugin = host.plugin("marked").await.unwrap();
    assert_eq!(plugin["failure"]["digest"], digest);
    assert!(plugin["failure"]["reason"].as_str().unwrap().contains("objects"));

    assert!(host.activate("marked", &digest[..12], &["objects"]).await.unwrap().status().is_success());
    assert_eq!(host.plugin("marked").await.unwrap()["failure"], Value::Null);
    let run = ended(&host, &start(&host, "at once").await).await;
    assert_eq!((&run["state"], &run["document"]["mark"]), (&json!("succeeded"), &json!(mark(2))), "{run}");
    assert_eq!(host.swap("marked", grown(3)).await.unwrap(), 2, "what was granted before is granted to the next");
    problem(host.activate("marked", &digest, &["everything"]).await.unwrap(), 400).await.unwrap();
}

#[tokio::test]
async fn what_the_configuration_denies_or_narrows_holds_whatever_is_granted() {
    let narrow = host("[frameworks.marked.grants]\nobjects = { write = [\"s3://elsewhere/\"] }").await;
    assert_eq!(narrow.swap("marked", grown(1)).await.unwrap(), 0, "what it names is granted");
    let run = ended(&narrow, &start(&narrow, "at once").await).await;
    assert_eq!(run["state"], "failed");
    let detail = run["problem"]["detail"].as_str().unwrap();
    assert!(detail.contains("denied") && detail.contains("frameworks.marked.grants.objects.write"), "{detail}");

    let closed = host("[frameworks.marked.grants]\nobjects = false").await;
    let digest = closed.install(grown(1)).await.unwrap();
    problem(closed.activate("marked", &digest, &["objects"]).await.unwrap(), 409).await.unwrap();
    let none = closed.post("/v1/runs", json!({ "framework": "marked", "code": "x" })).await.unwrap_err().to_string();
    assert!(none.contains("there is no framework `marked`"), "{none}");
}

#[tokio::test]
async fn an_operator_goes_back_to_any_earlier_generation() {
    let host = host("").await;
    problem(host.roll_back("marked", json!({})).await.unwrap(), 404).await.unwrap();
    for number in 1..=3 {
        host.swap("marked", marked(number)).await.unwrap();
    }
    assert!(host.roll_back("marked", json!({})).await.unwrap().status().is_success());
    assert_eq!(validate(&host, "a").await, (3, mark(2)));
    assert!(host.roll_back("marked", json!({ "to": 0 })).await.unwrap().status().is_success());
    assert_eq!(validate(&host, "a").await, (4, mark(1)));
    problem(host.roll_back("marked", json!({ "to": 99 })).await.unwrap(), 404).await.unwrap();
    problem(host.roll_back("marked", json!({ "too": 0 })).await.unwrap(), 400).await.unwrap();
    let digest = host.install(marked(1)).await.unwrap();
    host.activate("marked", &digest, &[]).await.unwrap();
    assert_eq!(validate(&host, "a").await.0, 4, "what serves already goes on as it does");
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_with_what_to_do() {
    let host = host("").await;
    let cases: [(&[u8], u16, &str); 4] = [
        (b"", 422, "empty"),
        (b"\0asm\x01\0\0\0", 422, "core WebAssembly module"),
        (b"\0asm\x0d\0\x01\0\xff\xff\xff", 422, "does not compile"),
        (b"hello", 422, "no WebAssembly"),
    ];
    for (wasm, status, text) in cases {
        let refused = problem(host.hand_in(wasm.to_vec()).await.unwrap(), status).await.unwrap();
        assert!(refused["detail"].as_str().unwrap().contains(text), "{refused}");
    }
    problem(host.hand_in(vec![0; (64 << 20) + 1]).await.unwrap(), 413).await.unwrap();
    let digest = host.install(marked(1)).await.unwrap();
    problem(host.activate("spark", &digest, &[]).await.unwrap(), 404).await.unwrap();
    problem(host.activate("marked", "0000000000", &[]).await.unwrap(), 404).await.unwrap();
    problem(host.activate("marked", &digest[..3], &[]).await.unwrap(), 400).await.unwrap();
    let closed = host.http.post(host.at("/v1/plugins")).body(marked(1)).send().await.unwrap();
    problem(closed, 401).await.unwrap();
}

#[tokio::test]
async fn a_component_is_removed_once_nothing_needs_it() {
    let host = host("").await;
    let remove = async |digest: &str| {
        let path = format!("/v1/plugins/marked/components/{digest}");
        host.as_operator(Method::DELETE, &path).unwrap().send().await.unwrap()
    };
    host.swap("marked", marked(1)).await.unwrap();
    let run = start(&host, &for_ms(2000)).await;
    let first = run["digest"].as_str().unwrap();
    problem(remove(first).await, 409).await.unwrap();
    host.swap("marked", marked(2)).await.unwrap();
    problem(remove(first).await, 409).await.unwrap();
    ended(&host, &run).await;
    assert_eq!(remove(first).await.status(), 204);
    problem(remove(first).await, 404).await.unwrap();
    let gone = problem(host.roll_back("marked", json!({ "to": 0 })).await.unwrap(), 404).await.unwrap();
    assert!(gone["detail"].as_str().unwrap().contains("install it again"), "{gone}");
    assert_eq!(validate(&host, "a").await, (1, mark(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_during_an_activation_leaves_one_whole_generation() {
    let mut host = host("").await;
    let (mut serving, mut interrupted) = (host.swap("marked", marked(1000)).await.unwrap(), 0);
    let mut last = 1000;
    for round in 0..20_u32 {
        let swapping = {
            let token = std::fs::read_to_string(host.data().join("operator.token")).unwrap();
            let (http, url) = (host.http.clone(), host.at("/v1/plugins"));
            tokio::spawn(async move {
                let wasm = marked(1001 + round);
                let installed = http.post(&url).bearer_auth(&token).body(wasm).send().await.ok()?;
                let installed: Value = installed.json().await.ok()?;
                let url = format!("{url}/marked/activate");
                let asked = json!({ "digest": installed["digest"] });
                let activated = http.post(url).bearer_auth(&token).json(&asked).send().await.ok()?;
                activated.json::<Value>().await.ok()
            })
        };
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..1200))).await;
        host = host.crash_and_restart().await.unwrap();
        let told = swapping.await.unwrap();
        let (number, answered) = validate(&host, "a").await;
        let next = (serving + 1, mark(1001 + round));
        if (number, answered.clone()) == next {
            (serving, last) = (number, 1001 + round);
        } else {
            assert_eq!((number, answered), (serving, mark(last)), "round {round}");
            assert_eq!(told, None, "what the operator was told was done is done");
            interrupted += 1;
        }
    }
    assert!(interrupted > 0, "no activation was interrupted");
    assert_eq!(host.swap("marked", marked(2000)).await.unwrap(), serving + 1, "and the next activation goes through");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_by_the_generation_that_they_name_however_often_it_is_swapped() {
    let host = host("").await;
    host.swap("marked", marked(0)).await.unwrap();
    let (calls, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let call = async |client: u32| {
        while !over.load(Ordering::Relaxed) {
            let number = calls.fetch_add(1, Ordering::Relaxed);
            let (generation, answered) = validate(&host, &format!("{client} {number}")).await;
            assert_eq!(answered, mark(u32::try_from(generation).unwrap()));
        }
    };
    let swap = async {
        for number in 1..=10 {
            assert_eq!(host.swap("marked", marked(number)).await.unwrap(), u64::from(number));
            let seen = validate(&host, &format!("after {number}")).await;
            assert_eq!(seen, (u64::from(number), mark(number)), "a call that begins after the swap sees it");
        }
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(call(1), call(2), swap);
    assert!(calls.into_inner() > 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_a_plugin_may_have_are_told_when_to_come_again() {
    let limits = "[frameworks.marked.limits]\nconcurrent-calls = 1\nwaiting-calls = 1";
    let host = host(limits).await;
    host.swap("marked", marked(1)).await.unwrap();
    let ask = async |number: usize| {
        let code = format!("{number}{}", "x".repeat(900_000));
        host.http.post(host.at("/v1/frameworks/marked/validate")).json(&json!({ "code": code })).send().await.unwrap()
    };
    let answers = futures::future::join_all((0..40).map(ask)).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status() == 503).collect();
    assert!(!busy.is_empty() && busy.len() < 40, "{} of 40", busy.len());
    assert!(busy.iter().all(|answer| answer.headers().contains_key("retry-after")));
    assert!(answers.iter().all(|answer| matches!(answer.status().as_u16(), 200 | 503)));
}

#[tokio::test]
async fn the_command_line_does_the_same() {
    let host = host("").await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, wasm: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, wasm).unwrap();
        path.display().to_string()
    };
    let (one, two, bad) = (file("one.wasm", marked(1)), file("two.wasm", grown(2)), file("bad.wasm", b"no".to_vec()));
    let data = host.data().display().to_string();
    let plugin = |arguments: &[&str]| {
        let mut command = Command::new(BIN);
        command.arg("plugin").args(arguments).args(["--server", &host.base, "--data", &data]);
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), text)
    };
    let says = |arguments: &[&str], success: bool, text: &str| {
        let (succeeded, said) = plugin(arguments);
        assert!(succeeded == success && said.contains(text), "{arguments:?}: {said}");
    };
    says(&["install", &one, "--activate"], true, "marked is served by generation 0");
    says(&["install", &two], true, "it asks for objects");
    let digest = host.plugin("marked").await.unwrap()["components"][0]["digest"].as_str().unwrap().to_owned();
    says(&["activate", "marked", &digest], false, "--grant objects");
    says(&["activate", "marked", &digest, "--grant", "objects"], true, "generation 1: version 0.2.0");
    says(&["rollback", "marked"], true, "generation 2: version 0.1.0");
    says(&["list"], true, "marked  generation 2, version 0.1.0");
    says(&["remove", "marked", &digest], true, "removed");
    says(&["install", &bad], false, "no WebAssembly");
    says(&["install", "/no/such/file"], false, "cannot read");
}

#[tokio::test]
async fn code_that_takes_more_memory_to_read_than_a_plugin_has_is_a_finding() {
    let host = host("").await;
    let code = "$ ".repeat(520_000);
    let read = host.post("/v1/frameworks/spark/validate", json!({ "code": code })).await.unwrap();
    assert_eq!((&read["clean"], &read["findings"][0]["rule"]), (&json!(false), &json!("C001")), "{read}");
    assert!(read["findings"][0]["message"].as_str().unwrap().contains("memory"), "{read}");
}
