//! Coming back to `/ws/updates`: exactly what changed since, from any node.

mod support;

use hub_core::Offset;
use hub_fanout::Occasion;
use proptest::prelude::*;
use support::script::history;
use support::{Client, EPOCH, Hub, json};

/// A position of this log.
fn resume(offset: u64) -> String {
    format!("resume={EPOCH}-{offset}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn who_comes_back_from_another_node_gets_what_changed_and_nothing_else(
        records in history(120), limit in 1..14_usize,
    ) {
        // One node flushes after each record, and at each of its positions
        // somebody leaves it; the other one flushes once.
        let (mut left, mut reached) = (Hub::new(), Hub::new());
        left.flush();
        let updates = format!("/ws/updates?limit={limit}");
        let mut leavers = vec![];
        for record in &records {
            let mut client = Client::default();
            client.take(&left.connect(&updates));
            leavers.push((left.offset, client));
            left.apply(record);
            left.flush();
            reached.apply(record);
        }
        reached.flush();
        let snapshot = json(&left.connect(&updates));
        for (offset, mut client) in leavers {
            let message = reached.connect(&format!("{updates}&{}", resume(offset)));
            prop_assert!(message.starts_with(r#"{"type":"update""#), "{}", message);
            client.take(&message);
            prop_assert_eq!(client.rows(), snapshot["data"]["entries"].clone(), "since {}", offset);
            prop_assert_eq!(&json(&message)["resume"], &snapshot["resume"]);
        }
    }

    #[test]
    fn batches_and_flushes_leave_no_trace(
        records in history(120), cuts in prop::collection::vec(1..20_usize, 1..20),
    ) {
        let (mut one_by_one, mut in_batches) = (Hub::new(), Hub::new());
        one_by_one.flush();
        let mut rest = records.as_slice();
        for cut in cuts {
            let (batch, others) = rest.split_at(cut.min(rest.len()));
            rest = others;
            for record in batch {
                prop_assert_eq!(one_by_one.apply(record), in_batches.apply(record));
                one_by_one.flush();
            }
            in_batches.flush();
            for url in ["/ws/updates?limit=4", "/ws/top?n=3", "/ws/updates?dialect=pms&limit=4"] {
                prop_assert_eq!(one_by_one.connect(url), in_batches.connect(url));
                let documents = [&one_by_one, &in_batches].map(|hub| (hub, hub.follow(url).unwrap()));
                for after in 0..=in_batches.offset {
                    let [a, b] = documents.each_ref().map(|(hub, document)| hub.changed(&**document, after));
                    prop_assert_eq!(a, b, "{} after {}", url, after);
                }
            }
        }
    }
}

#[test]
fn who_missed_nothing_gets_an_update_of_nothing_and_goes_on() {
    let mut hub = Hub::new();
    hub.sharpe(1, "1");
    hub.flush();
    let url = format!("/ws/updates?{}", resume(hub.offset));
    let message = json(&hub.connect(&url));
    assert_eq!(message["type"], "update");
    assert_eq!((&message["data"]["entries"], &message["data"]["removed"]), (&json("[]"), &json("[]")));
    let (document, after) = (hub.follow(&url).unwrap(), hub.offset);
    hub.sharpe(2, "2");
    hub.flush();
    let fresh = hub.follow("/ws/updates").unwrap();
    assert_eq!(hub.changed(&*document, after), hub.changed(&*fresh, after));
    assert_eq!(hub.compose(&*document, Occasion::Period), hub.compose(&*fresh, Occasion::Period));
    assert_eq!(document.cadence(), fresh.cadence());
}

#[test]
fn who_left_the_top_meanwhile_is_removed() {
    let mut hub = Hub::new();
    hub.sharpe(1, "1");
    hub.sharpe(2, "2");
    hub.flush();
    let left = hub.offset;
    hub.sharpe(3, "3");
    hub.flush();
    let message = json(&hub.connect(&format!("/ws/updates?limit=2&{}", resume(left))));
    assert_eq!(support::ids(&message["data"]["entries"]), [3, 2]);
    assert_eq!(message["data"]["removed"], json(&format!(r#"["{}"]"#, support::portfolio(1))));
}

fn snapshot_because(hub: &Hub, position: &str) -> String {
    let message = json(&hub.connect(&format!("/ws/updates?resume={position}")));
    assert_eq!(message["type"], "snapshot");
    assert_eq!(message["data"]["total"], hub.reads.flushed().board().len());
    assert_eq!(message["resume"], hub.position().to_string());
    message["snapshot"].as_str().unwrap().to_owned()
}

#[test]
fn a_position_that_can_not_be_continued_gets_a_snapshot_that_says_why() {
    let mut hub = Hub::new();
    hub.configure(1000);
    hub.sharpe(1, "1");
    hub.flush();
    assert_eq!(snapshot_because(&hub, "000000000000dead-1"), "unknown-epoch");
    assert_eq!(snapshot_because(&hub, &format!("{EPOCH}-{}", hub.offset + 1)), "unknown-position");
    let left = hub.offset - 1;
    hub.pass(999);
    hub.flush();
    assert!(hub.connect(&format!("/ws/updates?{}", resume(left))).starts_with(r#"{"type":"update""#));
    hub.pass(2000);
    hub.flush();
    assert_eq!(snapshot_because(&hub, &format!("{EPOCH}-{left}")), "beyond-horizon");
    // What is forgotten is what changed: who had that change lost nothing.
    assert!(hub.connect(&format!("/ws/updates?{}", resume(left + 1))).starts_with(r#"{"type":"update""#));
}

#[test]
fn a_live_subscriber_that_slept_beyond_the_horizon_gets_a_snapshot() {
    let mut hub = Hub::new();
    hub.configure(1000);
    hub.flush();
    let (updates, after) = (hub.follow("/ws/updates").unwrap(), hub.offset);
    hub.sharpe(1, "1");
    hub.pass(5000);
    hub.flush();
    let message = json(&hub.changed(&*updates, after).unwrap());
    assert_eq!(message["type"], "snapshot");
    assert!(!hub.reads.flushed().reaches(Offset(after)));
}
