//! Everything published in one flush carries one position, and rows add up to totals: each message is what
//! the state was at its own position, worked out here from what was ingested.

#[path = "../support/mod.rs"]
mod support;

mod listener;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use hub_testkit::http;
use serde_json::{Value, json};

use listener::{Listener, Published};
use support::ledger::{Held, History, Key, Ledger, Replay};
use support::session::{Options, Topic, WIRES, Wire};
use support::{address, hub};
use writer::Writer;

const REQUESTS: usize = 1_000;
/// Of so many positions at least something has to be published, or nothing was shown.
const FLUSHES_MIN: usize = 20;

/// What one knows of positions by now.
type Rows = BTreeMap<Key, Value>;
/// What one knows of unrealised P&L by now.
type Marks = BTreeMap<String, Value>;

fn row(held: &Held) -> Value {
    json!({"holdings": held.holdings, "totalInvested": held.invested, "realizedPnl": held.realized})
}

/// A row without its times, by what names it.
fn read_row(text: &str) -> (Key, Value) {
    let row: Value = serde_json::from_str(text).unwrap();
    let name = |part: &str| row["id"][part].as_str().unwrap().to_owned();
    let amounts =
        ["holdings", "totalInvested", "realizedPnl"].map(|name| (name.to_owned(), row[name].clone()));
    ((name("portfolioId"), name("symbol")), Value::Object(amounts.into_iter().collect()))
}

fn read_mark(text: &str) -> (String, Value) {
    let mark: Value = serde_json::from_str(text).unwrap();
    (mark["portfolio_id"].as_str().unwrap().to_owned(), mark)
}

fn all_rows(ledger: &Ledger) -> Rows {
    ledger.positions.iter().map(|(key, held)| (key.clone(), row(held))).collect()
}

fn all_marks(ledger: &Ledger) -> Marks {
    let owners: BTreeSet<_> = ledger.positions.keys().map(|(owner, _)| owner).collect();
    owners.into_iter().filter_map(|owner| Some((owner.clone(), ledger.mark(owner)?))).collect()
}

/// Each message is true at its own position, and with the end of each drain one knows everything as of then.
fn assert_true_at_its_position<K: Ord + std::fmt::Debug>(
    who: &str,
    drains: &[Published],
    history: &History,
    read: impl Fn(&str) -> (K, Value),
    all: impl Fn(&Ledger) -> BTreeMap<K, Value>,
) {
    let mut replay = Replay::of(history);
    let mut known = BTreeMap::new();
    for Published { offset, elements, .. } in drains {
        let truth = all(replay.at(*offset));
        for text in elements {
            let (key, element) = read(text);
            assert_eq!(truth.get(&key), Some(&element), "{who}: {key:?} at {offset}");
            known.insert(key, element);
        }
        assert_eq!(known, truth, "{who}: all there is at {offset}");
    }
}

fn offsets(drains: &[Published]) -> BTreeSet<u64> {
    drains.iter().map(|drain| drain.offset).collect()
}

/// REST answers, asked afterwards, what was true at the position of each flush.
fn assert_true_afterwards(addr: SocketAddr, flushes: &[Published], history: &History) {
    let mut replay = Replay::of(history);
    for Published { offset, position, .. } in flushes {
        let answer = http::get(addr, &format!("/api/analysis/all?at={position}")).unwrap();
        let rows = answer.json().unwrap();
        let rows: Rows = rows.as_array().unwrap().iter().map(|row| read_row(&row.to_string())).collect();
        assert_eq!(rows, all_rows(replay.at(*offset)), "at {offset}");
    }
}

#[test]
fn each_message_says_what_was_true_at_its_position_and_rows_add_up_to_totals() {
    let hub = hub(&[("ANALYTICS__FLUSHES_KEPT_MS", "600000")]);
    let addr = address(&hub);
    let mut writer = Writer::new(addr);
    writer.open();
    let last = Arc::new(OnceLock::new());
    let paced = Options { interval_ms: Some(25), ..Options::default() };
    let batch = Options { batch: true, ..Options::default() };
    let live = WIRES.into_iter().flat_map(|wire| [(wire, Options::default()), (wire, batch.clone())]);
    let live: Vec<_> = live.map(|(wire, options)| Listener::start(addr, wire, &options, &last)).collect();
    let paced = [Wire::WebSocket, Wire::Native].map(|wire| Listener::start(addr, wire, &paced, &last));

    writer.move_on(REQUESTS);
    let end = [writer.trade_everywhere(), writer.price_everywhere(900)];
    last.set(end).expect("set once");
    let mut is_asked = false;
    // Wakes those who have heard all.
    writer.price_everywhere(901);
    for (listener, is_live) in live.into_iter().map(|one| (one, true)).chain(paced.map(|one| (one, false))) {
        let name = listener.name.clone();
        let heard = listener.finish(is_live);
        let [rows, marks] = Topic::STATE.map(|topic| heard[&topic].as_slice());
        assert_true_at_its_position(&name, rows, &writer.history, read_row, all_rows);
        assert_true_at_its_position(&name, marks, &writer.history, read_mark, all_marks);
        if is_live {
            let (rows, marks) = (offsets(rows), offsets(marks));
            assert!(rows.len() >= FLUSHES_MIN, "{name}: {} flushes", rows.len());
            assert!(rows.is_subset(&marks), "{name}: what changes a row changes a total, in one flush");
            if !std::mem::replace(&mut is_asked, true) {
                assert_true_afterwards(addr, &heard[&Topic::Positions], &writer.history);
            }
        }
    }
}
