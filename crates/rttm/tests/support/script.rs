//! Random histories of the pipeline.

use hub_core::event::{Event, RejectedInput, Stage};
use hub_core::settings::PipelineSettings;
use hub_core::{AlertRules, Offset, Record, Rejection, Settings, Timestamp};
use proptest::prelude::*;

use super::{START, dlq_event, error_event, invalid_trade, queue_metric, trade_event};

const HOUR: i64 = 3_600_000;

/// A history of up to `records` records, offsets from 1 without gaps.
pub(crate) fn history(records: usize) -> impl Strategy<Value = Vec<Record>> {
    history_within(Just(PipelineSettings::default()), 1, records)
}

/// The same, with bounds that change and are at times so small that they are met.
pub(crate) fn bounded_history(records: usize) -> impl Strategy<Value = Vec<Record>> {
    let bound = || prop_oneof![4 => 0..6_u32, 1 => Just(500)];
    let bytes = prop_oneof![4 => 0..20_000_u32, 1 => Just(1 << 20)];
    let trades = (bound(), bytes, bound(), bound());
    let bounds = (trades, (bound(), 0..6_u16, bound(), bound())).prop_map(|(trades, others)| {
        let (trades_kept, trades_bytes, trade_events_kept, event_ids_kept) = trades;
        let (dead_letters_kept, dead_letter_classes, queues_kept, cleared_alerts_kept) = others;
        PipelineSettings {
            trades_kept,
            trades_bytes,
            trade_events_kept,
            event_ids_kept,
            dead_letters_kept,
            dead_letter_classes,
            queues_kept,
            cleared_alerts_kept,
        }
    });
    history_within(bounds, 4, records)
}

fn history_within(
    bounds: impl Strategy<Value = PipelineSettings>,
    settings: u32,
    records: usize,
) -> impl Strategy<Value = Vec<Record>> {
    let again = prop::option::weighted(0.1, any::<prop::sample::Index>());
    prop::collection::vec((pause(), event(bounds, settings), again), 1..=records).prop_map(|steps| {
        let (mut millis, mut events) = (START, Vec::<Event>::new());
        let mut record =
            |(pause, (make, ahead), again): (i64, (Make, Option<i64>), Option<prop::sample::Index>)| {
                millis += pause;
                let at = Timestamp::from_millis(millis).unwrap();
                let event = match again {
                    // Somebody sends what was sent before.
                    Some(index) if !events.is_empty() => index.get(&events).clone(),
                    _ => make.event(ahead.map(|ahead| at.plus_millis(ahead))),
                };
                events.push(event.clone());
                Record { offset: Offset(events.len() as u64), at, event }
            };
        steps.into_iter().map(&mut record).collect()
    })
}

/// From one record to the next: mostly nearly nothing, at times a night.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => Just(0),
        20 => 1..1500_i64,
        4 => 1000..90_000_i64,
        2 => 200_000..700_000_i64,
        1 => Just(60_000),
        1 => HOUR..10 * HOUR,
    ]
}

/// What happens, but for its time.
#[derive(Clone, Debug)]
enum Make {
    Trade(u32, Stage),
    Dlq(Option<u32>, Stage, u32),
    Error(Option<u32>, Stage),
    Invalid(u32),
    Queue(u32, u64),
    Rejected(u32),
    Settings(i64, u32, PipelineSettings),
    Tick,
}

impl Make {
    fn event(self, time: Option<Timestamp>) -> Event {
        match self {
            Make::Trade(n, stage) => trade_event(n, stage, time),
            Make::Dlq(n, stage, reason) => dlq_event(n, stage, &format!("no such account {reason}"), time),
            Make::Error(n, stage) => error_event(n, stage, time),
            Make::Invalid(n) => match invalid_trade(n, time) {
                Event::InvalidTrade(mut trade) if n > 15 => {
                    trade.trade_id = format!("T-{n}").into();
                    Event::InvalidTrade(trade)
                }
                trade => trade,
            },
            Make::Queue(partition, lag) => queue_metric(partition, lag, time),
            Make::Rejected(n) => {
                let rejection = Rejection::of("price", format!("{n} is wrong"));
                RejectedInput::new("prices", rejection, b"{}").into()
            }
            Make::Settings(horizon, factor, pipeline) => {
                let mut alerts = AlertRules::default();
                for thresholds in
                    [&mut alerts.dlq, &mut alerts.error_rate, &mut alerts.latency_ms, &mut alerts.tps]
                {
                    thresholds.warning = factor;
                    thresholds.critical = factor * 3;
                }
                Event::Settings(Settings {
                    idempotency_horizon_ms: horizon,
                    alerts,
                    pipeline,
                    ..Settings::default()
                })
            }
            Make::Tick => Event::Tick,
        }
    }
}

fn stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL)
}

/// An event, and how far ahead of its record's time it claims to be; `settings` is how often they change.
fn event(
    bounds: impl Strategy<Value = PipelineSettings>,
    settings: u32,
) -> impl Strategy<Value = (Make, Option<i64>)> {
    let ahead = prop_oneof![
        6 => Just(None),
        8 => (-4000..1000_i64).prop_map(Some),
        2 => (-4..4_i64).prop_map(|n| Some(n * 500)),
        2 => (-400_000..300_000_i64).prop_map(Some),
        1 => (-26 * HOUR..HOUR / 12).prop_map(Some),
        1 => (299_999..300_002_i64).prop_map(Some),
    ];
    let trade = || 0..20_u32;
    let some = prop::option::weighted(0.7, 0..20_u32);
    let make = prop_oneof![
        20 => (trade(), stage()).prop_map(|(n, stage)| Make::Trade(n, stage)),
        4 => (some.clone(), stage(), 0..9_u32).prop_map(|(n, stage, reason)| Make::Dlq(n, stage, reason)),
        3 => (some, stage()).prop_map(|(n, stage)| Make::Error(n, stage)),
        2 => trade().prop_map(Make::Invalid),
        3 => (0..3_u32, prop_oneof![0..20_u64, 900..6000_u64]).prop_map(|(partition, lag)| Make::Queue(partition, lag)),
        2 => trade().prop_map(Make::Rejected),
        settings => (prop_oneof![Just(0), Just(60_000), Just(i64::MAX)], 1..9_u32, bounds)
            .prop_map(|(horizon, factor, bounds)| Make::Settings(horizon, factor, bounds)),
        2 => Just(Make::Tick),
    ];
    (make, ahead)
}
