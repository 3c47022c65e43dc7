//! What a function answered, held against what an answer may be.

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use base64::{Engine, engine::general_purpose::STANDARD};
use enginehouse_capabilities::{Error, FunctionAnswer, Result};
use serde::{Deserialize, de::IgnoredAny};

use super::{MAX_BYTES, report};

/// The most characters of a function's own words about its failure; the payload has all of them.
const MAX_WORDS: usize = 2000;

/// The answer by meaning. `function` is who gave it: ``the function `f` of Lambda in us-east-1``.
pub(super) fn read(function: &str, output: InvokeOutput) -> Result<FunctionAnswer> {
    let failed = output.function_error().map(str::to_owned);
    let log = output.log_result().and_then(|log| STANDARD.decode(log).ok()).unwrap_or_default();
    let payload = output.payload.map(aws_sdk_lambda::primitives::Blob::into_inner).unwrap_or_default();
    if payload.len() > MAX_BYTES {
        return Err(Error::Invalid(format!(
            "{function} ran, and its answer has {} bytes, more than {MAX_BYTES}; it is to write results to its output and \
             answer where they are",
            payload.len()
        )));
    }
    // A runtime of one's own may answer nothing at all.
    let payload = if payload.is_empty() { b"null".to_vec() } else { payload };
    if let Err(e) = serde_json::from_slice::<IgnoredAny>(&payload) {
        return Err(Error::other(format!("{function} ran, and its answer is no JSON"), e));
    }
    let payload = String::from_utf8(payload)
        .map_err(|e| Error::other(format!("{function} ran, and its answer is no UTF-8"), e))?;
    let error = failed.map(|kind| words(&kind, &payload));
    let log = String::from_utf8_lossy(&log).into_owned();
    let billed = report::billed(&log);
    Ok(FunctionAnswer { payload, error, log, billed })
}

/// What Lambda makes of an exception.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Failed {
    error_type: Option<String>,
    error_message: Option<String>,
}

/// `the function failed (Unhandled): ValueError: no such column`
fn words(kind: &str, payload: &str) -> String {
    let Failed { error_type, error_message } = serde_json::from_str(payload).unwrap_or_default();
    let said: Vec<_> = [error_type, error_message].into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let said = if said.is_empty() { payload.to_owned() } else { said.join(": ") };
    let said: String = said.chars().take(MAX_WORDS).collect();
    format!("the function failed ({kind}): {said}")
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::primitives::Blob;

    use super::*;

    #[test]
    fn a_failure_tells_its_kind_its_type_and_its_message() {
        let payload = r#"{"errorMessage": "no such column", "errorType": "ValueError", "stackTrace": []}"#;
        assert_eq!(words("Unhandled", payload), "the function failed (Unhandled): ValueError: no such column");
        assert_eq!(words("Handled", r#"{"errorMessage": "x"}"#), "the function failed (Handled): x");
        assert_eq!(words("Handled", "[1]"), "the function failed (Handled): [1]");
        assert!(words("Handled", &format!("\"{}\"", "é".repeat(9000))).chars().count() < 2100);
    }

    #[test]
    fn an_answer_beyond_six_megabytes_is_refused_and_none_at_all_is_null() {
        let large = InvokeOutput::builder().payload(Blob::new(vec![b'1'; MAX_BYTES + 1])).build();
        let told = read("the function `f`", large).unwrap_err();
        assert!(matches!(&told, Error::Invalid(text) if text.contains("ran")), "{told}");
        let whole = InvokeOutput::builder().payload(Blob::new(vec![b'1'; MAX_BYTES])).build();
        assert_eq!(read("f", whole).unwrap().payload.len(), MAX_BYTES);
        assert_eq!(read("f", InvokeOutput::builder().build()).unwrap().payload, "null");
    }

    #[test]
    fn what_is_no_json_or_no_text_is_told() {
        for payload in [&b"{\"a\":"[..], b"\"\xff\""] {
            let output = InvokeOutput::builder().payload(Blob::new(payload)).build();
            let told = read("the function `f`", output).unwrap_err().to_string();
            assert!(told.contains("the function `f` ran"), "{told}");
        }
    }
}
