//! The contract of [`EventLog`] as a test suite: one function per promise.
//!
//! Each takes a function that opens the log at a path (creating it, or opening
//! again what an earlier call created there) with the given clock. Tests of
//! lagging and of overload are quick if that log keeps fewer than
//! [`LAG_RECORDS`] records in memory and lets fewer than
//! [`OVERLOAD_RECORDS`] wait; it must not let more wait than that, nor fewer
//! than 1,000.
//!
//! ```text
//! hub_log::contract_tests!(|path: &Path, clock| Box::new(MyLog::open(path, clock)));
//! ```

#![allow(clippy::missing_panics_doc, reason = "a promise that is broken panics: that is what a test does")]

mod ends;
mod fixture;
mod keys;
mod order;
mod random;
mod tails;
mod time;

use std::path::Path;

use crate::{Clock, EventLog};

pub use ends::*;
pub use keys::*;
pub use order::*;
pub use tails::*;
pub use time::*;

/// Opens the log at a path, or creates it.
pub type Open<'a> = &'a dyn Fn(&Path, Clock) -> Box<dyn EventLog>;

/// By how many records a tail is made to lag.
pub const LAG_RECORDS: usize = 2_000;

/// With how many records a log is flooded until it says that it is busy.
pub const OVERLOAD_RECORDS: usize = 1_000_000;

/// A `#[test]` per promise, named after it.
#[macro_export]
macro_rules! contract_tests {
    ($open:expr) => {
        $crate::contract_tests!(@each tests $open);
    };
    (@each $form:ident $open:expr) => {
        $crate::contract_tests!(@$form $open;
            offsets_increase_and_are_those_that_were_acknowledged,
            an_acknowledged_append_is_visible,
            an_append_of_nothing_writes_nothing,
            appends_stay_whole_adjacent_and_in_their_callers_order,
            a_reopened_log_keeps_its_history_and_its_epoch,
            a_new_log_has_a_new_epoch,
            time_never_goes_back,
            times_are_kept_to_the_microsecond,
            a_tick_marks_each_second_once,
            a_second_with_a_record_needs_no_tick,
            a_key_is_appended_once,
            a_key_is_remembered_after_reopening,
            records_without_a_key_are_never_taken_for_duplicates,
            a_read_returns_exactly_what_follows,
            a_tail_sees_what_a_read_sees_while_appends_go_on,
            a_tail_that_lags_catches_up_and_keeps_up_again,
            a_tail_without_news_returns_empty,
            a_tail_that_waits_is_woken,
            a_full_queue_answers_busy_and_appends_nothing,
            a_closed_log_refuses_appends,
            closing_commits_what_was_queued,
            closing_twice_is_closing_once,
            a_tail_delivers_everything_and_then_ends,
            a_tail_that_waits_is_ended_by_closing,
        );
    };
    (@tests $open:expr; $($promise:ident),+ $(,)?) => {
        $(
            #[test]
            fn $promise() {
                $crate::contract::$promise(&$open);
            }
        )+
    };
    (@calls $open:expr; $($promise:ident),+ $(,)?) => {
        $( $crate::contract::$promise($open); )+
    };
}

/// Every promise, one after another; panics at the first that is broken.
pub fn run_all(open: Open<'_>) {
    contract_tests!(@each calls open);
}
