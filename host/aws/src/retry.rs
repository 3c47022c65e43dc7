//! What may be sent again.

use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::{
        ErrorKind,
        classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason},
    },
};

/// For operations that are not idempotent: only what was turned away for its rate is sent again, since that did nothing. What broke
/// off, timed out or failed at the service may have been done.
#[derive(Debug)]
pub(crate) struct OnlyThrottled;

impl ClassifyRetry for OnlyThrottled {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        RetryAction::RetryForbidden
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. }) => {
                RetryAction::NoActionIndicated
            }
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only throttled"
    }

    fn priority(&self) -> RetryClassifierPriority {
        last()
    }
}

/// After all of the SDK's own, whose verdicts are looked at: by default a classifier is among the first.
fn last() -> RetryClassifierPriority {
    RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
}
