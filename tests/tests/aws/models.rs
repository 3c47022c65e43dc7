//! A model that is wrong twice and right the third time, behind each kind of endpoint.

use enginehouse_fakes::{
    aws::{AgentCore, AgentReply, Bedrock, FakeAws, ModelReply},
    openai::{ChatReply, FakeOpenAi},
};
use enginehouse_tests::{Parts, TestHost};
use serde_json::{Value, json};

use crate::house::BIN;

const SALES: &str = "region,amount\nnorth,3\nsouth,4\nnorth,9\n";

/// Code around a read of the one source.
fn program(source: &str, body: &str) -> String {
    format!(
        "Here you are:\n\n```python\nimport os\nfrom pyspark.sql import SparkSession\n\
         spark = SparkSession.builder.getOrCreate()\n\
         df = spark.read.option(\"header\", True).option(\"inferSchema\", True).csv(\"{source}\")\n{body}\n```\n"
    )
}

/// An unknown column, then an undefined name, then what was asked for.
fn replies(source: &str) -> [String; 3] {
    let write = "df.write.mode(\"overwrite\").parquet(os.environ[\"OUTPUT_PATH\"])";
    [
        program(source, &format!("df = df.groupBy(\"nowhere\").sum(\"amount\")\n{write}")),
        program(source, &format!("df = undefined_name(df)\n{write}")),
        program(source, &format!("df = df.groupBy(\"region\").sum(\"amount\")\n{write}")),
    ]
}

async fn host(config: String) -> TestHost {
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name, "EXAMPLE".to_owned()));
    let environment = keys.into_iter().chain([("MODEL_KEY", "sesame".to_owned())]).collect();
    TestHost::start_with(BIN, Parts { config, environment, ..Parts::default() }).await.unwrap()
}

/// Uploads the data, lets `lay_down` have the replies, and holds the run to three attempts and the right table.
async fn is_right_in_the_end(host: &TestHost, lay_down: impl AsyncFnOnce([String; 3])) {
    let upload = host.upload("me", "sales.csv", SALES).await.unwrap();
    lay_down(replies(upload["uri"].as_str().unwrap())).await;
    let request = json!({ "framework": "spark", "session_id": "me", "prompt": "what did each region sell?" });
    let run = host.run(request).await.unwrap();
    let ended = host.ended(&run).await.unwrap();
    assert_eq!(ended["state"], "succeeded", "{ended}");
    let code = host.get(&format!("/v1/runs/{run}/code")).await.unwrap();
    let attempts = code.as_array().unwrap();
    assert_eq!(attempts.len(), 3, "{code}");
    assert!(attempts.iter().all(|attempt| attempt["author"] == "model"), "{code}");
    let table = host.get(&format!("/v1/runs/{run}/results")).await.unwrap();
    let mut rows: Vec<_> = table["rows"].as_array().unwrap().iter().map(Value::to_string).collect();
    rows.sort();
    assert_eq!(rows, ["[\"north\",12]", "[\"south\",4]"], "{table}");
    let events = host.http.get(host.at(&format!("/v1/runs/{run}/events"))).send().await.unwrap().text().await.unwrap();
    assert!(events.contains("event: writing"), "what the model says is told as it comes: {events}");
}

#[tokio::test]
async fn behind_an_openai_compatible_endpoint() {
    let model = FakeOpenAi::that_says([]).await;
    let config = format!(
        "[codegen]\nbackend = \"openai\"\nurl = \"{}\"\nmodel = \"qwen\"\napi-key = {{ env = \"MODEL_KEY\" }}\n",
        model.url()
    );
    let host = host(config).await;
    is_right_in_the_end(&host, async |replies| {
        for text in &replies {
            model.script().push(ChatReply::pieces(text.split_inclusive(' '), "stop"));
        }
    })
    .await;
    assert_eq!(model.callers(), vec![Some("Bearer sesame".to_owned()); 3]);
}

#[tokio::test]
async fn behind_agentcore() {
    let agent = AgentCore::that_says([]);
    let fake = FakeAws::start(agent.clone()).await;
    let config = format!(
        "[aws]\nregion = \"eu-west-1\"\n[aws.endpoints]\nbedrock-agentcore = \"{}\"\n[codegen]\nbackend = \"agentcore\"\n\
         runtime = \"arn:aws:bedrock-agentcore:eu-west-1:000000000000:runtime/codegen-abcdefghij\"\n",
        fake.url()
    );
    let host = host(config).await;
    is_right_in_the_end(&host, async |replies| {
        for text in &replies {
            agent.script().push(AgentReply::text(text));
        }
    })
    .await;
    assert_eq!(fake.count("InvokeAgentRuntime"), 3);
}

#[tokio::test]
async fn behind_bedrock() {
    let bedrock = Bedrock::that_says([]).await;
    let fake = FakeAws::start(bedrock.clone()).await;
    let config = format!(
        "[aws]\nregion = \"eu-west-1\"\n[aws.endpoints]\nbedrock-runtime = \"{}\"\n[codegen]\nbackend = \"bedrock\"\n\
         models = [\"anthropic.claude\"]\n",
        fake.url()
    );
    let host = host(config).await;
    is_right_in_the_end(&host, async |replies| {
        for text in &replies {
            bedrock.script().push(ModelReply::pieces(text.split_inclusive('\n'), "end_turn"));
        }
    })
    .await;
}
