//! A hundred thousand portfolios: a message tells what changed of what is
//! watched, however many places are shifted by it.

mod support;

use hub_core::PortfolioId;
use support::{Client, Hub, json, risk_of};

const CROWD: u128 = 100_000;

fn id(n: u128) -> PortfolioId {
    PortfolioId::from_bytes(n.to_be_bytes())
}

#[test]
fn from_the_last_place_to_the_first() {
    let mut hub = Hub::new();
    for n in 0..CROWD {
        hub.send(risk_of(id(n), "0", &(CROWD - n).to_string(), "0"));
    }
    hub.flush();
    let mut client = Client::default();
    client.take(&hub.connect("/ws/updates?limit=3"));
    let (updates, after) = (hub.follow("/ws/updates?limit=3").unwrap(), hub.offset);
    let neighbour = hub.follow(&format!("/ws/around?portfolioId={}&range=1", id(50_000))).unwrap();
    let last = id(CROWD - 1);
    assert_eq!(hub.reads.settled().board().rank(last), Some(CROWD as usize));

    hub.send(risk_of(last, "0", "1000000", "0"));
    hub.flush();
    assert_eq!(hub.reads.settled().board().rank(last), Some(1));
    let message = hub.changed(&*updates, after).unwrap();
    client.take(&message);
    assert_eq!(json(&message)["data"]["removed"].as_array().map(Vec::len), Some(1));
    assert_eq!(client.rows(), json(&hub.connect("/ws/updates?limit=3"))["data"]["entries"]);
    let around = json(&hub.changed(&*neighbour, after).unwrap());
    assert_eq!((&around["centerRank"], &around["data"][1]["rank"]), (&50_002.into(), &50_002.into()));
}
