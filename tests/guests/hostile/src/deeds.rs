//! What the plugin can do. Read by the plugin and by the tests of the runtime: a deed without a test does not compile.

/// How many bytes of the component say which deed it does.
pub(crate) const WIDTH: usize = 40;

macro_rules! deeds {
    ($($(#[doc = $what:literal])+ $deed:ident = $name:literal,)+) => {
        /// Something that the host has to contain.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Deed {
            $($(#[doc = $what])+ $deed,)+
        }

        impl Deed {
            /// All of them.
            #[allow(dead_code, reason = "the tests name each for itself")]
            pub(crate) const ALL: &[Self] = &[$(Self::$deed,)+];

            /// As it is written into the component.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$deed => $name,)+
                }
            }
        }
    };
}

deeds! {
    /// None: what the others do besides.
    Nothing = "nothing",
    /// `validate` computes for ever.
    Spins = "spins",
    /// `describe` computes for ever.
    SpinsAtLoad = "spins-at-load",
    /// `plan` waits for ever on WASI's clock.
    Sleeps = "sleeps",
    /// `validate` calls itself for ever.
    Recurses = "recurses",
    /// `plan` takes memory until there is none.
    GrowsMemory = "grows-memory",
    /// `validate` makes findings until there is no memory for more.
    MakesFindings = "makes-findings",
    /// Traps there.
    TrapsInDescribe = "traps-in-describe",
    /// Traps there.
    TrapsInPlan = "traps-in-plan",
    /// Traps there.
    TrapsInGenerate = "traps-in-generate",
    /// Traps there.
    TrapsInValidate = "traps-in-validate",
    /// Traps there.
    TrapsInSubmit = "traps-in-submit",
    /// Traps there.
    TrapsInPoll = "traps-in-poll",
    /// Traps there.
    TrapsInLog = "traps-in-log",
    /// Traps there.
    TrapsInCancel = "traps-in-cancel",
    /// Traps there.
    TrapsInFetch = "traps-in-fetch",
    /// Traps there.
    TrapsInStatus = "traps-in-status",
    /// `validate` has a finding on a line that the code does not have; `submit` refuses the code with it.
    SpanOutside = "span-outside",
    /// `submit` gives a ticket of 10 MB.
    LongTicket = "long-ticket",
    /// `submit` gives a ticket with a NUL.
    NulTicket = "nul-ticket",
    /// `submit` gives no ticket.
    EmptyTicket = "empty-ticket",
    /// `fetch` names a result that leaves its prefix by `..`.
    DottedResult = "dotted-result",
    /// `fetch` names a result of another run.
    ForeignResult = "foreign-result",
    /// Calls every host function wherever it can.
    CallsEverything = "calls-everything",
    /// The same within its attempt, where the operator has narrowed what it is granted.
    CallsNarrowed = "calls-narrowed",
    /// Imports everything, and is granted nothing.
    ImportsEverything = "imports-everything",
    /// `log` reads and writes outside what its attempt may touch.
    Wanders = "wanders",
    /// `log` names the token of another run.
    NamesAnother = "names-another",
    /// `log` names a token of 10,000 characters.
    LongToken = "long-token",
    /// `plan` writes 100,000 notes of 9 KiB.
    FloodsJournal = "floods-journal",
    /// `plan` prints 100 MB, and then traps.
    FloodsOutput = "floods-output",
    /// `plan` asks for 10 GB of random bytes.
    AsksForRandom = "asks-for-random",
    /// `log` writes 100 MB in one call.
    HandsOverMuch = "hands-over-much",
    /// `plan` makes 100,000 pollables.
    MakesPollables = "makes-pollables",
    /// `generate` asks the model twice.
    AsksTwice = "asks-twice",
    /// `plan` exits the process.
    Exits = "exits",
    /// `validate` goes by chance.
    ValidatesByChance = "validates-by-chance",
}
