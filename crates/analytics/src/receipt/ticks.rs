//! Quotes that were the newest at a position of the log.

use std::sync::Arc;

use hub_core::{Event, Offset, Record, Symbol, Timestamp};
use hub_log::{EventLog, LogError};

use crate::listing::{Quote, Quoted};

/// A quote and its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tick {
    pub(crate) offset: Offset,
    /// Time at which the log took it.
    pub(crate) at: Timestamp,
    pub(crate) quote: Quote,
}

/// A search for the newest quotes of symbols up to a position.
///
/// The quote that is held now, and the first that ever was, say at once what it is in most cases. Else records are gone
/// through from that position backwards: a quote is never newer than its record, so that there is an end as soon as
/// records are no newer than the newest quote that was found.
pub(crate) struct Search {
    /// Records up to here are to be gone through.
    until: Offset,
    wanted: Vec<Wanted>,
}

/// A quote that is looked for.
struct Wanted {
    symbol: Symbol,
    best: Option<Tick>,
    place: Place,
}

/// The place of a quote, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Found, or there is none.
    Known,
    /// This record has it.
    At(Offset),
    /// It is in this record or a later one.
    Since(Offset),
}

/// Records that are gone through at a time: between two, others who read have their turn.
const CHUNK_RECORDS: u64 = 4096;

impl Search {
    /// A search up to `until` for the quotes of these symbols, of which it is known now which records had them.
    pub(crate) fn new(until: Offset, symbols: impl IntoIterator<Item = (Symbol, Quoted)>) -> Search {
        let wanted = symbols.into_iter().map(|(symbol, quoted)| {
            let place = match quoted {
                Quoted { first, .. } if first == Offset::START || first > until => Place::Known,
                // It still is.
                Quoted { newest, .. } if newest <= until => Place::At(newest),
                Quoted { first, .. } => Place::Since(first),
            };
            Wanted { symbol, best: None, place }
        });
        Search { until, wanted: wanted.collect() }
    }

    /// True if there is nothing left to look for.
    pub(crate) fn is_done(&self) -> bool {
        self.wanted.iter().all(|wanted| wanted.place == Place::Known)
    }

    /// The quote of a symbol that was found.
    pub(crate) fn found(&self, symbol: &Symbol) -> Option<Tick> {
        self.wanted.iter().find(|wanted| wanted.symbol == *symbol)?.best
    }

    /// Goes through some more records.
    pub(crate) fn go_on(&mut self, log: &dyn EventLog) -> Result<(), LogError> {
        for wanted in &mut self.wanted {
            if let Place::At(offset) = wanted.place {
                wanted.best = quote_of(&*log.record(offset)?, &wanted.symbol);
                wanted.place = Place::Known;
            }
        }
        let since = |wanted: &Wanted| if let Place::Since(first) = wanted.place { Some(first) } else { None };
        let Some(first) = self.wanted.iter().filter_map(since).min() else { return Ok(()) };
        let records = read_back(log, first, self.until)?;
        for record in records.iter().rev() {
            self.look(record);
        }
        let oldest = records.first().map_or(first, |record| record.offset);
        self.until = Offset(oldest.0 - 1);
        for wanted in &mut self.wanted {
            if since(wanted) > Some(self.until) {
                wanted.place = Place::Known;
            }
        }
        Ok(())
    }

    /// A record, older than all that were looked at.
    fn look(&mut self, record: &Record) {
        for wanted in self.wanted.iter_mut().filter(|wanted| wanted.place != Place::Known) {
            // Of one time the later record counts, which was seen before.
            if wanted.best.is_some_and(|best| record.at <= best.quote.time) {
                wanted.place = Place::Known;
            } else if let Some(tick) = quote_of(record, &wanted.symbol)
                && wanted.best.is_none_or(|best| tick.quote.time > best.quote.time)
            {
                wanted.best = Some(tick);
            }
        }
    }
}

/// The quote of a symbol that a record brings.
fn quote_of(record: &Record, symbol: &Symbol) -> Option<Tick> {
    let Event::Price(event) = &record.event else { return None };
    let quote = if event.symbol == *symbol { Quote::of(record, event).ok() } else { None };
    quote.map(|quote| Tick { offset: record.offset, at: record.at, quote })
}

