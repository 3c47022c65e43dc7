//! What an agent says, in whichever of the usual shapes.

use enginehouse_capabilities::{CodegenReply, Error, Finish, Listener, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::finish;

/// Where agents put their text; the first that has one counts.
const TEXT: [&str; 8] = ["code", "result", "response", "text", "completion", "output", "message", "content"];

/// How deep a text may stand. What is hostile is deeper.
const DEPTH: usize = 8;

/// An answer as far as it has come.
pub(super) struct Reading<'a> {
    agent: &'a str,
    listener: &'a dyn Listener,
    text: String,
    /// Whether there was anything of an answer at all: an empty text is one.
    said: bool,
    about: About,
}

/// What may stand beside the text.
#[derive(Default)]
struct About {
    model: Option<String>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(agent: &'a str, listener: &'a dyn Listener) -> Self {
        Self { agent, listener, text: String::new(), said: false, about: About::default() }
    }

    /// The whole of an `application/json` answer.
    pub(super) fn json(&mut self, whole: &str) -> Result<()> {
        let value: Value = serde_json::from_str(whole)
            .map_err(|e| Error::other(format!("{} says that it answers JSON and does not", self.agent), e))?;
        self.value(&value)
    }

    /// The whole of an answer in plain text.
    pub(super) fn plain(&mut self, whole: &str) -> Result<()> {
        self.piece(whole);
        Ok(())
    }

    /// The data of one event: JSON, or else text as it is.
    pub(super) fn event(&mut self, data: &str) -> Result<()> {
        match serde_json::from_str::<Value>(data) {
            Ok(value @ (Value::String(_) | Value::Object(_))) => self.value(&value)?,
            _ => self.piece(data),
        }
        Ok(())
    }

    /// The reply. `asked` is the model where the answer names none.
    pub(super) fn reply(self, asked: &str) -> Result<CodegenReply> {
        let Self { agent, text, said, about, .. } = self;
        if !said {
            let message = format!("{agent} answered nothing that has a text; known are {}", TEXT.join(", "));
            return Err(Error::Other { message, source: None });
        }
        let finish = match about.stop_reason.as_deref() {
            None => Finish::Complete,
            Some(reason) => finish(reason).ok_or_else(|| Error::Other {
                message: format!("{agent} ended its answer for the reason `{reason}`, which leaves no usable text"),
                source: None,
            })?,
        };
        let usage = about.usage.unwrap_or_default();
        Ok(CodegenReply {
            text,
            finish,
            model: about.model.unwrap_or_else(|| asked.to_owned()),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
        })
    }

    fn value(&mut self, value: &Value) -> Result<()> {
        if let Value::Object(members) = value {
            if let Some(error) = members.get("error").filter(|error| !error.is_null()) {
                return Err(failed(self.agent, error));
            }
            self.about(members);
        }
        if let Some(text) = text_of(value, DEPTH) {
            self.piece(&text);
        }
        Ok(())
    }

    /// Takes over what stands beside a text; what has another shape is somebody else's.
    fn about(&mut self, members: &Map<String, Value>) {
        let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
        self.about.model = text("model").or_else(|| self.about.model.take());
        self.about.stop_reason = text("stop_reason").or_else(|| self.about.stop_reason.take());
        let usage = members.get("usage").and_then(|usage| Usage::deserialize(usage).ok());
        self.about.usage = usage.or(self.about.usage);
    }

    fn piece(&mut self, piece: &str) {
        self.said = true;
        if !piece.is_empty() {
            self.text.push_str(piece);
            self.listener.hear(piece);
        }
    }
}

