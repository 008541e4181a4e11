//! Whatever happens, the projection says what plain counting says.

mod support;

use std::collections::BTreeSet;

use hub_core::{Outcome, Record};
use hub_rttm::{Hundredths, Origin, State};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::model::Model;
use support::script::history;
use support::{Fixture, trade_id};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn same_outcomes_same_numbers(records in history(300)) {
        let mut hub = Fixture::new();
        let mut model = Model::default();
        for record in &records {
            let outcome = hub.apply(record);
            let field = match &outcome {
                Outcome::Rejected(rejection) => rejection.field.clone(),
                _ => None,
            };
            prop_assert_eq!((outcome.status(), field.as_deref()), model.apply(record), "{:?}", record);
            if record.offset.0 % 7 == 0 {
                compare(&hub.state(), &model);
            }
        }
        compare(&hub.state(), &model);
    }
}

fn compare(state: &State, model: &Model) {
    let numbers = state.numbers();
    assert_eq!(numbers.tps_tenths, model.tps_tenths());
    assert_eq!(numbers.peak_tps, model.peak());
    assert_eq!(numbers.trend.to_vec(), model.trend());
    assert_eq!(numbers.stages.map(|stage| stage.count).to_vec(), model.counts());
    assert_eq!(numbers.invalid, model.invalid());
    latencies(state, model);
    dead_letters(state, model);
    for n in 0..20 {
        let way = state
            .trade(trade_id(n))
            .map(|trade| trade.entries().iter().map(|entry| entry.offset.0).collect::<Vec<_>>());
        assert_eq!(way.unwrap_or_default(), model.way(trade_id(n)));
    }
    let lags: Vec<_> = state.queues(10).iter().map(|(key, queue)| (key.partition, queue.lag)).collect();
    assert_eq!(lags, model.lags());
}

fn latencies(state: &State, model: &Model) {
    let numbers = state.numbers();
    for (stage, numbers) in numbers.stages.iter().enumerate().skip(1) {
        near(numbers.latency, mean(&model.latencies(stage - 1, stage)), 0.0);
    }
    let end_to_end = model.latencies(0, 3);
    near(numbers.latency, mean(&end_to_end), 0.0);
    near(numbers.p95, percentile(&end_to_end, 0.95), 1.0 / 128.0);
    near(numbers.p99, percentile(&end_to_end, 0.99), 1.0 / 128.0);
}

fn near(found: Hundredths, exact: f64, bound: f64) {
    let off = (found.0 as f64 / 100.0 - exact).abs();
    assert!(off <= exact * bound + 0.011, "{found}, not {exact}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let rank = share * last as f64;
    let (lower, upper) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    lower + (upper - lower) * rank.fract()
}

fn dead_letters(state: &State, model: &Model) {
    let mut found = std::collections::BTreeMap::new();
    for class in state.dead_letter_classes(1000) {
        assert!(class.first_seen <= class.last_seen && class.count > 0);
        *found.entry((class.key.origin.as_str(), class.key.reason.clone())).or_default() += class.count;
    }
    assert_eq!(found, model.dead());
    let total: u64 = found.values().sum();
    assert_eq!(state.numbers().dead_letters, total);
    let by_origin = state.dead_letters_by_origin();
    assert_eq!(by_origin.iter().map(|(_, count)| count).sum::<u64>(), total);
    let origins: Vec<Origin> = by_origin.iter().map(|(origin, _)| *origin).collect();
    assert!(origins.is_sorted());
}

/// The random histories reach what they are meant to reach.
#[test]
fn the_histories_are_worth_their_while() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut verdicts, mut latencies, mut alerts) = (BTreeSet::new(), 0, BTreeSet::new());
    let mut cleared = 0;
    for _ in 0..20 {
        let records: Vec<Record> = history(300).new_tree(&mut runner).unwrap().current();
        let (mut model, mut hub) = (Model::default(), Fixture::new());
        for record in &records {
            verdicts.insert(model.apply(record));
            hub.apply(record);
            latencies += usize::from(!model.latencies(0, 3).is_empty());
        }
        let board = hub.state().alerts().as_ref().clone();
        cleared += board.cleared.len();
        alerts.extend(board.cleared.iter().map(|(_, alert)| alert.metric.name()));
    }
    for verdict in [
        ("duplicate", None),
        ("stale", None),
        ("rejected", Some("eventTime")),
        ("rejected", Some("snapshotTime")),
        ("rejected", Some("price")),
    ] {
        assert!(verdicts.contains(&verdict), "{verdict:?}");
    }
    assert!(latencies > 100, "{latencies}");
    assert_eq!(alerts.len(), 6, "{alerts:?}");
    assert!(cleared > 20, "{cleared}");
}
