//! From what a tool answered to one text of JSON.

use enginehouse_capabilities::ToolReply;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::de::IgnoredAny;

use crate::secrets::Secrets;

/// The structured content where there is one. Else the text: several parts are joined by line breaks, and what is JSON by itself
/// stays as it is, while other text becomes a JSON string. Where a part is no text (an image, a sound, a resource), all parts come
/// as an array in the form of the protocol, `[{"type":"image","mimeType":…,"data":…}]`. Nothing at all is `null`. What a tool says of
/// its failure goes into journals, so it does not repeat our secrets.
pub(super) fn reply(result: CallToolResult, secrets: &Secrets) -> serde_json::Result<ToolReply> {
    let is_error = result.is_error.unwrap_or(false);
    let content = match result.structured_content {
        Some(structured) => structured.to_string(),
        None => unstructured(&result.content)?,
    };
    let content = if is_error { json(secrets.out_of(&content))? } else { content };
    Ok(ToolReply { content, is_error })
}

fn unstructured(parts: &[ContentBlock]) -> serde_json::Result<String> {
    if parts.is_empty() {
        return Ok("null".to_owned());
    }
    let text = |part: &ContentBlock| match part {
        ContentBlock::Text(text) => Some(text.text.clone()),
        _ => None,
    };
    match parts.iter().map(text).collect::<Option<Vec<String>>>() {
        Some(texts) => json(texts.join("\n")),
        None => serde_json::to_string(parts),
    }
}

/// What is JSON by itself, else a JSON string.
fn json(text: String) -> serde_json::Result<String> {
    let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
    if is_json { Ok(text) } else { serde_json::to_string(&text) }
}

#[cfg(test)]
mod tests {
    use rmcp::model::CallToolResult;
    use serde_json::{Value, json};

    use crate::secrets::Secrets;

    fn of(result: Value) -> String {
        let result: CallToolResult = serde_json::from_value(result).unwrap();
        super::reply(result, &Secrets::default()).unwrap().content
    }

    fn text(text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    #[test]
    fn structured_content_goes_before_text() {
        assert_eq!(of(json!({"content": [text("1 2")], "structuredContent": {"a": 1}})), r#"{"a":1}"#);
        assert_eq!(of(json!({"content": [text("1 2")], "structuredContent": [1]})), "[1]");
    }

    #[test]
    fn text_that_is_json_stays_as_it_is() {
        assert_eq!(of(json!({"content": [text("{\"b\": 1,  \"a\": 1e400}")]})), "{\"b\": 1,  \"a\": 1e400}");
        assert_eq!(of(json!({"content": [text("[1,"), text("2]")]})), "[1,\n2]");
    }

    #[test]
    fn other_text_becomes_a_string() {
        assert_eq!(of(json!({"content": [text("fair")]})), r#""fair""#);
        assert_eq!(of(json!({"content": [text("a \"b\""), text("c")]})), r#""a \"b\"\nc""#);
    }

    #[test]
    fn what_is_no_text_comes_as_the_protocol_has_it() {
        let image = json!({"type": "image", "data": "AAAA", "mimeType": "image/png"});
        let content = of(json!({"content": [text("see"), image]}));
        let parts: Value = serde_json::from_str(&content).unwrap();
        assert_eq!(parts, json!([text("see"), image]));
    }

    #[test]
    fn a_failure_is_json_without_our_secrets() {
        let of = |result: Value| {
            let result: CallToolResult = serde_json::from_value(result).unwrap();
            super::reply(result, &Secrets::new(["12345".into()])).unwrap().content
        };
        assert_eq!(of(json!({"content": [text("no 12345")], "isError": true})), r#""no [a secret]""#);
        assert_eq!(
            of(json!({"content": [], "structuredContent": {"a": "12345"}, "isError": true})),
            r#"{"a":"[a secret]"}"#
        );
        assert_eq!(
            of(json!({"content": [], "structuredContent": {"a": 12345}, "isError": true})),
            r#""{\"a\":[a secret]}""#
        );
        assert_eq!(of(json!({"content": [text("12345")]})), "12345", "what a tool answers is its own");
    }

    #[test]
    fn nothing_is_null() {
        assert_eq!(of(json!({"content": []})), "null");
    }
}
