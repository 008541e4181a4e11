//! Who applies every message has what a snapshot would show; who is shown a
//! part of the ranking is told whenever it changed, and not otherwise.

mod support;

use std::sync::Arc;

use hub_fanout::{Document, Occasion};
use proptest::prelude::*;
use support::script::{PORTFOLIOS, history};
use support::{Client, Hub, json};

/// One subscriber of `/ws/updates?limit=`.
struct Watcher {
    limit: usize,
    document: Arc<dyn Document>,
    client: Client,
    upto: u64,
}

impl Watcher {
    fn open(hub: &Hub, limit: usize) -> Watcher {
        let url = format!("/ws/updates?limit={limit}");
        let mut client = Client::default();
        client.take(&hub.connect(&url));
        Watcher { limit, document: hub.follow(&url).unwrap(), client, upto: hub.offset }
    }

    fn look(&mut self, hub: &Hub) {
        if let Some(message) = hub.changed(&*self.document, self.upto) {
            assert!(message.starts_with(r#"{"type":"update""#), "{message}");
            self.client.take(&message);
        }
        self.upto = hub.offset;
        let snapshot = json(&hub.connect(&format!("/ws/updates?limit={}", self.limit)));
        assert_eq!(self.client.rows(), snapshot["data"]["entries"]);
    }
}

/// A part that is sent as a whole.
struct Looker {
    url: String,
    document: Arc<dyn Document>,
    shown: String,
    upto: u64,
}

impl Looker {
    fn open(hub: &Hub, url: String) -> Looker {
        Looker { document: hub.follow(&url).unwrap(), shown: hub.connect(&url), upto: hub.offset, url }
    }

    fn look(&mut self, hub: &Hub) {
        let fresh = hub.connect(&self.url);
        let sent = hub.changed(&*self.document, self.upto);
        let expected = (fresh != self.shown).then(|| fresh.clone());
        assert_eq!(sent, expected, "{}", self.url);
        (self.shown, self.upto) = (fresh, hub.offset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn updates_add_up_to_a_snapshot(
        records in history(200), cuts in prop::collection::vec((1..12_usize, any::<u8>()), 1..40),
    ) {
        let mut hub = Hub::new();
        hub.flush();
        let mut watchers: Vec<Watcher> = [1, 2, 5, 1000].map(|limit| Watcher::open(&hub, limit)).into();
        let mut rest = records.iter();
        for (records, who) in cuts {
            for record in rest.by_ref().take(records) {
                hub.apply(record);
            }
            hub.flush();
            // Each at a pace of its own.
            for (index, watcher) in watchers.iter_mut().enumerate() {
                if who & (1 << index) != 0 {
                    watcher.look(&hub);
                }
            }
        }
        for watcher in &mut watchers {
            watcher.look(&hub);
        }
    }

    #[test]
    fn a_part_is_sent_when_it_changed_and_not_otherwise(
        records in history(120), cuts in prop::collection::vec((1..6_usize, any::<u8>()), 1..40),
    ) {
        let mut hub = Hub::new();
        hub.flush();
        let mut lookers: Vec<Looker> = (1..=PORTFOLIOS)
            .flat_map(|n| [0, 2].map(|range| (support::portfolio(n), range)))
            .map(|(id, range)| format!("/ws/around?portfolioId={id}&range={range}"))
            .chain([1, 3, 10].map(|n| format!("/ws/top?n={n}")))
            .map(|url| Looker::open(&hub, url))
            .collect();
        let mut rest = records.iter();
        for (records, who) in cuts {
            for record in rest.by_ref().take(records) {
                hub.apply(record);
            }
            hub.flush();
            for (index, looker) in lookers.iter_mut().enumerate() {
                if who & (1 << (index % 8)) != 0 {
                    looker.look(&hub);
                }
            }
        }
        for looker in &mut lookers {
            looker.look(&hub);
        }
    }
}

#[test]
fn sockets_are_shown_the_last_flush_and_nothing_after_it() {
    let mut hub = Hub::new();
    hub.sharpe(1, "1");
    hub.flush();
    let (before, top) = (hub.connect("/ws/top"), hub.follow("/ws/top").unwrap());
    let flushed = hub.offset;
    hub.sharpe(2, "2");
    hub.settle();
    assert_eq!(hub.compose(&*top, Occasion::Opened), (vec![before], flushed));
    assert_eq!(hub.changed(&*top, flushed), None);
    hub.flush();
    assert!(hub.changed(&*top, flushed).is_some());
    assert_eq!(hub.changed(&*top, hub.offset), None, "who has it is not told again");
}

#[test]
fn how_far_a_message_reaches_never_goes_back() {
    let mut hub = Hub::new();
    hub.sharpe(1, "1");
    hub.flush();
    for url in ["/ws/top", "/ws/updates", "/ws/updates?dialect=pms"] {
        let document = hub.follow(url).unwrap();
        let ahead = Occasion::Changed { after: hub_core::Offset(hub.offset + 7) };
        assert_eq!(hub.compose(&*document, ahead), (vec![], hub.offset + 7), "{url}");
    }
}

#[test]
fn a_pass_over_all_costs_nobody_what_he_has() {
    let mut hub = Hub::new();
    let id = |n: u128| hub_core::PortfolioId::from_bytes(n.to_be_bytes());
    // Each is ranked first when it comes, in both passes.
    let pass = |hub: &mut Hub, height: u128| {
        for n in 0..20_000_u128 {
            hub.send(support::risk_of(id(n), "0", &(height + n).to_string(), "0"));
        }
        hub.flush();
    };
    pass(&mut hub, 0);
    let (updates, top) = (hub.follow("/ws/updates?limit=3").unwrap(), hub.follow("/ws/top?n=3").unwrap());
    let mut client = Client::default();
    client.take(&hub.connect("/ws/updates?limit=3"));
    let left = hub.offset;
    let stays = hub.follow(&format!("/ws/around?portfolioId={}&range=1", id(5))).unwrap();
    pass(&mut hub, 100_000);
    let message = hub.changed(&*updates, left).unwrap();
    assert_eq!(json(&message)["type"], "update");
    client.take(&message);
    assert_eq!(client.rows(), json(&hub.connect("/ws/updates?limit=3"))["data"]["entries"]);
    assert_eq!(hub.changed(&*top, left).unwrap(), hub.connect("/ws/top?n=3"));
    let resumed = hub.connect(&format!("/ws/updates?limit=3&resume={}-{left}", support::EPOCH));
    assert_eq!(resumed, message);
    assert!(hub.changed(&*stays, left).is_some(), "its row is new");
    // Ever so much later, but not for those who are watched.
    let left = hub.offset;
    for round in 0..3_u128 {
        for n in 0..10_000_u128 {
            hub.send(support::risk_of(id(n), "0", &(100 + round + n).to_string(), "0"));
        }
        hub.flush();
    }
    assert_eq!(hub.changed(&*updates, left), None);
    assert_eq!(hub.changed(&*top, left), None);
}
