//! What the plugin can do wrong. Read by the plugin and by the tests of the kit: a fault without a test does not compile.

macro_rules! faults {
    ($($(#[doc = $what:literal])+ $fault:ident = $name:literal,)+) => {
        /// Something that a plugin must not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            $($(#[doc = $what])+ $fault,)+
        }

        impl Fault {
            /// As the setting `fault` has it.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)+
                }
            }
        }
    };
}

faults! {
    /// `describe` goes by the clock.
    DescribeChanges = "describe-changes",
    /// `describe` names no platform.
    NoPlatform = "no-platform",
    /// `status` speaks of a platform that is not described.
    UnknownStatus = "unknown-status",
    /// `plan` chooses what is none of the places.
    PlanElsewhere = "plan-elsewhere",
    /// `plan` chooses a platform where there is no place.
    PlanNowhere = "plan-nowhere",
    /// `plan` goes by the clock.
    PlanByClock = "plan-by-clock",
    /// `plan` takes another platform than was asked for.
    PlanDeaf = "plan-deaf",
    /// `generate` traps where there is no model.
    NeedsModel = "needs-model",
    /// `generate` answers `lost`.
    GenerateLost = "generate-lost",
    /// `validate` goes by the clock.
    Impure = "impure",
    /// `validate` traps on empty code.
    EmptyTrap = "empty-trap",
    /// `validate` has a finding below the end of the code.
    SpanOutside = "span-outside",
    /// `validate` has a finding that ends before it starts.
    SpanBackwards = "span-backwards",
    /// `validate` counts bytes and cuts text in the middle of a character.
    OddTrap = "odd-trap",
    /// `validate` traps where code is nested deeply, before its stack is used up.
    DeepTrap = "deep-trap",
    /// `validate` compares every line with every other.
    Quadratic = "quadratic",
    /// `submit` gives another ticket each time.
    TicketChanges = "ticket-changes",
    /// `submit` starts under another token each time.
    StartsTwice = "starts-twice",
    /// The ticket is kept in memory alone.
    StaticState = "static-state",
    /// `poll` never tells an end.
    NeverEnds = "never-ends",
    /// `poll` tells `succeeded` of work that failed.
    FailureHidden = "failure-hidden",
    /// `fetch` does not say what failed.
    FailureUntold = "failure-untold",
    /// `log` gives the same piece for ever.
    LogStuck = "log-stuck",
    /// `log` goes on, and never says that it has ended.
    LogEndless = "log-endless",
    /// `fetch` goes by the clock.
    FetchChanges = "fetch-changes",
    /// `fetch` names what was not written.
    FetchInvents = "fetch-invents",
    /// `cancel` stops nothing.
    CancelIgnored = "cancel-ignored",
    /// `cancel` takes finished work for an error.
    CancelFinished = "cancel-finished",
    /// `cancel` looks only at the ticket.
    CancelNeedsTicket = "cancel-needs-ticket",
    /// `poll` traps where it is denied.
    DeniedTrap = "denied-trap",
    /// `poll` takes an engine that is unavailable for one that lost the work.
    UnavailableLost = "unavailable-lost",
    /// `poll` takes a call that took too long for a failure of the work.
    TimedOutFailed = "timed-out-failed",
    /// `fetch` takes a spent budget for an empty result.
    QuotaEmpty = "quota-empty",
    /// `log` takes every refusal for lost work.
    RefusalLost = "refusal-lost",
    /// `submit` forgets why the host refused.
    MeaningLost = "meaning-lost",
    /// `plan` computes for more than half of its time.
    Slow = "slow",
    /// `plan` traps on many sources.
    ManySources = "many-sources",
    /// `generate` traps on a long prompt.
    LongPrompt = "long-prompt",
}
