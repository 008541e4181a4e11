//! The pipeline is seen to work, to fail here and there, and to jam.

use std::collections::BTreeMap;
use std::time::Duration;

use hub_core::event::{Stage, TradeEvent};
use hub_core::normalize::Kind;
use hub_core::{Event, Timestamp, TradeId};
use hub_demo::{Batch, DemoConfig, Market};
use hub_rttm::{Metric, Origin};

use crate::world::{World, read};

/// Nothing but the pipeline.
fn config(seed: u64) -> DemoConfig {
    DemoConfig {
        seed,
        prices_per_second: 0,
        transactions_per_second: 0,
        risk_per_second: 0,
        trading_sessions: 0,
        ..DemoConfig::default()
    }
}

/// Batches of steps of `millis`, each with the time before and after it.
fn steps(config: &DemoConfig, millis: i64, count: i64) -> Vec<(Timestamp, Timestamp, Batch)> {
    let mut market = Market::new(config, 1);
    let at = |step: i64| Timestamp::from_millis(1_770_460_200_000 + step * millis).unwrap();
    let elapsed = Duration::from_millis(millis.unsigned_abs());
    let step = |step| {
        market.step(elapsed, at(step + 1)).into_iter().map(move |batch| (at(step), at(step + 1), batch))
    };
    (0..count).flat_map(step).collect()
}

fn counts(steps: &[(Timestamp, Timestamp, Batch)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, _, (kind, items)) in steps {
        *counts.entry(kind.as_str()).or_default() += items.len();
    }
    counts
}

fn trade_events(steps: &[(Timestamp, Timestamp, Batch)]) -> Vec<(Timestamp, Timestamp, TradeEvent)> {
    let mut events = Vec::new();
    for (before, now, (kind, items)) in steps {
        for item in items.iter().filter(|_| *kind == Kind::TradeEvents) {
            let Ok(Event::TradeEvent(event)) = read(*kind, item) else { panic!("{item}") };
            events.push((*before, *now, *event));
        }
    }
    events
}

#[test]
fn everything_is_seen_within_5_seconds() {
    for seed in 1..=5 {
        let mut world = World::open(&config(seed));
        world.pass(5);
        let state = world.pipeline.settled();
        let numbers = state.numbers();
        assert!(numbers.tps_tenths >= 40 && numbers.peak_tps >= 4, "{numbers:?}");
        assert!(numbers.latency.0 > 7_000 && numbers.latency.0 < 200_000, "{numbers:?}");
        assert!(numbers.stages.iter().all(|stage| stage.count >= 10), "{numbers:?}");
        assert!(numbers.invalid >= 1, "{numbers:?}");
        assert_eq!(state.queues(100).len(), 8);
        let dead: Vec<Origin> = state.dead_letters_by_origin().iter().map(|(origin, _)| *origin).collect();
        let stages = [Stage::Validated, Stage::Enriched, Stage::Committed].map(Origin::Stage);
        assert_eq!(dead, stages, "seed {seed}");
        assert!(state.last_error().is_some());
        let is_raised = |metric| state.alerts().active.iter().any(|alert| alert.metric == metric);
        assert!(is_raised(Metric::QueueLag), "seed {seed}");
    }
}

#[test]
fn an_alert_is_raised_at_once_cleared_and_raised_again() {
    for seed in 1..=3 {
        let mut world = World::open(&config(seed));
        let is_raised = |world: &World| {
            world.pipeline.settled().alerts().active.iter().any(|alert| alert.metric == Metric::QueueLag)
        };
        let mut changes = vec![(0, false)];
        for second in 1..=600 {
            world.pass(1);
            if changes.last().unwrap().1 != is_raised(&world) {
                changes.push((second, is_raised(&world)));
            }
        }
        assert!(changes.len() >= 4, "seed {seed}: {changes:?}");
        assert!(changes[1].0 <= 2 && changes[2].0 <= 120, "seed {seed}: {changes:?}");
    }
}

