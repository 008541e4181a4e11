//! Each trade's way through the pipeline: for `track-trade`, and for the
//! latencies between its stages.

mod walk;

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::event::{ErrorType, Stage};
use hub_core::settings::PipelineSettings;
use hub_core::{Offset, Timestamp, TradeId};
use rpds::HashTrieMapSync;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Time for which a trade is kept after its first event, in log time.
pub(crate) const KEPT_MILLIS: i64 = 48 * 3600 * 1000;

/// The source of an entry: the platform's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Source {
    /// RT-IN-1.
    TradeEvent,
    /// RT-IN-5.
    Invalid,
    /// RT-IN-3.
    Dlq,
    /// RT-IN-4.
    Error,
}

/// One event of a trade.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The record it came with.
    pub offset: Offset,
    /// The service that reported it.
    pub service: SmolStr,
    /// Its stage.
    pub stage: Stage,
    /// The time at which it happened.
    pub time: Timestamp,
    /// Its words; empty where nothing was said.
    pub message: String,
    /// Its kind.
    pub source: Source,
}

impl Entry {
    fn bytes(&self) -> usize {
        size_of::<Entry>() + self.message.len() + self.service.len()
    }
}

/// Times of a trade's first event at each stage, by [`Stage::index`].
pub(crate) type Firsts = [Option<Timestamp>; Stage::COUNT];

/// The known events of one trade.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "walk::WalkedTrade")]
pub struct Trade {
    /// By time, then as they came.
    entries: Vec<Arc<Entry>>,
    #[serde(skip)]
    bytes: usize,
    firsts: Firsts,
    /// The kind of its last error at each stage.
    errors: [Option<ErrorType>; Stage::COUNT],
}

impl Trade {
    /// Its events, ascending by time.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    fn add(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        let place = self.entries.partition_point(|other| other.time <= entry.time);
        self.entries.insert(place, Arc::new(entry));
    }

    /// Keeps the first `max` events that came, each with a record of its own.
    fn keep(&mut self, max: usize) {
        let mut offsets: Vec<Offset> = self.entries.iter().map(|entry| entry.offset).collect();
        offsets.sort_unstable();
        if let Some(first_beyond) = offsets.get(max) {
            self.entries.retain(|entry| entry.offset < *first_beyond);
            self.bytes = self.entries.iter().map(|entry| entry.bytes()).sum();
        }
    }
}

/// Trades by id; a value that is cloned in O(1).
pub(crate) type TradeMap = HashTrieMapSync<TradeId, Arc<Trade>>;

/// The newest trades.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "walk::WalkedTrades")]
pub(crate) struct Trades {
    pub(crate) map: TradeMap,
    /// In the order of their first event.
    order: VecDeque<(Timestamp, TradeId)>,
    bytes: usize,
    settings: PipelineSettings,
}

/// Bytes that a trade takes beside its entries.
const TRADE_BYTES: usize = size_of::<Trade>() + size_of::<(Timestamp, TradeId)>() + 64;

impl Trades {
    /// Adds an event that came at `at`, and forgets the oldest trades if that
    /// is more than may be kept.
    pub(crate) fn add(&mut self, id: TradeId, at: Timestamp, entry: Entry) {
        let events_max = self.settings.trade_events_kept as usize;
        self.edit(id, at, |trade| {
            if trade.entries.len() < events_max {
                trade.add(entry);
            }
        });
    }

