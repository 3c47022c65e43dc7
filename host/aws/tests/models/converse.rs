//! Bedrock's own models.

use enginehouse_aws::{ConverseConfig, ConverseModel, Guardrail, Service, Verdict};
use enginehouse_capabilities::{Error, Finish, conformance};
use enginehouse_fakes::aws::{Bedrock, FakeAws, Fault, ModelReply};
use serde_json::json;

use super::house::{self, ask};

/// Whether an error means what it is to mean.
type Meaning = fn(&Error) -> bool;

const FIRST: &str = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
const SECOND: &str = "amazon.nova-pro-v1:0";
const OPERATION: &str = "ConverseStream";

struct House {
    fake: FakeAws,
    bedrock: Bedrock,
    model: ConverseModel,
}

async fn house(replies: impl IntoIterator<Item = ModelReply>) -> House {
    let bedrock = Bedrock::that_says(replies).await;
    let fake = FakeAws::start(bedrock.clone()).await;
    let account = house::account(Service::BedrockRuntime, &fake).await;
    let config = ConverseConfig {
        models: vec![FIRST.into(), SECOND.into()],
        guardrail: Some(Guardrail { id: "gr0123456789".into(), version: "1".into() }),
        temperature: Some(0.25),
    };
    House { fake, bedrock, model: ConverseModel::new(&account, config) }
}

impl conformance::ModelBackend for House {
    fn will_say(&self, pieces: &[&str], finish: Finish) {
        let reason = match finish {
            Finish::Complete => "stop_sequence",
            Finish::Truncated => "model_context_window_exceeded",
            Finish::Refused => "guardrail_intervened",
        };
        self.bedrock.script().set(ModelReply::pieces(pieces.iter().copied(), reason));
    }

    fn will_meet(&self, trouble: conformance::Trouble) {
        self.fake.fault(house::fault(trouble));
    }

    fn asked(&self) -> usize {
        self.fake.count(OPERATION)
    }

    fn newest(&self) -> String {
        self.fake.calls().last().map(|call| String::from_utf8_lossy(&call.body).into_owned()).unwrap()
    }
}

