//! What every model promises, whoever serves it.

use std::sync::Mutex;

use uuid::Uuid;

use crate::{CallContext, CodegenReply, CodegenRequest, Error, Finish, Listener, Message, Model, Result, Role};

/// The other side of a model: it can be told what to say, and what is to go wrong.
pub trait ModelBackend: Sync {
    /// The next answer is these pieces, ended so.
    fn will_say(&self, pieces: &[&str], finish: Finish);
    /// The next request meets this; the answer that was to come stays to come.
    fn will_meet(&self, trouble: Trouble);
    /// Requests so far, those that met trouble among them.
    fn asked(&self) -> usize;
    /// The newest request as it came, in which texts can be looked for as JSON writes them.
    fn newest(&self) -> String;
}

/// What goes wrong on the way to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It has too much to do, and did nothing.
    Throttled,
    /// It fell over; what it did before is unknown.
    Broken,
    /// The connection ends before an answer.
    Cut,
    /// The connection ends in the middle of the answer.
    Partial,
    /// The answer cannot be read.
    Malformed,
    /// The credentials have expired.
    Expired,
    /// The caller has no right to it.
    Denied,
}

/// Checks the promises of [`Model`] that hold whoever serves it.
pub async fn model(adapter: &dyn Model, backend: &dyn ModelBackend) {
    says_what_it_hears(adapter, backend).await;
    tells_how_it_ended(adapter, backend).await;
    hands_on_the_request(adapter, backend).await;
    tells_who_refused(adapter, backend).await;
    asks_once(adapter, backend).await;
    waits_or_says_so(adapter, backend).await;
}

async fn says_what_it_hears(adapter: &dyn Model, backend: &dyn ModelBackend) {
    let all = ["```python\n", "print(\"häß\\n\")", "\r\n", "data: x\n\ndata: [DONE]\n\n", " 日本語 😀", "\n```\n", " "];
    for pieces in [&all[..], &["whole"], &["1", "2"], &["null", "{}", "[DONE]"]] {
        backend.will_say(pieces, Finish::Complete);
        let (answer, heard) = ask(adapter).await;
        let reply = answer.unwrap_or_else(|e| panic!("no answer to {pieces:?}: {e}"));
        assert_eq!(reply.text, pieces.concat(), "the text is what the model said");
        assert_eq!(heard.concat(), reply.text, "the pieces that are heard are the text");
        assert_eq!(reply.finish, Finish::Complete);
        assert!(!reply.model.is_empty(), "a reply names who answered");
    }
}

async fn tells_how_it_ended(adapter: &dyn Model, backend: &dyn ModelBackend) {
    for finish in [Finish::Truncated, Finish::Refused, Finish::Complete] {
        backend.will_say(&["x = ", "1"], finish);
        let (answer, _) = ask(adapter).await;
        let reply = answer.unwrap();
        assert_eq!((reply.text.as_str(), reply.finish), ("x = 1", finish));
    }
}

async fn hands_on_the_request(adapter: &dyn Model, backend: &dyn ModelBackend) {
    backend.will_say(&["x"], Finish::Complete);
    let said = |role, text: &str| Message { role, text: text.into() };
    let messages =
        vec![said(Role::User, "first ask"), said(Role::Assistant, "an answer"), said(Role::User, "ask \"again\"")];
    let request = CodegenRequest { system: "be terse".into(), messages, max_tokens: 321 };
    adapter.answer(&context(), request, &Heard::default()).await.unwrap();
    let newest = backend.newest();
    let mut rest = newest.as_str();
    for part in ["first ask", "an answer", "ask \\\"again\\\""] {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is not in its place in {newest}"));
        rest = rest.split_at(at).1;
    }
    assert!(newest.contains("be terse"), "the instructions are handed on: {newest}");
}

async fn tells_who_refused(adapter: &dyn Model, backend: &dyn ModelBackend) {
    for trouble in [Trouble::Denied, Trouble::Expired] {
        let (before, (answer, heard)) = (backend.asked(), meet(adapter, backend, trouble).await);
        assert!(matches!(answer, Err(Error::Denied(_))), "{trouble:?} is `Denied`: {answer:?}");
        assert_eq!((backend.asked() - before, heard.len()), (1, 0), "what is refused is asked once");
    }
}

async fn asks_once(adapter: &dyn Model, backend: &dyn ModelBackend) {
    for trouble in [Trouble::Broken, Trouble::Cut, Trouble::Partial, Trouble::Malformed] {
        let (before, (answer, _)) = (backend.asked(), meet(adapter, backend, trouble).await);
        let error = answer.expect_err("half an answer is none");
        let fits = match trouble {
            Trouble::Broken | Trouble::Cut => matches!(error, Error::Unavailable(_)),
            _ => matches!(error, Error::Unavailable(_) | Error::Other { .. }),
        };
        assert!(fits, "{trouble:?}: {error:?}");
        assert_eq!(backend.asked() - before, 1, "{trouble:?}: what may have been answered is not asked for again");
    }
}

async fn waits_or_says_so(adapter: &dyn Model, backend: &dyn ModelBackend) {
    let (answer, _) = meet(adapter, backend, Trouble::Throttled).await;
    match answer {
        Ok(reply) => assert_eq!(reply.text, "in the end"),
        Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
    }
}

/// A question that meets trouble first.
async fn meet(
    adapter: &dyn Model,
    backend: &dyn ModelBackend,
    trouble: Trouble,
) -> (Result<CodegenReply>, Vec<String>) {
    backend.will_say(&["in", " the", " end"], Finish::Complete);
    backend.will_meet(trouble);
    ask(adapter).await
}

async fn ask(adapter: &dyn Model) -> (Result<CodegenReply>, Vec<String>) {
    let heard = Heard::default();
    let messages = vec![Message { role: Role::User, text: "write it".into() }];
    let request = CodegenRequest { system: "instructions".into(), messages, max_tokens: 100 };
    let answer = adapter.answer(&context(), request, &heard).await;
    (answer, heard.pieces())
}

fn context() -> CallContext {
    CallContext { framework: "some".into(), digest: "0".repeat(64), run: Some(Uuid::from_u128(7)), attempt: None }
}

/// Hears an answer and keeps it, piece by piece.
#[derive(Debug, Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    /// What was heard so far.
    pub fn pieces(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Listener for Heard {
    fn hear(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }
}
