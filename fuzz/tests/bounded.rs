//! Every fuzz target for a bounded time: what was found before, the seeds, and mutations of them.

mod runner;

macro_rules! bounded {
    ($($target:ident)+) => {
        $(#[test]
        fn $target() {
            runner::bounded(stringify!($target), hub_fuzz::$target::run);
        })+

        #[test]
        fn every_target_has_a_test() {
            assert_eq!(hub_fuzz::TARGETS.map(|(name, _)| name), [$(stringify!($target)),+]);
        }
    };
}

bounded! { normalize sockjs_frames sockjs_urls stomp_codec stomp_session ws_decoder }