#[test]
fn a_trade_goes_through_the_stages_in_order_at_the_time_it_says() {
    let steps = steps(&DemoConfig { trades_per_second: 50, ..config(1) }, 100, 600);
    let mut trades: BTreeMap<TradeId, Vec<(Stage, i64)>> = BTreeMap::new();
    for (before, now, event) in trade_events(&steps) {
        let time = event.event_time.unwrap();
        assert!(before <= time && time <= now, "{time} is reported between {before} and {now}");
        trades.entry(event.trade_id).or_default().push((event.event_stage, time.millis()));
    }
    assert_eq!(trades.len(), 3000);
    let mut through = 0;
    for events in trades.values() {
        let stages: Vec<Stage> = events.iter().map(|(stage, _)| *stage).collect();
        assert_eq!(stages, Stage::ALL[..stages.len()]);
        for (stage, gap) in events.windows(2).map(|pair| (pair[1].0, pair[1].1 - pair[0].1)) {
            assert!((15..6000).contains(&gap), "{gap} ms to {stage}");
        }
        through += usize::from(stages.len() == Stage::COUNT);
    }
    assert!(through > 2850, "{through}");
}

#[test]
fn a_step_that_comes_late_does_not_change_when_things_happened() {
    let latencies = |millis, count| {
        let steps = steps(&DemoConfig { failing_share: 0.0, ..config(1) }, millis, count);
        let mut firsts = BTreeMap::new();
        let mut gaps = Vec::new();
        for (_, _, event) in trade_events(&steps) {
            let time = event.event_time.unwrap().millis();
            if let Some(before) = firsts.insert(event.trade_id, time) {
                gaps.push(time - before);
            }
        }
        gaps
    };
    let mean = |gaps: Vec<i64>| gaps.iter().sum::<i64>() / i64::try_from(gaps.len()).unwrap();
    let (usual, late) = (mean(latencies(100, 1200)), mean(latencies(10_000, 12)));
    assert!(usual.abs_diff(late) <= usual.unsigned_abs() / 2, "{usual} and {late} ms");
}

#[test]
fn as_many_as_are_configured_enter_and_the_configured_share_fails() {
    let config = DemoConfig { trades_per_second: 100, failing_share: 0.1, ..config(1) };
    for (millis, count) in [(100, 1000), (1000, 100), (7, 14_286)] {
        let steps = steps(&config, millis, count);
        let received =
            trade_events(&steps).iter().filter(|(_, _, event)| event.event_stage == Stage::Received).count();
        assert!(received.abs_diff(10_000) <= 1, "{received}");
        let counts = counts(&steps);
        let (invalid, errors, dead) =
            (counts["invalid-trades"], counts["error-events"], counts["dlq-events"]);
        assert!((390..=610).contains(&invalid) && (390..=610).contains(&errors), "{counts:?}");
        assert!((errors / 2..errors).contains(&dead), "{counts:?}");
        assert_eq!(counts["queue-metrics"], 8 * 20, "each 5 s");
    }
}

#[test]
fn what_is_switched_off_does_not_happen() {
    let healthy = steps(&DemoConfig { failing_share: 0.0, ..config(1) }, 100, 600);
    assert_eq!(counts(&healthy).keys().copied().collect::<Vec<_>>(), ["queue-metrics", "trade-events"]);
    let none = steps(&DemoConfig { trades_per_second: 0, ..config(1) }, 100, 600);
    assert!(none.is_empty());
    let all = counts(&steps(&DemoConfig { failing_share: 1.0, ..config(1) }, 100, 600));
    assert_eq!(
        all["invalid-trades"] + all["error-events"],
        300 - 1,
        "but the last, which is on its way: {all:?}"
    );
}

#[test]
fn offsets_never_go_back() {
    let mut offsets: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    let steps = steps(&config(2), 1000, 600);
    for (_, _, (kind, items)) in &steps {
        for item in items.iter().filter(|_| *kind == Kind::QueueMetrics) {
            let Ok(Event::QueueMetric(metric)) = read(*kind, item) else { panic!("{item}") };
            let (produced, consumed) = offsets.entry((metric.topic_name, metric.partition_id)).or_default();
            assert!(*produced < metric.produced_offset && *consumed <= metric.consumed_offset, "{item}");
            assert!(metric.consumed_offset <= metric.produced_offset, "{item}");
            (*produced, *consumed) = (metric.produced_offset, metric.consumed_offset);
        }
    }
}

#[test]
fn a_run_has_trades_of_its_own() {
    let trades = |run| {
        let now = Timestamp::from_millis(1_770_460_200_000).unwrap();
        let batches = Market::new(&config(1), run).step(Duration::from_secs(1), now);
        let (kind, items) = batches.into_iter().find(|(kind, _)| *kind == Kind::TradeEvents).unwrap();
        let Ok(Event::TradeEvent(event)) = read(kind, &items[0]) else { panic!("{items:?}") };
        event.trade_id
    };
    assert_eq!(trades(1), trades(1));
    assert_ne!(trades(1), trades(2));
}