/// Which models were asked, in their order.
fn asked(house: &House) -> Vec<String> {
    house.fake.calls().iter().map(|call| call.input["modelId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_model_of_bedrock_keeps_the_promises_of_a_model() {
    let mut house = house([]).await;
    let account = house::account(Service::BedrockRuntime, &house.fake).await;
    let config = ConverseConfig { models: vec![FIRST.into()], guardrail: None, temperature: None };
    house.model = ConverseModel::new(&account, config);
    conformance::model(&house.model, &house).await;
}

#[tokio::test]
async fn the_request_says_all_that_is_set() {
    let house = house([ModelReply::text("x = 1")]).await;
    let (answer, heard) = ask(&house.model).await;
    let reply = answer.unwrap();
    assert_eq!((reply.text.as_str(), reply.model.as_str(), heard), ("x = 1", FIRST, vec!["x = 1".to_owned()]));
    assert_eq!((reply.input_tokens, reply.output_tokens), (11, 7));
    let input = json!({
        "modelId": FIRST,
        "system": [{"text": "write Python"}],
        "messages": [{"role": "user", "content": [{"text": "count the rows"}]}],
        "inferenceConfig": {"maxTokens": 500, "temperature": 0.25},
        "guardrailConfig": {"guardrailIdentifier": "gr0123456789", "guardrailVersion": "1", "streamProcessingMode": "sync", "trace": "disabled"},
    });
    assert_eq!(house.fake.calls()[0].input, input);
}

#[tokio::test]
async fn the_stop_reason_says_how_it_ended() {
    let house = house([]).await;
    for (reason, finish) in [
        ("end_turn", Finish::Complete),
        ("stop_sequence", Finish::Complete),
        ("max_tokens", Finish::Truncated),
        ("model_context_window_exceeded", Finish::Truncated),
        ("guardrail_intervened", Finish::Refused),
        ("content_filtered", Finish::Refused),
    ] {
        house.bedrock.script().set(ModelReply::pieces(["x"], reason));
        assert_eq!(ask(&house.model).await.0.unwrap().finish, finish, "{reason}");
    }
    for reason in ["tool_use", "malformed_model_output", "malformed_tool_use"] {
        house.bedrock.script().set(ModelReply::pieces(["x"], reason));
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(matches!(error, Error::Other { .. }) && error.to_string().contains(reason), "{error:?}");
    }
}

#[tokio::test]
async fn where_a_model_did_nothing_the_next_is_asked() {
    for (code, message) in [
        ("ThrottlingException", "Too many requests"),
        ("ServiceUnavailableException", "no capacity"),
        ("ModelNotReadyException", "starting"),
        ("ResourceNotFoundException", "no such profile"),
        ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        ("ValidationException", "The provided model identifier is invalid."),
    ] {
        let house = house([ModelReply::text("x = 1")]).await;
        house.bedrock.fail(FIRST, code, message);
        let reply = ask(&house.model).await.0.unwrap();
        assert_eq!((reply.text.as_str(), reply.model.as_str()), ("x = 1", SECOND), "{code}");
        let tries = if code == "ThrottlingException" { 4 } else { 1 };
        assert_eq!(asked(&house), [vec![FIRST; tries], vec![SECOND]].concat(), "{code}");
    }
}

#[tokio::test]
async fn where_no_model_answers_the_last_error_names_its_model() {
    let house = house([]).await;
    house.bedrock.fail(FIRST, "ServiceUnavailableException", "no capacity");
    house.bedrock.fail(SECOND, "AccessDeniedException", "not yours");
    let error = ask(&house.model).await.0.unwrap_err();
    let named = |text: &str| text.contains(SECOND) && text.contains("bedrock:InvokeModelWithResponseStream");
    assert!(matches!(&error, Error::Denied(text) if named(text)), "{error:?}");
}

#[tokio::test]
async fn a_guardrail_that_may_not_be_applied_is_named_and_no_other_model_is_asked() {
    let house = house([ModelReply::text("ready"), ModelReply::text("ready")]).await;
    let asked_for = async || {
        let permissions = house.model.preflight().await.into_iter();
        permissions.map(|permission| (permission.action, permission.on, permission.verdict)).collect::<Vec<_>>()
    };
    let invoke = "bedrock:InvokeModelWithResponseStream";
    let (apply, guardrail) = ("bedrock:ApplyGuardrail", "gr0123456789");
    let allowed = asked_for().await;
    let named: Vec<_> = allowed.iter().map(|(action, on, _)| (*action, on.as_str())).collect();
    assert_eq!(named, [(invoke, FIRST), (invoke, SECOND), (apply, guardrail)]);
    assert!(allowed.iter().all(|(.., verdict)| matches!(verdict, Verdict::Allowed)), "{allowed:?}");

    let message =
        "User: arn:aws:iam::000000000000:user/u is not authorized to perform: bedrock:ApplyGuardrail on resource: r";
    house.bedrock.fail(FIRST, "AccessDeniedException", message);
    let before = asked(&house).len();
    let error = ask(&house.model).await.0.unwrap_err();
    let fits = |text: &str| text.contains("they need `bedrock:ApplyGuardrail` on the guardrail `gr0123456789`");
    assert!(matches!(&error, Error::Denied(text) if fits(text) && !text.contains(invoke)), "{error:?}");
    assert_eq!(asked(&house).len(), before + 1);
    house.bedrock.fail(SECOND, "AccessDeniedException", message);
    let refused = asked_for().await;
    assert!(refused[..2].iter().all(|(.., verdict)| matches!(verdict, Verdict::Untried(_))), "{refused:?}");
    assert!(matches!(&refused[2], (action, _, Verdict::Failed(Error::Denied(_))) if *action == apply), "{refused:?}");
}

#[tokio::test]
async fn where_a_model_may_have_worked_no_other_is_asked() {
    let house = house([ModelReply::text("never")]).await;
    let meant: [(&str, Meaning); 4] = [
        ("ModelTimeoutException", |e| matches!(e, Error::TimedOut(_))),
        ("ModelErrorException", |e| matches!(e, Error::Unavailable(_))),
        ("InternalServerException", |e| matches!(e, Error::Unavailable(_))),
        ("ValidationException", |e| matches!(e, Error::Invalid(_))),
    ];
    for (n, (code, fits)) in meant.into_iter().enumerate() {
        house.bedrock.fail(FIRST, code, "because");
        let error = ask(&house.model).await.0.unwrap_err();
        assert!(fits(&error) && error.to_string().contains(FIRST), "{code}: {error:?}");
        assert_eq!(asked(&house), vec![FIRST; n + 1], "{code}");
    }
}

#[tokio::test]
async fn half_an_answer_is_an_error_and_no_other_model_is_asked() {
    let half = ModelReply { stop_reason: None, ..ModelReply::pieces(["x = "], "") };
    let broken = |exception: &str| ModelReply { exception: Some(exception.into()), ..half.clone() };
    let house = house([
        half.clone(),
        broken("throttlingException"),
        broken("serviceUnavailableException"),
        broken("modelStreamErrorException"),
        broken("internalServerException"),
    ])
    .await;
    for _ in 0..5 {
        let (answer, heard) = ask(&house.model).await;
        let error = answer.unwrap_err();
        assert!(matches!(&error, Error::Unavailable(text) if text.contains("middle of an answer")), "{error:?}");
        assert_eq!(heard, ["x = "]);
    }
    house.bedrock.script().set(broken("validationException"));
    assert!(matches!(ask(&house.model).await.0, Err(Error::Invalid(_))));
    assert_eq!(asked(&house), vec![FIRST; 6]);
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_on() {
    let megabyte = "x".repeat(1 << 20);
    let house = house([ModelReply::pieces(vec![megabyte.as_str(); 5], "end_turn")]).await;
    let (answer, heard) = ask(&house.model).await;
    assert!(answer.unwrap_err().to_string().contains("more than 4 MiB"));
    assert_eq!(heard.len(), 4);
}

#[tokio::test]
async fn a_throttled_model_is_asked_again() {
    let house = house([ModelReply::text("x = 1")]).await;
    house.fake.fault(Fault::Throttled);
    let reply = ask(&house.model).await.0.unwrap();
    assert_eq!((reply.model.as_str(), house.fake.count(OPERATION)), (FIRST, 2));
}