    /// Bounds from here on. What is beyond a smaller one is forgotten at once.
    pub(crate) fn configure(&mut self, settings: PipelineSettings) {
        let events_max = settings.trade_events_kept as usize;
        let longer = self.map.iter().filter(|(_, trade)| trade.entries.len() > events_max);
        let ids: Vec<TradeId> = longer.map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(trade) = self.map.get_mut(&id) {
                self.bytes -= trade.bytes;
                Arc::make_mut(trade).keep(events_max);
                self.bytes += trade.bytes;
            }
        }
        self.settings = settings;
        self.forget_beyond();
    }

    /// Notes that `id` was seen at a stage; the firsts before and after.
    pub(crate) fn see(
        &mut self,
        id: TradeId,
        at: Timestamp,
        stage: Stage,
        time: Timestamp,
    ) -> (Firsts, Firsts) {
        let before = self.map.get(&id).map(|trade| trade.firsts).unwrap_or_default();
        let known = before[stage.index()];
        if known.is_some_and(|known| known <= time) {
            return (before, before);
        }
        let mut after = before;
        after[stage.index()] = Some(time);
        self.edit(id, at, |trade| trade.firsts = after);
        (before, after)
    }

    /// Notes an error of a trade.
    pub(crate) fn err(&mut self, id: TradeId, at: Timestamp, stage: Stage, error: ErrorType) {
        self.edit(id, at, |trade| trade.errors[stage.index()] = Some(error));
    }

    /// The kind of a trade's last error at a stage.
    pub(crate) fn error(&self, id: TradeId, stage: Stage) -> Option<ErrorType> {
        self.map.get(&id)?.errors[stage.index()]
    }

    /// Forgets trades whose first event came too long before `now`.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.order.front()
            && at.plus_millis(KEPT_MILLIS) <= now
        {
            self.forget_oldest();
        }
    }

    fn edit(&mut self, id: TradeId, at: Timestamp, edit: impl FnOnce(&mut Trade)) {
        if let Some(trade) = self.map.get_mut(&id) {
            let trade = Arc::make_mut(trade);
            self.bytes -= trade.bytes;
            edit(trade);
            self.bytes += trade.bytes;
        } else {
            let mut trade = Trade::default();
            edit(&mut trade);
            self.bytes += trade.bytes + TRADE_BYTES;
            self.map.insert_mut(id, Arc::new(trade));
            self.order.push_back((at, id));
        }
        self.forget_beyond();
    }

    fn forget_beyond(&mut self) {
        let (bytes_max, trades_max) =
            (self.settings.trades_bytes as usize, self.settings.trades_kept as usize);
        while self.bytes > bytes_max || self.order.len() > trades_max {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, id)) = self.order.pop_front() else { return };
        if let Some(trade) = self.map.get(&id) {
            self.bytes -= trade.bytes + TRADE_BYTES;
        }
        self.map.remove_mut(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> TradeId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        TradeId::from_bytes(bytes)
    }

    fn entry(millis: i64, message: &str) -> Entry {
        Entry {
            offset: Offset(millis.unsigned_abs()),
            service: "capture".into(),
            stage: Stage::Received,
            time: at(millis),
            message: message.into(),
            source: Source::TradeEvent,
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn memory_is_bounded_in_trades_bytes_and_time() {
        let PipelineSettings { trades_kept, trades_bytes, trade_events_kept, .. } =
            PipelineSettings::default();
        let (trades_max, bytes_max) = (trades_kept as usize, trades_bytes as usize);
        let mut trades = Trades::default();
        for n in 0..trades_kept + 5 {
            trades.add(id(n), at(n.into()), entry(n.into(), ""));
        }
        assert_eq!((trades.map.size(), trades.order.len()), (trades_max, trades_max));
        assert!(trades.map.get(&id(4)).is_none() && trades.map.get(&id(5)).is_some());
        for n in 0..40_000 {
            trades.add(id(100_000 + n / 50), at(1_000_000), entry(1, &"x".repeat(4000)));
            assert!(trades.bytes <= bytes_max);
        }
        assert_eq!(trades.bytes, counted(&trades));
        for _ in 0..100 {
            trades.add(id(100_799), at(1_000_000), entry(1, ""));
        }
        assert_eq!(trades.map.get(&id(100_799)).unwrap().entries.len(), trade_events_kept as usize);
        trades.expire(at(1_000_000 + KEPT_MILLIS));
        assert_eq!((trades.map.size(), trades.order.len(), trades.bytes), (0, 0, 0));
    }

    /// The bytes of all trades, added up.
    fn counted(trades: &Trades) -> usize {
        trades.map.iter().map(|(_, trade)| trade.bytes + TRADE_BYTES).sum()
    }

    #[test]
    fn smaller_bounds_hold_at_once() {
        let mut trades = Trades::default();
        for n in 0..10 {
            for late in [3, 1, 2_u64] {
                let entry = Entry { offset: Offset(10 - late), ..entry(late.cast_signed(), "x") };
                trades.add(id(n), at(0), entry);
            }
        }
        let settings =
            PipelineSettings { trade_events_kept: 2, trades_kept: 4, ..PipelineSettings::default() };
        trades.configure(settings);
        assert_eq!((trades.map.size(), trades.bytes), (4, counted(&trades)));
        assert!(trades.map.get(&id(5)).is_none(), "the oldest went");
        let times: Vec<_> = trades.map.get(&id(9)).unwrap().entries.iter().map(|entry| entry.time).collect();
        assert_eq!(times, [at(2), at(3)], "the first that came, by time");
        let bytes_max = trades.bytes as u32 - 1;
        trades.configure(PipelineSettings { trades_bytes: bytes_max, ..settings });
        assert_eq!((trades.map.size(), trades.bytes), (3, counted(&trades)));
        trades.configure(PipelineSettings { trades_kept: 0, ..settings });
        trades.see(id(1), at(0), Stage::Received, at(50));
        assert_eq!((trades.map.size(), trades.order.len(), trades.bytes), (0, 0, 0));
    }

    #[test]
    fn the_first_event_of_a_stage_is_the_earliest_however_late_it_comes() {
        let mut trades = Trades::default();
        let (before, after) = trades.see(id(1), at(0), Stage::Received, at(50));
        assert_eq!((before[0], after[0]), (None, Some(at(50))));
        let (before, after) = trades.see(id(1), at(0), Stage::Received, at(60));
        assert_eq!(before, after);
        let (before, after) = trades.see(id(1), at(0), Stage::Received, at(40));
        assert_eq!((before[0], after[0]), (Some(at(50)), Some(at(40))));
    }

    #[test]
    fn entries_are_by_time() {
        let mut trades = Trades::default();
        for (millis, message) in [(5, "b"), (1, "a"), (5, "c")] {
            trades.add(id(1), at(0), entry(millis, message));
        }
        let messages: Vec<_> =
            trades.map.get(&id(1)).unwrap().entries().iter().map(|entry| entry.message.clone()).collect();
        assert_eq!(messages, ["a", "b", "c"]);
    }
}
