//! Dead letters: what the hub itself rejected, kept to be looked at.

use hub_core::{Event, Offset, Record, Rejection, Timestamp};
use hub_fanout::NewestMap;
use serde_json::value::RawValue;

/// Something that the hub took in and rejected: at the door, or because it
/// breaks a rule of the domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Its record; also its id.
    pub offset: Offset,
    /// The time at which it came.
    pub at: Timestamp,
    /// The ingest kind it came as.
    pub kind: String,
    /// The reason, and the field at fault.
    pub rejection: Rejection,
    /// The input: as it came if it could not be read, else as the log
    /// holds it. Cut where it is too long.
    pub raw: String,
    /// True if it could be read.
    pub readable: bool,
}

impl DeadLetter {
    pub(crate) fn new(record: &Record, rejection: Rejection) -> DeadLetter {
        let (kind, raw, readable) = match &record.event {
            Event::Rejected(input) => (input.kind.clone(), cut(&String::from_utf8_lossy(&input.raw)), false),
            event => {
                let (kind, raw) = of_event(event);
                (kind, raw, true)
            }
        };
        DeadLetter { offset: record.offset, at: record.at, kind, rejection, raw, readable }
    }
}

/// The kind of an event, and what it says, from its JSON:
/// `{"<tag>":{...}}`.
fn of_event(event: &Event) -> (String, String) {
    let bytes = serde_json::to_vec(event).unwrap_or_default();
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

/// Bytes that are kept of an input.
const SHOWN_BYTES: usize = 4096;

fn cut(text: &str) -> String {
    let mut end = text.len().min(SHOWN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The newest dead letters, by record. Each keeps at most [`SHOWN_BYTES`] of what came in.
pub(crate) type DeadLetters = NewestMap<Offset, DeadLetter>;
