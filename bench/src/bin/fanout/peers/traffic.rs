//! Messages that contenders are put through.

use anyhow::ensure;
use hub_bench::driver::{Doors, Driver, Mark, Publications};
use hub_bench::opening::{DEFLATE, Opening, upgrade};
use hub_bench::peers::{Carrier, Ids};
use hub_bench::stamp::{Stamp, Stamped};
use hub_testkit::http::HttpConnection;

/// Messages, and who gets which.
#[derive(Clone)]
pub(super) enum Traffic {
    /// Relayed as they are.
    Relay { carrier: Carrier, ids: Ids, topics: usize, body: usize },
    /// State of portfolios, all of which change with each publication, over `/ws/positions`.
    State { topic: Topic, follow: Follow, portfolios: usize, deflate: bool },
}

/// State topic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Positions, which transactions change, one for each portfolio.
    Positions,
    /// Marks, which one price changes.
    Marks,
}

/// Portfolios that a viewer follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Follow {
    /// The first so many, as everybody.
    Same(usize),
    /// So many from its own one on: with one, nobody shares.
    FromOwn(usize),
}

impl Traffic {
    /// A client of it, without receivers yet.
    pub(super) fn driver(&self, doors: Doors, publishers: usize) -> anyhow::Result<Driver> {
        match self {
            Traffic::Relay { carrier, topics, body, .. } => {
                let names = topic_names(*topics);
                let paths = names.iter().flat_map(|name| vec![carrier.path(name); publishers]).collect();
                let relayed = Relayed { paths, bodies: Stamped::new(*body) };
                Driver::new(doors, *topics, publishers, carrier.mark(), Box::new(relayed))
            }
            Traffic::State { topic, portfolios, deflate, .. } => {
                seed(doors, *portfolios)?;
                let mark = if *deflate { Mark::Count } else { topic.mark() };
                let ingested = Ingested { topic: *topic, portfolios: *portfolios, body: Vec::new() };
                Driver::new(doors, 1, publishers, mark, Box::new(ingested))
            }
        }
    }

    /// Way in of a receiver, by its index.
    pub(super) fn opening(&self) -> Box<dyn Fn(usize) -> Opening> {
        match self {
            Traffic::Relay { carrier, ids, topics, .. } => {
                let (carrier, ids, topics) = (*carrier, *ids, topic_names(*topics));
                Box::new(move |index| carrier.opening(index, &topics, ids))
            }
            Traffic::State { topic, follow, portfolios, deflate } => {
                let (topic, follow, portfolios, deflate) = (*topic, *follow, *portfolios, *deflate);
                Box::new(move |index| state_opening(topic, &follow.portfolios(index, portfolios), deflate))
            }
        }
    }

    /// Number of rows in a message.
    pub(super) fn rows(&self) -> usize {
        match self {
            Traffic::State { follow: Follow::Same(rows) | Follow::FromOwn(rows), .. } => *rows,
            Traffic::Relay { .. } => 1,
        }
    }
}

impl Topic {
    /// Sign of a message: the shares that the last row holds, one of which the seed bought, or what they have gained.
    fn mark(self) -> Mark {
        match self {
            Topic::Positions => Mark::Value { key: "\"holdings\":", base: 1 },
            Topic::Marks => Mark::Value { key: "\"overallUnrealised_Pnl\":", base: 0 },
        }
    }
}

impl Follow {
    fn portfolios(self, viewer: usize, portfolios: usize) -> Vec<String> {
        let (first, count) = match self {
            Follow::Same(count) => (0, count),
            Follow::FromOwn(count) => (viewer, count),
        };
        (first..first + count).map(|index| portfolio_id(index % portfolios)).collect()
    }
}

fn topic_names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("bench{index}")).collect()
}

fn portfolio_id(index: usize) -> String {
    format!("00000000-0000-4000-a000-{index:012}")
}

