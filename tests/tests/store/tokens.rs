//! What the model takes counts before it has answered.

use enginehouse::store::{Error, Spender, TokenBudgets};
use enginehouse_capabilities::{CodegenReply, Finish};

use crate::fresh::{Fresh, a_run};

pub(crate) async fn an_answer_under_way_counts_by_what_it_may_take(fresh: &Fresh) {
    let store = fresh.open().await;
    let (_, run) = a_run(&store).await;
    let budgets = TokenBudgets { of_plugin: Some(100), of_caller: None };
    let first = store.reserve_tokens("spark", run, 100, budgets).await.unwrap();
    let refused = store.reserve_tokens("spark", run, 1, budgets).await;
    assert!(matches!(refused, Err(Error::OutOfTokens { spender: Spender::Plugin, taken: 100 })), "{refused:?}");
    store.reserve_tokens("ray", run, 1, budgets).await.unwrap();

    // What it took counts in the place of what it might have, and an answer that never came counts nothing.
    let reply = CodegenReply {
        text: "x = 1".into(),
        finish: Finish::Complete,
        model: "m".into(),
        input_tokens: 20,
        output_tokens: 10,
    };
    store.keep_answer(&first, (run, 1), "p", &reply).await.unwrap();
    let second = store.reserve_tokens("spark", run, 70, budgets).await.unwrap();
    assert!(store.reserve_tokens("spark", run, 1, budgets).await.is_err());
    store.release_tokens(second).await.unwrap();
    store.reserve_tokens("spark", run, 1, budgets).await.unwrap();
}

pub(crate) async fn many_who_ask_at_once_take_no_more_than_the_caller_may(fresh: &Fresh) {
    let store = fresh.open().await;
    let (_, run) = a_run(&store).await;
    let budgets = TokenBudgets { of_plugin: None, of_caller: Some(50) };
    let asked = (0..20).map(|_| store.reserve_tokens("spark", run, 10, budgets));
    let (given, refused): (Vec<_>, Vec<_>) =
        futures::future::join_all(asked).await.into_iter().partition(Result::is_ok);
    assert_eq!((given.len(), refused.len()), (5, 15));
    for error in refused {
        assert!(matches!(error, Err(Error::OutOfTokens { spender: Spender::Caller, taken: 50 })), "{error:?}");
    }
}
