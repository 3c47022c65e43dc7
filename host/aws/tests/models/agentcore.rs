//! An agent in AgentCore.

use enginehouse_aws::{AgentCoreConfig, AgentCoreModel, Service};
use enginehouse_capabilities::{
    Error, Finish, Message, Model as _, Role,
    conformance::{self, Heard},
};
use enginehouse_fakes::aws::{AgentCore, AgentReply, FakeAws, Fault};
use serde_json::{Value, json};

use super::house::{self, ask, context, request};

/// Whether an error means what it is to mean.
type Meaning = fn(&Error) -> bool;

const ARN: &str = "arn:aws:bedrock-agentcore:eu-west-1:000000000000:runtime/codegen-0123456789";
const OPERATION: &str = "InvokeAgentRuntime";

struct House {
    fake: FakeAws,
    agent: AgentCore,
    model: AgentCoreModel,
}

async fn house(replies: impl IntoIterator<Item = AgentReply>) -> House {
    let agent = AgentCore::that_says(replies);
    let fake = FakeAws::start(agent.clone()).await;
    let account = house::account(Service::BedrockAgentcore, &fake).await;
    let config = AgentCoreConfig {
        runtime_arn: ARN.into(),
        qualifier: Some("blue".into()),
        model_id: Some("eu.anthropic.claude-haiku-4-5-20251001-v1:0".into()),
    };
    House { fake, agent, model: AgentCoreModel::new(&account, config) }
}

/// As our own agent streams.
struct Streaming<'a>(&'a House);

/// As our own agent answers at once.
struct Whole<'a>(&'a House);

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Complete => "end_turn",
        Finish::Truncated => "max_tokens",
        Finish::Refused => "content_filtered",
    }
}

fn newest(house: &House) -> String {
    house.fake.calls().last().map(|call| String::from_utf8_lossy(&call.body).into_owned()).unwrap()
}

impl conformance::ModelBackend for Streaming<'_> {
    fn will_say(&self, pieces: &[&str], finish: Finish) {
        let last = json!({"done": true, "stop_reason": reason(finish), "model": "m", "usage": {"input_tokens": 1, "output_tokens": 2}});
        let pieces = pieces.iter().map(|piece| json!({"text": piece}));
        self.0.agent.script().set(AgentReply::Events(pieces.chain([last]).map(|event| event.to_string()).collect()));
    }

    fn will_meet(&self, trouble: conformance::Trouble) {
        self.0.fake.fault(house::fault(trouble));
    }

    fn asked(&self) -> usize {
        self.0.fake.count(OPERATION)
    }

    fn newest(&self) -> String {
        newest(self.0)
    }
}

impl conformance::ModelBackend for Whole<'_> {
    fn will_say(&self, pieces: &[&str], finish: Finish) {
        let answer = json!({"code": pieces.concat(), "stop_reason": reason(finish), "model": "m"});
        self.0.agent.script().set(AgentReply::Json(answer));
    }

    fn will_meet(&self, trouble: conformance::Trouble) {
        self.0.fake.fault(house::fault(trouble));
    }

    fn asked(&self) -> usize {
        self.0.fake.count(OPERATION)
    }

    fn newest(&self) -> String {
        newest(self.0)
    }
}

#[tokio::test]
async fn an_agent_that_answers_at_once_keeps_the_promises_of_a_model() {
    let house = house([]).await;
    conformance::model(&house.model, &Whole(&house)).await;
}

#[tokio::test]
async fn an_agent_that_streams_keeps_the_promises_of_a_model() {
    let house = house([]).await;
    conformance::model(&house.model, &Streaming(&house)).await;
}

#[tokio::test]
async fn the_payload_is_what_the_seeds_agent_takes() {
    let house = house([AgentReply::text("x = 1")]).await;
    let (answer, heard) = ask(&house.model).await;
    let reply = answer.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish, heard), ("x = 1", Finish::Complete, vec!["x = 1".to_owned()]));
    let model = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
    assert_eq!(reply.model, model, "where the agent names none, the model is the one that it was asked to use");
    let session = "enginehouse-00000000-0000-0000-0000-000000000007";
    let payload =
        json!({"prompt": "count the rows", "system_prompt": "write Python", "model_id": model, "session_id": session});
    assert_eq!(house.agent.payloads(), [payload]);
    let call = &house.fake.calls()[0];
    assert_eq!(call.input["qualifier"], "blue");
    assert_eq!(call.headers["accept"], "application/json, text/event-stream");
}

#[tokio::test]
async fn a_conversation_is_one_prompt_with_its_roles() {
    let house = house([AgentReply::text("x")]).await;
    let said = |role, text: &str| Message { role, text: text.into() };
    let messages = vec![said(Role::User, "a"), said(Role::Assistant, "b\nb"), said(Role::User, "c")];
    let request = enginehouse_capabilities::CodegenRequest { messages, ..request() };
    house.model.answer(&context(Some(7)), request, &Heard::default()).await.unwrap();
    assert_eq!(house.agent.payloads()[0]["prompt"], "User:\na\n\nAssistant:\nb\nb\n\nUser:\nc");
}

