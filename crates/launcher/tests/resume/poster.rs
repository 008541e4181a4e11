//! One who ingests, and goes on after a restart with what was not answered before it.

use std::ops::Range;

use hub_testkit::http::HttpConnection;
use serde_json::Value;

use crate::support::PATIENCE;
use crate::support::ledger::Event;
use crate::support::session::offsets;
use crate::whereabouts::{Start, Whereabouts};

pub(crate) struct Poster {
    hub: Whereabouts,
    place: Start,
    connection: Option<HttpConnection>,
    /// Where in the log what was answered last stands.
    last: u64,
    /// Between these offsets, something that was sent twice may have happened at any.
    pub(crate) uncertain: Vec<Range<u64>>,
}

/// What became of items.
pub(crate) struct PostOutcome {
    pub(crate) body: Value,
    /// Of what was sent twice, the second time.
    pub(crate) offsets: Vec<u64>,
    pub(crate) is_second: bool,
}

impl Poster {
    pub(crate) fn new(hub: &Whereabouts) -> Poster {
        Poster { hub: hub.clone(), place: hub.now(), connection: None, last: 0, uncertain: Vec::new() }
    }

    /// Has items taken in, all of which are of this kind.
    pub(crate) fn post(&mut self, kind: &str, events: &[Event]) -> PostOutcome {
        let items = events.iter().map(Event::item).collect();
        let mut is_second = false;
        loop {
            match self.try_post(kind, &items) {
                Ok(body) => {
                    let offsets = offsets(&body);
                    let end = *offsets.last().expect("there are items");
                    if is_second {
                        self.uncertain.push(self.last + 1..end);
                    }
                    self.last = end;
                    return PostOutcome { body, offsets, is_second };
                }
                Err(error) => {
                    self.connection = None;
                    self.place = self.hub.after(self.place, &error);
                    is_second = true;
                }
            }
        }
    }

    fn try_post(&mut self, kind: &str, items: &Value) -> hub_testkit::Result<Value> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(HttpConnection::connect(self.place.addr, PATIENCE)?),
        };
        connection.post_json(&format!("/api/ingest/{kind}"), items)?.json()
    }
}
