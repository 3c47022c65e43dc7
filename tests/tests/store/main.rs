//! One suite for the store, run over SQLite and over PostgreSQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod followed;
mod fresh;
mod hosts;
mod records;
mod steps;
mod tokens;

use fresh::Fresh;

/// Each promise of the store as a test over each database.
macro_rules! promises {
    ($($module:ident::$promise:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$module::$promise(&super::Fresh::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$module::$promise(&super::Fresh::postgres()).await;
            })*
        }
    };
}

promises! {
    followed::a_log_is_paged_by_byte,
    followed::a_piece_of_a_log_is_added_once_and_by_its_host,
    followed::what_was_dropped_is_told_where_it_is_missing,
    followed::the_beginning_and_the_end_of_a_long_log_are_kept,
    followed::the_log_of_a_new_attempt_begins_anew_for_its_plugin,
    followed::an_answer_is_kept_for_the_attempt_that_is_being_written,
    followed::a_day_costs_no_more_than_its_cap,
    followed::a_run_that_was_counted_in_counts_before_it_is_submitted,
    followed::each_attempt_of_a_run_counts,
    followed::a_day_ends,
    followed::many_at_once_stay_under_the_cap,
    followed::a_run_that_cannot_be_read_hides_no_other_and_is_ended,
    followed::what_no_database_takes_is_told_from_one_that_is_gone,
    followed::a_session_is_its_owners_and_there_are_so_many,
    followed::a_session_that_nobody_uses_is_forgotten,
    followed::a_session_has_so_many_open_runs,
    steps::a_step_changes_row_attempt_and_journal_together,
    steps::a_step_from_another_state_changes_nothing,
    steps::a_step_of_another_host_changes_nothing,
    steps::a_new_attempt_leaves_the_work_of_the_one_before,
    steps::notes_and_steps_at_once_leave_no_gap,
    steps::what_has_ended_is_not_cancelled_noted_or_stepped,
    steps::approval_is_for_a_run_that_waits,
    hosts::runs_of_a_living_host_are_its_own,
    hosts::runs_of_a_host_that_is_gone_go_to_another_once,
    hosts::a_lease_passes,
    records::a_key_makes_one_run_of_one_request,
    records::many_at_once_with_one_key_make_one_run,
    records::an_output_belongs_to_one_run_at_a_time,
    records::lists_are_filtered_and_paged_the_newest_first,
    records::sessions_and_uploads_are_kept,
    records::all_is_there_when_it_is_opened_again,
    records::odd_texts_are_kept,
    records::a_newer_schema_is_refused,
    tokens::an_answer_under_way_counts_by_what_it_may_take,
    tokens::many_who_ask_at_once_take_no_more_than_the_caller_may,
}
