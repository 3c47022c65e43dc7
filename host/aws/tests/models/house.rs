//! An account whose services are fakes, and someone who listens.

use std::collections::BTreeMap;

use enginehouse_aws::{Account, AccountConfig, Service};
use enginehouse_capabilities::{
    CallContext, CodegenReply, CodegenRequest, Message, Model, Result, Role,
    conformance::{Heard, Trouble},
};
use enginehouse_fakes::aws::{FakeAws, Fault};
use uuid::Uuid;

pub(super) async fn account(service: Service, fake: &FakeAws) -> Account {
    let config = AccountConfig {
        region: Some("eu-west-1".into()),
        keys: Some(("AKIDEXAMPLE".into(), "secret".into())),
        endpoints: BTreeMap::from([(service, fake.url())]),
        ..AccountConfig::default()
    };
    Account::open(&config).await.unwrap()
}

pub(super) fn fault(trouble: Trouble) -> Fault {
    match trouble {
        Trouble::Throttled => Fault::Throttled,
        Trouble::Broken => Fault::Internal,
        Trouble::Cut => Fault::Cut,
        Trouble::Partial => Fault::Partial,
        Trouble::Malformed => Fault::Malformed,
        Trouble::Expired => Fault::Expired,
        Trouble::Denied => Fault::Denied,
    }
}

pub(super) fn context(run: Option<u128>) -> CallContext {
    CallContext { framework: "spark".into(), digest: "0".repeat(64), run: run.map(Uuid::from_u128), attempt: None }
}

pub(super) fn request() -> CodegenRequest {
    let messages = vec![Message { role: Role::User, text: "count the rows".into() }];
    CodegenRequest { system: "write Python".into(), messages, max_tokens: 500 }
}

/// An answer to the usual question, in a run, and what was heard of it.
pub(super) async fn ask(model: &dyn Model) -> (Result<CodegenReply>, Vec<String>) {
    let heard = Heard::default();
    let answer = model.answer(&context(Some(7)), request(), &heard).await;
    (answer, heard.pieces())
}