/// The last records up to `until`, none before `first`: as many as are gone through at a time, or fewer.
pub(super) fn read_back(
    log: &dyn EventLog,
    first: Offset,
    until: Offset,
) -> Result<Vec<Arc<Record>>, LogError> {
    let mut count = (until.0 - first.0 + 1).min(CHUNK_RECORDS);
    loop {
        let records = log.read(Offset(until.0 - count), count as usize)?;
        match records.last() {
            Some(last) if last.offset == until => return Ok(records),
            // They are large: those at the end were left out.
            _ if count > 1 => count /= 2,
            _ => return Err(LogError::Absent { offset: until }),
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::event::PriceQuote;
    use hub_core::{Epoch, Price};
    use hub_log::{Append, Entry, Tail};
    use proptest::prelude::*;

    use super::*;

    /// Records that are read, a few at a time.
    struct Records(Vec<Arc<Record>>);

    impl EventLog for Records {
        fn epoch(&self) -> Epoch {
            Epoch(1)
        }

        fn head(&self) -> Offset {
            Offset(self.0.len() as u64)
        }

        fn append(&self, _: Vec<Entry>) -> Append {
            unreachable!("is only read")
        }

        fn tick(&self) -> Append {
            unreachable!("is only read")
        }

        fn read(&self, after: Offset, max_records: usize) -> Result<Vec<Arc<Record>>, LogError> {
            Ok(self.0.iter().skip(after.0 as usize).take(max_records.min(7)).cloned().collect())
        }

        fn tail(&self, _: Offset) -> Box<dyn Tail> {
            unreachable!("is only read")
        }

        fn close(&self) -> Result<(), LogError> {
            Ok(())
        }
    }

    /// The quote that `apply` would hold after the records up to an offset, and the records of that and of the first.
    fn held(records: &[Arc<Record>], until: Offset, symbol: &Symbol) -> (Option<Tick>, Quoted) {
        let ticks = records.iter().filter(|record| record.offset <= until);
        let (mut held, mut quoted) = (None::<Tick>, Quoted::default());
        for tick in ticks.filter_map(|record| quote_of(record, symbol)) {
            if held.is_none_or(|held| tick.quote.time >= held.quote.time) {
                held = Some(tick);
                quoted = quoted.by(tick.offset);
            }
        }
        (held, quoted)
    }

    /// Records of three symbols' prices, of which the last is seldom quoted, each some milliseconds after the one before
    /// and so many late or ahead; a price may be none.
    fn records() -> impl Strategy<Value = Vec<Arc<Record>>> {
        let late =
            prop_oneof![3 => Just(None), 4 => (0..9_i64).prop_map(Some), 1 => (-3..200_i64).prop_map(Some)];
        let symbol = prop_oneof![9 => 0..2_usize, 1 => Just(2)];
        prop::collection::vec((symbol, -1..5_i64, 0..4_i64, late), 1..80).prop_map(|prices| {
            let mut millis = 1_770_460_200_000;
            let record = |(place, (of, price, pause, late)): (usize, (usize, i64, i64, Option<i64>))| {
                millis += pause;
                let at = Timestamp::from_millis(millis).unwrap();
                let timestamp = late.map(|late| at.plus_millis(-late));
                let (symbol, price) = (symbols()[of].clone(), Price::from_units(price));
                let event = Event::Price(PriceQuote { symbol, price, timestamp });
                Arc::new(Record { offset: Offset(place as u64 + 1), at, event })
            };
            prices.into_iter().enumerate().map(record).collect()
        })
    }

    fn symbols() -> [Symbol; 3] {
        ["A", "B", "C"].map(|symbol| symbol.parse().unwrap())
    }

    proptest! {
        #[test]
        fn the_quote_of_any_position_is_found_again(records in records()) {
            let newest = symbols().map(|symbol| held(&records, Offset(u64::MAX), &symbol).1);
            let log = Records(records);
            for until in 1..=log.0.len() as u64 {
                let mut search = Search::new(Offset(until), symbols().into_iter().zip(newest));
                while !search.is_done() {
                    search.go_on(&log).unwrap();
                }
                for symbol in symbols() {
                    prop_assert_eq!(search.found(&symbol), held(&log.0, Offset(until), &symbol).0);
                }
            }
        }
    }
}
