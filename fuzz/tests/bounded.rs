//! Every fuzz target for a bounded time: what was found before, the seeds, and mutations of them.

mod runner;

macro_rules! bounded {
    ($($target:ident)+) => {
        $(#[test]
        fn $target() {
            runner::bounded(stringify!($target), hub_fuzz::$target::run);
        })+

        #[test]
        fn every_target_runs_in_both_ways() {
            let names = hub_fuzz::TARGETS.map(|(name, _)| name);
            assert_eq!(names, [$(stringify!($target)),+]);
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/libfuzzer/fuzz_targets");
            let binary = |name: &&str| std::path::Path::new(folder).join(format!("{name}.rs")).exists();
            assert!(names.iter().all(binary), "and one with libFuzzer");
        }
    };
}

bounded! {
    inflate messagepack negotiation normalize sockjs_frames sockjs_urls stomp_codec stomp_session ws_decoder
}
