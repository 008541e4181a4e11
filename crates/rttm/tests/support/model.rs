//! The pipeline by plain counting: every event is kept, every number is
//! counted anew when it is asked for.

use std::collections::{BTreeMap, HashMap};

use hub_core::event::{Event, Stage};
use hub_core::{Record, Settings, Timestamp, TradeId};

const KEPT: i64 = 48 * 3_600_000;
const DAY: i64 = 24 * 60;

/// Trade, time, kind, stage, and the words of what may come to grief twice.
type Id = (String, i64, &'static str, usize, Option<String>);
/// When it was first heard of, its firsts, and its events by time and offset.
type Trade = (i64, Firsts, Vec<(i64, u64)>);
type Firsts = [Option<i64>; Stage::COUNT];

#[derive(Default)]
pub(crate) struct Model {
    now: i64,
    settings: Settings,
    applied: HashMap<Id, i64>,
    seen: Vec<(Stage, i64)>,
    invalid: Vec<i64>,
    dead: Vec<(&'static str, String, i64)>,
    pub(crate) errors: Vec<i64>,
    trades: BTreeMap<TradeId, Trade>,
    /// Latencies from end to end, and by stage, of trades that are forgotten.
    forgotten: Vec<Firsts>,
    /// By partition: time, lag, and the time that was claimed.
    queues: BTreeMap<u32, (i64, u64, Option<Timestamp>)>,
}

impl Model {
    /// The status, and the field at fault.
    pub(crate) fn apply(&mut self, record: &Record) -> (&'static str, Option<&'static str>) {
        self.now = record.at.millis();
        let (now, horizon) = (self.now, self.settings.idempotency_horizon_ms);
        // 0 is for ever.
        self.applied.retain(|_, at| horizon == 0 || at.saturating_add(horizon) > now);
        let old: Vec<TradeId> =
            self.trades.iter().filter(|(_, trade)| trade.0 + KEPT <= now).map(|(id, _)| *id).collect();
        for id in old {
            self.forgotten.extend(self.trades.remove(&id).map(|trade| trade.1));
        }
        let verdict = self.event(record);
        if let ("rejected", field) = verdict {
            let reason = format!(
                "{}: {}",
                field.unwrap_or(""),
                if field == Some("price") {
                    "<n> is wrong"
                } else {
                    "is more than <n> minutes ahead of the hub's time"
                }
            );
            self.dead.push(("INGEST", reason, now));
        }
        verdict
    }

    fn event(&mut self, record: &Record) -> (&'static str, Option<&'static str>) {
        let (claimed, field) = match &record.event {
            Event::TradeEvent(event) => (event.event_time, "eventTime"),
            Event::DlqEvent(event) => (event.event_time, "eventTime"),
            Event::ErrorEvent(event) => (event.event_time, "eventTime"),
            Event::QueueMetric(event) => (event.snapshot_time, "snapshotTime"),
            Event::InvalidTrade(event) => (event.time(), "timestamp"),
            Event::Rejected(_) => return ("rejected", Some("price")),
            Event::Settings(settings) => {
                self.settings = settings.clone();
                return ("accepted", None);
            }
            _ => return ("accepted", None),
        };
        let time = claimed.map_or(self.now, Timestamp::millis);
        if time > self.now + 300_000 && field != "timestamp" {
            return ("rejected", Some(field));
        }
        let time = time.min(self.now);
        let id = |trade: Option<TradeId>, kind, stage: Stage, words: Option<&str>| {
            Some((trade?.to_string(), claimed?.millis(), kind, stage.index(), words.map(ToOwned::to_owned)))
        };
        let id = match &record.event {
            Event::TradeEvent(event) => id(Some(event.trade_id), "trade", event.event_stage, None),
            Event::DlqEvent(event) => id(event.trade_id, "dlq", event.event_stage, event.reason.as_deref()),
            Event::ErrorEvent(event) => {
                id(event.trade_id, "error", event.event_stage, event.error_message.as_deref())
            }
            Event::InvalidTrade(event) => {
                claimed.map(|time| (event.trade_id.to_string(), time.millis(), "invalid", 0, None))
            }
            _ => None,
        };
        if let Some(id) = id {
            if self.applied.contains_key(&id) {
                return ("duplicate", None);
            }
            self.applied.insert(id, self.now);
        }
        self.count(&record.event, time, claimed, record.offset.0)
    }

    fn trade(&mut self, id: TradeId, time: i64, offset: u64) -> &mut Firsts {
        let trade = self.trades.entry(id).or_insert((self.now, Firsts::default(), vec![]));
        trade.2.push((time, offset));
        &mut trade.1
    }

    fn count(
        &mut self,
        event: &Event,
        time: i64,
        claimed: Option<Timestamp>,
        offset: u64,
    ) -> (&'static str, Option<&'static str>) {
        let now = self.now;
        match event {
            Event::TradeEvent(event) => {
                let first = &mut self.trade(event.trade_id, time, offset)[event.event_stage.index()];
                *first = Some(first.map_or(time, |first| first.min(time)));
                self.seen.push((event.event_stage, time));
            }
            Event::DlqEvent(event) => {
                event.trade_id.map(|id| self.trade(id, time, offset));
                let reason = if event.reason.is_some() { "no such account <n>" } else { "" };
                self.dead.push((event.event_stage.as_str(), reason.into(), time));
            }
            Event::ErrorEvent(event) => {
                event.trade_id.map(|id| self.trade(id, time, offset));
                self.errors.push(time);
            }
            Event::InvalidTrade(event) => {
                event.trade_id.parse().ok().map(|id| self.trade(id, time, offset));
                self.invalid.push(time);
            }
            Event::QueueMetric(metric) => {
                let known = self.queues.get(&metric.partition_id).filter(|(at, ..)| {
                    let minute = now.div_euclid(60_000) * 60_000;
                    at + 24 * 3_600_000 > minute
                });
                match known {
                    Some((_, _, last)) if last.is_some() && *last == claimed => return ("duplicate", None),
                    Some((at, ..)) if *at > time => return ("stale", None),
                    _ => {}
                }
                self.queues.insert(metric.partition_id, (time, metric.lag(), claimed));
            }
            _ => {}
        }
        ("accepted", None)
    }

    /// Whether `time` is in the bucket of `width` that it is now, or in one of
    /// the `back - 1` before.
    fn within(&self, time: i64, width: i64, back: i64) -> bool {
        let age = self.now.div_euclid(width) - time.div_euclid(width);
        (0..back).contains(&age)
    }

    fn received(&self) -> impl Iterator<Item = i64> {
        self.seen.iter().filter(|(stage, _)| *stage == Stage::Received).map(|(_, time)| *time)
    }

    pub(crate) fn tps_tenths(&self) -> u64 {
        self.received().filter(|time| self.within(*time, 100, 50)).count() as u64 * 2
    }

    pub(crate) fn peak(&self) -> u64 {
        let mut seconds = BTreeMap::<i64, u64>::new();
        for time in self.received().filter(|time| self.within(*time, 1000, 300)) {
            *seconds.entry(time.div_euclid(1000)).or_default() += 1;
        }
        seconds.into_values().max().unwrap_or(0)
    }

    pub(crate) fn trend(&self) -> Vec<u64> {
        let hour = |ago: i64| {
            self.received()
                .filter(|time| self.now.div_euclid(3_600_000) - time.div_euclid(3_600_000) == ago)
                .count()
        };
        (0..24).rev().map(|ago| hour(ago) as u64).collect()
    }

    pub(crate) fn counts(&self) -> Vec<u64> {
        let count = |of: &Stage| {
            self.seen.iter().filter(|(stage, time)| stage == of && self.within(*time, 60_000, DAY)).count()
        };
        Stage::ALL.iter().map(|stage| count(stage) as u64).collect()
    }

    pub(crate) fn invalid(&self) -> u64 {
        self.invalid.iter().filter(|time| self.within(**time, 60_000, DAY)).count() as u64
    }

    /// By stage and reason.
    pub(crate) fn dead(&self) -> BTreeMap<(&'static str, String), u64> {
        let mut counts = BTreeMap::new();
        for (stage, reason, _) in self.dead.iter().filter(|(_, _, time)| self.within(*time, 60_000, DAY)) {
            *counts.entry((*stage, reason.clone())).or_default() += 1;
        }
        counts
    }

    /// From one stage to another, of 24 h, ascending.
    pub(crate) fn latencies(&self, from: usize, to: usize) -> Vec<f64> {
        let all = self.trades.values().map(|trade| &trade.1).chain(&self.forgotten);
        let latency = |firsts: &Firsts| {
            let (from, to) = (firsts[from]?, firsts[to]?);
            self.within(to, 60_000, DAY).then(|| (to - from).max(0) as f64)
        };
        let mut latencies: Vec<f64> = all.filter_map(latency).collect();
        latencies.sort_by(f64::total_cmp);
        latencies
    }

    /// The events of a trade by time, then as they came, by offset.
    pub(crate) fn way(&self, id: TradeId) -> Vec<u64> {
        let mut way = self.trades.get(&id).map(|trade| trade.2.clone()).unwrap_or_default();
        way.sort_by_key(|(time, _)| *time);
        way.into_iter().take(64).map(|(_, offset)| offset).collect()
    }

    pub(crate) fn lags(&self) -> Vec<(u32, u64)> {
        let minute = self.now.div_euclid(60_000) * 60_000;
        let known = self.queues.iter().filter(|(_, (at, ..))| at + 24 * 3_600_000 > minute);
        known.map(|(partition, (_, lag, _))| (*partition, *lag)).collect()
    }
}