/// An error that the agent tells. Our own agent says of which kind.
fn failed(agent: &str, error: &Value) -> Error {
    let text = text_of(error, DEPTH).unwrap_or_else(|| error.to_string());
    let message = format!("{agent} failed: {text}");
    match error.get("kind").and_then(Value::as_str) {
        Some("denied") => Error::Denied(message),
        Some("unconfigured") => Error::Unconfigured(message),
        Some("not-found") => Error::NotFound(message),
        Some("invalid") => Error::Invalid(message),
        Some("conflict") => Error::Conflict(message),
        Some("quota-exceeded") => Error::QuotaExceeded(message),
        Some("unavailable") => Error::Unavailable(message),
        Some("timed-out") => Error::TimedOut(message),
        _ => Error::Other { message, source: None },
    }
}

fn text_of(value: &Value, depth: usize) -> Option<String> {
    let below = depth.checked_sub(1)?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => TEXT.iter().find_map(|name| text_of(members.get(*name)?, below)),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(|item| text_of(item, below)).collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Listener for Heard {
        fn hear(&self, piece: &str) {
            self.0.lock().unwrap().push(piece.to_owned());
        }
    }

    fn whole(value: Value) -> Result<CodegenReply> {
        let heard = Heard::default();
        let mut reading = Reading::new("the agent", &heard);
        reading.json(&value.to_string())?;
        let reply = reading.reply("asked")?;
        assert_eq!(heard.0.lock().unwrap().concat(), reply.text, "what is heard is the text");
        Ok(reply)
    }

    #[test]
    fn a_text_is_found_where_agents_put_it() {
        for value in [
            json!("x = 1"),
            json!({"code": "x = 1", "output": "other"}),
            json!({"code": null, "result": "x = 1"}),
            json!({"response": "x = 1"}),
            json!({"text": "x = 1"}),
            json!({"completion": "x = 1"}),
            json!({"output": {"message": {"role": "assistant", "content": [{"text": "x "}, {"text": "= 1"}]}}}),
            json!({"result": {"role": "assistant", "content": [{"reasoning": 1}, {"text": "x = 1"}]}}),
        ] {
            let reply = whole(value.clone()).unwrap();
            assert_eq!((reply.text.as_str(), reply.finish), ("x = 1", Finish::Complete), "{value}");
            assert_eq!((reply.model.as_str(), reply.input_tokens), ("asked", 0));
        }
    }

    #[test]
    fn what_stands_beside_the_text_is_taken_over() {
        let usage = json!({"input_tokens": 3, "output_tokens": 5});
        let reply = whole(json!({"code": "", "model": "m", "stop_reason": "max_tokens", "usage": usage})).unwrap();
        assert_eq!((reply.text.as_str(), reply.model.as_str(), reply.finish), ("", "m", Finish::Truncated));
        assert_eq!((reply.input_tokens, reply.output_tokens), (3, 5));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let deep = (0..100).fold(json!("x"), |inner, _| json!({"code": inner}));
        for value in [json!(null), json!(1), json!([]), json!({}), json!({"usage": {}}), deep] {
            assert!(whole(value.clone()).unwrap_err().to_string().contains("nothing that has a text"), "{value}");
        }
        for (value, told) in [
            (json!({"error": "no model_id", "code": "x"}), "the agent failed: no model_id"),
            (json!({"error": {"message": "overloaded"}}), "the agent failed: overloaded"),
            (json!({"code": "x", "stop_reason": "tool_use"}), "`tool_use`"),
        ] {
            assert!(whole(value).unwrap_err().to_string().contains(told), "{told}");
        }
    }

    #[test]
    fn events_are_pieces_of_one_text() {
        let heard = Heard::default();
        let mut reading = Reading::new("the agent", &heard);
        for data in
            ["\"a\"", "{\"text\": \"b\"}", "c", "4", "{\"started\": true}", "{\"done\": true, \"model\": \"m\"}"]
        {
            reading.event(data).unwrap();
        }
        let reply = reading.reply("asked").unwrap();
        assert_eq!((reply.text.as_str(), reply.model.as_str()), ("abc4", "m"));
        assert_eq!(*heard.0.lock().unwrap(), ["a", "b", "c", "4"]);
    }
}
