//! Each trade's way through the pipeline: for `track-trade`, and for the
//! latencies between its stages.

use std::collections::VecDeque;
use std::sync::Arc;

use hub_core::event::{ErrorType, Stage};
use hub_core::{Offset, Timestamp, TradeId};
use rpds::HashTrieMapSync;
use smol_str::SmolStr;

/// Trades that are kept, the newest by their first event.
pub(crate) const TRADES_MAX: usize = 50_000;
/// Bytes that they may take together.
pub(crate) const BYTES_MAX: usize = 64 << 20;
/// Events of one trade that are kept: the first that come.
pub(crate) const ENTRIES_MAX: usize = 64;
/// Time for which a trade is kept after its first event, in log time.
pub(crate) const KEPT_MILLIS: i64 = 48 * 3600 * 1000;

/// The source of an entry: the platform's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
#[derive(Clone, PartialEq, Eq, Debug)]
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
#[derive(Clone, Debug, Default)]
pub struct Trade {
    /// By time, then as they came.
    entries: Vec<Arc<Entry>>,
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
}

/// Trades by id; a value that is cloned in O(1).
pub(crate) type TradeMap = HashTrieMapSync<TradeId, Arc<Trade>>;

/// The newest trades.
#[derive(Debug, Default)]
pub(crate) struct Trades {
    pub(crate) map: TradeMap,
    /// In the order of their first event.
    order: VecDeque<(Timestamp, TradeId)>,
    bytes: usize,
}

/// Bytes that a trade takes beside its entries.
const TRADE_BYTES: usize = size_of::<Trade>() + size_of::<(Timestamp, TradeId)>() + 64;

impl Trades {
    /// Adds an event that came at `at`, and forgets the oldest trades if that
    /// is more than may be kept.
    pub(crate) fn add(&mut self, id: TradeId, at: Timestamp, entry: Entry) {
        let bytes = entry.bytes();
        let added = self.edit(id, at, |trade| {
            if trade.entries.len() == ENTRIES_MAX {
                return 0;
            }
            trade.bytes += bytes;
            let place = trade.entries.partition_point(|other| other.time <= entry.time);
            trade.entries.insert(place, Arc::new(entry));
            bytes
        });
        self.bytes += added;
        while self.bytes > BYTES_MAX || self.order.len() > TRADES_MAX {
            self.forget_oldest();
        }
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

    fn edit<R>(&mut self, id: TradeId, at: Timestamp, edit: impl FnOnce(&mut Trade) -> R) -> R {
        if let Some(trade) = self.map.get_mut(&id) {
            return edit(Arc::make_mut(trade));
        }
        let mut trade = Trade::default();
        let result = edit(&mut trade);
        self.map.insert_mut(id, Arc::new(trade));
        self.order.push_back((at, id));
        self.bytes += TRADE_BYTES;
        result
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
            offset: Offset(1),
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
        let mut trades = Trades::default();
        for n in 0..TRADES_MAX as u32 + 5 {
            trades.add(id(n), at(n.into()), entry(n.into(), ""));
        }
        assert_eq!((trades.map.size(), trades.order.len()), (TRADES_MAX, TRADES_MAX));
        assert!(trades.map.get(&id(4)).is_none() && trades.map.get(&id(5)).is_some());
        for n in 0..40_000 {
            trades.add(id(100_000 + n / 50), at(1_000_000), entry(1, &"x".repeat(4000)));
            assert!(trades.bytes <= BYTES_MAX);
        }
        let counted: usize = trades.map.iter().map(|(_, trade)| trade.bytes + TRADE_BYTES).sum();
        assert_eq!(trades.bytes, counted);
        for _ in 0..100 {
            trades.add(id(100_799), at(1_000_000), entry(1, ""));
        }
        assert_eq!(trades.map.get(&id(100_799)).unwrap().entries.len(), ENTRIES_MAX);
        trades.expire(at(1_000_000 + KEPT_MILLIS));
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