fn state_opening(topic: Topic, portfolios: &[String], deflate: bool) -> Opening {
    let name = match topic {
        Topic::Positions => "position-update",
        Topic::Marks => "unrealized-pnl",
    };
    let target = format!("/ws/positions?topics={name}&portfolio-ids={}", portfolios.join(","));
    let ping = hub_bench::frames::masked(r#"{"type":"ping"}"#);
    Opening {
        upgrade: upgrade(&target, deflate),
        extension: deflate.then_some(DEFLATE),
        steps: vec![(ping, "pong")],
    }
}

/// Gives each portfolio a position and its symbol a price.
fn seed(doors: Doors, portfolios: usize) -> anyhow::Result<()> {
    let mut http = HttpConnection::connect(doors.publish, hub_testkit::DEFAULT_DEADLINE)?;
    let price = format!(r#"[{{"symbol":"AAPL","price":{COST}}}]"#).into_bytes();
    for (path, body) in [(TRANSACTIONS, transactions(portfolios, 0)), (PRICES, price)] {
        let answer = http.request("POST", path, &[("Content-Type", "application/json")], &body)?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
    }
    Ok(())
}

/// A share of each portfolio is bought for it.
const COST: u64 = 10;

/// Publications for a relay, a path for each lane.
struct Relayed {
    paths: Vec<String>,
    bodies: Stamped,
}

impl Publications for Relayed {
    fn next(&mut self, stamp: Stamp) -> (&str, &[u8]) {
        (&self.paths[stamp.lane], self.bodies.next(stamp))
    }
}

/// Items that change all portfolios.
struct Ingested {
    topic: Topic,
    portfolios: usize,
    body: Vec<u8>,
}

const TRANSACTIONS: &str = "/api/ingest/transactions";
const PRICES: &str = "/api/ingest/prices";

impl Publications for Ingested {
    /// Each portfolio has a share more, or gains one more by each.
    fn next(&mut self, Stamp { ordinal, .. }: Stamp) -> (&str, &[u8]) {
        let path = match self.topic {
            Topic::Positions => {
                self.body = transactions(self.portfolios, ordinal + 1);
                TRANSACTIONS
            }
            Topic::Marks => {
                self.body = format!(r#"[{{"symbol":"AAPL","price":{}}}]"#, COST + ordinal + 1).into_bytes();
                PRICES
            }
        };
        (path, &self.body)
    }
}

/// A share more for each portfolio, with ids that no other round has.
fn transactions(portfolios: usize, round: u64) -> Vec<u8> {
    let transaction = |index| {
        let portfolio = portfolio_id(index);
        format!(
            r#"{{"transactionId":"{index:08}-0000-4000-a000-{round:012}","portfolioId":"{portfolio}","symbol":"AAPL","side":"BUY","quantity":1,"price":{COST}}}"#
        )
    };
    let items: Vec<String> = (0..portfolios).map(transaction).collect();
    format!("[{}]", items.join(",")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_follow_what_they_share() {
        let ids = |follow: Follow, viewer| follow.portfolios(viewer, 4);
        assert_eq!(ids(Follow::Same(1), 3), [portfolio_id(0)]);
        assert_eq!(ids(Follow::FromOwn(1), 3), [portfolio_id(3)]);
        assert_eq!(ids(Follow::FromOwn(2), 3), [portfolio_id(3), portfolio_id(0)]);
    }

    #[test]
    fn a_publication_has_an_item_for_each_portfolio_and_ids_of_its_own() {
        let mut ids = std::collections::HashSet::new();
        for round in 0..3 {
            let items: Vec<serde_json::Value> = serde_json::from_slice(&transactions(3, round)).unwrap();
            assert_eq!(items.len(), 3);
            ids.extend(items.iter().map(|item| item["transactionId"].to_string()));
        }
        assert_eq!(ids.len(), 9);
    }

    #[test]
    fn a_price_is_the_cost_and_one_more_each_time() {
        let mut ingested = Ingested { topic: Topic::Marks, portfolios: 3, body: Vec::new() };
        let (path, body) = ingested.next(Stamp { lane: 0, ordinal: 6 });
        assert_eq!((path, body), (PRICES, &br#"[{"symbol":"AAPL","price":17}]"#[..]));
    }
}
