//! Each fault is found, by the check that is about it. A fault without a test does not compile.

use enginehouse_conformance::Outcome;

use crate::{common::report, fault::Fault};

/// A test a fault: the check that fails, and a piece of what it says.
macro_rules! found {
    ($($test:ident: $fault:ident => $check:literal, $says:literal;)+) => {
        $(#[tokio::test]
        async fn $test() {
            fails(Fault::$fault, $check, $says).await;
        })+

        const _: fn(Fault) = |fault| match fault {
            $(Fault::$fault => (),)+
        };
    };
}

found! {
    describe_changes: DescribeChanges => "`describe` gives the same every time", "has to be constant";
    no_platform: NoPlatform => "`describe` names a platform", "Name at least one";
    unknown_status: UnknownStatus => "`status` speaks of platforms that `describe` names", "`moon`";
    plan_elsewhere: PlanElsewhere => "`plan` chooses one of the task's places", "`moon`";
    plan_nowhere: PlanNowhere => "`plan` says in words that there is no place", "Refuse with `unsupported`";
    plan_by_clock: PlanByClock => "`plan` chooses one of the task's places", "has to be pure";
    plan_deaf: PlanDeaf => "`plan` takes the platform asked for, or says why not", "chose `local`";
    needs_model: NeedsModel => "`generate` answers without a model", "instead of `unwrap`";
    generate_lost: GenerateLost => "`generate` answers without a model", "`lost`";
    impure: Impure => "`validate` is pure", "has to be pure";
    empty_trap: EmptyTrap => "`validate` reads empty code", "there is no first line";
    span_outside: SpanOutside => "`validate` reads plain code", "Count lines and columns from 1";
    span_backwards: SpanBackwards => "`validate` reads plain code", "ends after its start";
    odd_trap: OddTrap => "`validate` survives odd text", "trapped";
    deep_trap: DeepTrap => "`validate` survives deep nesting", "too deep";
    quadratic: Quadratic => "`validate` reads a mebibyte of code", "do less work";
    ticket_changes: TicketChanges => "`submit` twice starts once and gives an equal ticket", "Make the ticket";
    starts_twice: StartsTwice => "`submit` twice starts once and gives an equal ticket", "Start under";
    static_state: StaticState => "`poll` follows work to its end", "fresh instance";
    never_ends: NeverEnds => "`poll` follows work to its end", "told no end";
    failure_hidden: FailureHidden => "`poll` and `fetch` tell work that failed", "tell `failed`";
    failure_untold: FailureUntold => "`poll` and `fetch` tell work that failed", "Say what failed";
    log_stuck: LogStuck => "`log` advances and ends", "for ever";
    log_endless: LogEndless => "`log` advances and ends", "Set `end`";
    fetch_changes: FetchChanges => "`fetch` gives the same every time", "any number of times";
    fetch_invents: FetchInvents => "`fetch` gives the same every time", "which is not there";
    cancel_ignored: CancelIgnored => "`cancel` stops work that runs", "Ask the engine to stop";
    cancel_finished: CancelFinished => "`cancel` of finished work is no error", "it has ended";
    cancel_needs_ticket: CancelNeedsTicket => "`cancel` finds work by its token", "empty ticket";
    denied_trap: DeniedTrap => "everything is `denied`", "trapped";
    unavailable_lost: UnavailableLost => "everything is `unavailable`", "the host tries again later";
    timed_out_failed: TimedOutFailed => "everything has `timed-out`", "nobody knows";
    quota_empty: QuotaEmpty => "everything is `quota-exceeded`", "results are lost";
    refusal_lost: RefusalLost => "everything is `unconfigured`", "`lost`, which ends the run";
    meaning_lost: MeaningLost => "everything is `unavailable`", "Hand the host's own error back";
    slow: Slow => "half of computing time and memory is enough", "half of its limit";
    many_sources: ManySources => "a task of 64 sources is answered, or refused in words", "too many sources";
    long_prompt: LongPrompt => "a prompt of 64 KiB is answered, or refused in words", "too long a prompt";
}

async fn fails(fault: Fault, check: &str, says: &str) {
    let report = report(Some(fault)).await;
    let found = report.failures().find(|failure| failure.name == check);
    match found.map(|failure| &failure.outcome) {
        Some(Outcome::Failed(text)) => assert!(text.contains(says), "{says} is not in: {text}"),
        _ => panic!("{} did not fail `{check}`\n{}", fault.name(), report.text()),
    }
}
