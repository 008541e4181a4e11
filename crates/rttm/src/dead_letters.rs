//! What the hub itself rejected, kept to be looked at.

use std::sync::Arc;

use hub_core::event::RejectedInput;
use hub_core::{Event, Offset, Record, Rejection, Timestamp};
use rpds::RedBlackTreeMapSync;
use serde_json::value::RawValue;

/// How many are kept, the newest. Each keeps at most
/// [`RejectedInput::RAW_MAX_BYTES`] of what came in.
pub(crate) const DEAD_LETTERS_MAX: usize = 10_000;

/// Something that the hub took in and rejected: at the door, or because it
/// breaks a rule of the domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Its record; also its id.
    pub offset: Offset,
    /// When it came.
    pub at: Timestamp,
    /// The ingest kind it came as.
    pub kind: String,
    /// Why, and which field.
    pub rejection: Rejection,
    /// What came in: as it came if it could not be read, else as the log
    /// holds it. Cut where it is too long.
    pub raw: String,
    /// Whether it could be read.
    pub readable: bool,
}

impl DeadLetter {
    pub(crate) fn new(record: &Record, rejection: Rejection) -> DeadLetter {
        let (kind, raw, readable) = match &record.event {
            Event::Rejected(input) => (input.kind.clone(), input.raw.clone(), false),
            event => {
                let (kind, raw) = of_event(event);
                (kind, raw, true)
            }
        };
        DeadLetter { offset: record.offset, at: record.at, kind, rejection, raw, readable }
    }
}

/// The kind of an event, and what it says, from its form in the log:
/// `{"<tag>":{...}}`.
fn of_event(event: &Event) -> (String, String) {
    let bytes = event.encode().unwrap_or_default();
    let tagged: Option<std::collections::BTreeMap<String, Box<RawValue>>> =
        serde_json::from_slice(&bytes).ok();
    let Some((tag, body)) = tagged.and_then(|mut tagged| tagged.pop_first()) else {
        return ("unknown".to_owned(), String::from_utf8_lossy(&bytes).into_owned());
    };
    (kind_of(&tag).to_owned(), cut(body.get()))
}

/// Ingest kinds are the plural of the tags in the log, but for those that are
/// the same.
fn kind_of(tag: &str) -> &str {
    match tag {
        "transaction" => "transactions",
        "price" => "prices",
        "portfolio" => "portfolios",
        "symbol" => "symbols",
        "valuation" => "valuations",
        "position" => "positions",
        "trade-event" => "trade-events",
        "queue-metric" => "queue-metrics",
        "dlq-event" => "dlq-events",
        "error-event" => "error-events",
        "invalid-trade" => "invalid-trades",
        same => same,
    }
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(RejectedInput::RAW_MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The newest dead letters; a value that is cloned in O(1).
#[derive(Clone, Default, Debug)]
pub(crate) struct DeadLetters(RedBlackTreeMapSync<Offset, Arc<DeadLetter>>);

impl DeadLetters {
    pub(crate) fn push(&mut self, letter: DeadLetter) {
        self.0.insert_mut(letter.offset, Arc::new(letter));
        if self.0.size() > DEAD_LETTERS_MAX
            && let Some((oldest, _)) = self.0.first()
        {
            let oldest = *oldest;
            self.0.remove_mut(&oldest);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.size()
    }

    pub(crate) fn get(&self, id: Offset) -> Option<&Arc<DeadLetter>> {
        self.0.get(&id)
    }

    /// Those with an id below `before`, the newest first.
    pub(crate) fn before(&self, before: Offset) -> impl Iterator<Item = &Arc<DeadLetter>> {
        self.0.range(..before).rev().map(|(_, letter)| letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept() {
        let mut letters = DeadLetters::default();
        let rejected = RejectedInput::new("prices", Rejection::of("price", "is wrong"), b"{}");
        for offset in 1..=DEAD_LETTERS_MAX as u64 + 3 {
            let event = Event::Rejected(rejected.clone());
            let record = Record { offset: Offset(offset), at: Timestamp::default(), event };
            letters.push(DeadLetter::new(&record, rejected.rejection.clone()));
        }
        assert_eq!(letters.len(), DEAD_LETTERS_MAX);
        assert!(letters.get(Offset(3)).is_none() && letters.get(Offset(4)).is_some());
        let page: Vec<u64> = letters.before(Offset(7)).map(|letter| letter.offset.0).collect();
        assert_eq!(page, [6, 5, 4]);
    }
}
