//! What every place that calls functions promises.

use crate::{CallContext, Error, Invoke, Token};

/// Checks the promises of [`Invoke`]. `echo` is a target that answers what it is handed, as it is; `failing` one that raises
/// `ValueError("no such column")` after it has printed something.
pub async fn functions(adapter: &dyn Invoke, echo: &str, failing: &str, cx: &CallContext) {
    let Some(token) = cx.attempt.as_ref().map(|attempt| attempt.token.clone()) else {
        panic!("the context of this suite has an attempt")
    };
    refuses(adapter, echo, cx, &token).await;
    answers(adapter, echo, cx, &token).await;
    tells_a_failure(adapter, failing, cx, &token).await;
}

async fn refuses(adapter: &dyn Invoke, echo: &str, cx: &CallContext, token: &Token) {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(6 << 20));
    for payload in ["", "{", "no json", &large] {
        let refused = adapter.check(echo, payload);
        assert!(matches!(refused, Err(Error::Invalid(_))), "{:.20}: {refused:?}", payload);
        let refused = adapter.invoke(cx, token, echo, payload).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{:.20}", payload);
    }
    let unknown = adapter.check("no-such-function", "{}");
    assert!(
        matches!(&unknown, Err(Error::Unconfigured(text)) if text.contains(echo)),
        "`check` tells the targets that there are: {unknown:?}"
    );
    let unknown = adapter.invoke(cx, token, "no-such-function", "{}").await;
    assert!(matches!(unknown, Err(Error::Unconfigured(_))), "{unknown:?}");
}

async fn answers(adapter: &dyn Invoke, echo: &str, cx: &CallContext, token: &Token) {
    // Six megabytes with what stands around the text.
    let largest = format!("{{\"a\":\"{}\"}}", "x".repeat((6 << 20) - 8));
    for payload in ["{\"a\":\"ä\\n\\\"日本\"}", "{\"a\":[1,2.5,null,true]}", &largest] {
        adapter.check(echo, payload).unwrap();
        let answer = adapter.invoke(cx, token, echo, payload).await.unwrap();
        assert!(answer.payload == payload, "what a function answers comes back as it is: {:.40}", answer.payload);
        assert_eq!(answer.error, None);
        assert!(answer.log.len() <= 3 * 4096, "the end of a log");
    }
}

async fn tells_a_failure(adapter: &dyn Invoke, failing: &str, cx: &CallContext, token: &Token) {
    let answer = adapter.invoke(cx, token, failing, "{\"code\":\"x\"}").await.unwrap();
    let told = answer.error.unwrap_or_else(|| panic!("a function that failed is told: {}", answer.payload));
    assert!(told.contains("ValueError") && told.contains("no such column"), "{told}");
    assert!(answer.payload.contains("no such column"), "the payload has the function's own record: {}", answer.payload);
    assert!(!answer.log.is_empty(), "what it printed helps to mend it");
}
