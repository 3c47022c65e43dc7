//! A test for each deed. A deed without one does not compile.

use crate::{
    answers, borders, computing,
    deeds::Deed,
    floods, memory, traps,
    trial::{Trial, contained},
};

macro_rules! tests {
    ($($test:ident: $deed:ident => $scene:expr;)+) => {
        $(#[tokio::test]
        async fn $test() {
            contained(Trial::of(Deed::$deed), $scene).await;
        })+

        const _: fn(Deed) = |deed| match deed {
            $(Deed::$deed => (),)+
        };
    };
}

tests! {
    nothing: Nothing => answers::sound;
    spins: Spins => computing::spins;
    spins_at_load: SpinsAtLoad => computing::spins_at_load;
    sleeps: Sleeps => computing::sleeps;
    recurses: Recurses => computing::recurses;
    grows_memory: GrowsMemory => memory::grows;
    makes_findings: MakesFindings => memory::makes_findings;
    traps_in_describe: TrapsInDescribe => traps::at_load;
    traps_in_plan: TrapsInPlan => traps::in_plan;
    traps_in_generate: TrapsInGenerate => traps::in_generate;
    traps_in_validate: TrapsInValidate => traps::in_validate;
    traps_in_submit: TrapsInSubmit => traps::in_submit;
    traps_in_poll: TrapsInPoll => traps::in_poll;
    traps_in_log: TrapsInLog => traps::in_log;
    traps_in_cancel: TrapsInCancel => traps::in_cancel;
    traps_in_fetch: TrapsInFetch => traps::in_fetch;
    traps_in_status: TrapsInStatus => traps::in_status;
    span_outside: SpanOutside => answers::span_outside;
    long_ticket: LongTicket => answers::long_ticket;
    nul_ticket: NulTicket => answers::nul_ticket;
    empty_ticket: EmptyTicket => answers::empty_ticket;
    dotted_result: DottedResult => answers::result_outside;
    foreign_result: ForeignResult => answers::result_outside;
    calls_everything: CallsEverything => borders::outside_an_attempt;
    calls_narrowed: CallsNarrowed => borders::narrowed;
    imports_everything: ImportsEverything => borders::granted_nothing;
    wanders: Wanders => borders::wanders;
    names_another: NamesAnother => borders::names_another;
    long_token: LongToken => borders::long_token;
    floods_journal: FloodsJournal => floods::journal;
    floods_output: FloodsOutput => floods::output;
    asks_for_random: AsksForRandom => floods::random;
    hands_over_much: HandsOverMuch => floods::in_one_call;
    makes_pollables: MakesPollables => floods::pollables;
    asks_twice: AsksTwice => borders::asks_twice;
    exits: Exits => traps::exits;
    validates_by_chance: ValidatesByChance => answers::by_chance;
}