#[tokio::test]
async fn a_run_has_one_session_and_each_call_outside_a_run_its_own() {
    let house = house([AgentReply::text("x")]).await;
    for run in [Some(1), Some(1), Some(2), None, None] {
        house.model.answer(&context(run), request(), &Heard::default()).await.unwrap();
    }
    let sessions: Vec<Value> = house.agent.payloads().iter().map(|payload| payload["session_id"].clone()).collect();
    assert_eq!(sessions[0], sessions[1]);
    let different: std::collections::BTreeSet<_> = sessions.iter().map(Value::to_string).collect();
    assert_eq!(different.len(), 4);
}

#[tokio::test]
async fn events_of_any_usual_shape_are_pieces() {
    let events = ["\"x\"", "{\"text\": \" = \"}", "1", "{\"started\": true}", "[DONE]", "{\"text\": \"never\"}"];
    let house = house([AgentReply::Events(events.map(str::to_owned).to_vec())]).await;
    let (answer, heard) = ask(&house.model).await;
    assert_eq!((answer.unwrap().text.as_str(), heard.len()), ("x = 1", 3));
}

#[tokio::test]
async fn a_plain_text_is_an_answer_and_an_image_is_none() {
    let house = house([
        AgentReply::Raw("text/plain; charset=utf-8".into(), "x = 'ä'".into()),
        AgentReply::Raw("image/png".into(), vec![0x89]),
        AgentReply::Raw("text/plain".into(), vec![0xff]),
    ])
    .await;
    assert_eq!(ask(&house.model).await.0.unwrap().text, "x = 'ä'");
    for _ in 0..2 {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(matches!(error, Error::Other { .. }) && error.to_string().contains("no text"), "{error}");
    }
}

#[tokio::test]
async fn an_agent_that_fails_says_why_before_and_in_the_middle() {
    let house = house([
        AgentReply::error("RuntimeClientError", "Received error (500) from runtime"),
        AgentReply::Json(json!({"error": "model_id is required"})),
        AgentReply::Events(vec!["\"x = \"".into(), "{\"error\": \"the model went away\"}".into()]),
        AgentReply::Json(json!({"status": "fine"})),
        AgentReply::Json(json!({"code": "x", "stop_reason": "tool_use"})),
    ])
    .await;
    for told in
        ["failed: Received error (500)", "failed: model_id is required", "the model went away", "no", "`tool_use`"]
    {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(matches!(error, Error::Other { .. }), "{error:?}");
        assert!(error.to_string().contains(told) && error.to_string().contains(ARN), "{error}");
    }
    assert_eq!(house.fake.count(OPERATION), 5, "an agent that ran is not asked again");
}

#[tokio::test]
async fn errors_of_agentcore_have_a_meaning() {
    let meant: [(&str, Meaning); 4] = [
        ("ServiceQuotaExceededException", |e| matches!(e, Error::QuotaExceeded(_))),
        ("ValidationException", |e| matches!(e, Error::Invalid(_))),
        ("ResourceNotFoundException", |e| matches!(e, Error::NotFound(_))),
        (
            "AccessDeniedException",
            |e| matches!(e, Error::Denied(text) if text.contains("bedrock-agentcore:InvokeAgentRuntime")),
        ),
    ];
    let house = house(meant.map(|(code, _)| AgentReply::error(code, "because"))).await;
    for (code, fits) in meant {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(fits(&error) && error.to_string().contains(ARN), "{code}: {error:?}");
    }
    assert_eq!(house.fake.count(OPERATION), 4);
}

#[tokio::test]
async fn what_was_turned_away_is_sent_again() {
    let busy = AgentReply::error("RetryableConflictException", "the session is starting");
    let house = house([busy.clone(), busy, AgentReply::text("x = 1")]).await;
    house.fake.fault(Fault::Throttled);
    assert_eq!(ask(&house.model).await.0.unwrap().text, "x = 1");
    assert_eq!(house.fake.count(OPERATION), 4);
    house.agent.script().set(AgentReply::error("RetryableConflictException", "still busy"));
    let error = ask(&house.model).await.0.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("still busy")), "{error:?}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_on() {
    let megabyte = "x".repeat(1 << 20);
    let house = house([
        AgentReply::Json(json!({"code": megabyte.repeat(5)})),
        AgentReply::Events(vec![json!({"text": megabyte}).to_string(); 5]),
    ])
    .await;
    for _ in 0..2 {
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(error.to_string().contains("more than 4 MiB"), "{error}");
    }
}
