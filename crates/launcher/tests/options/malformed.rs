//! Options that are none: an ERROR that names the option, then the end.

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::Close;

use crate::support::bystander::Bystander;
use crate::support::carriers::{sockjs, tcp, websocket};
use crate::support::{MARKS, POSITIONS, TRANSACTIONS, address, hub, uuid};

/// Options that are in order, and values of them that are not.
const WRONG: [(&str, &[&str]); 5] = [
    ("portfolio-ids", &["", "x", ",", "00000000-0000-4000-8000-00000000000", "*"]),
    ("interval", &["", "soon", "-1", "1.5", "3600001", "99999999999999999999", "0x10"]),
    ("snapshot", &["", "no", "1", "falsely"]),
    (
        "resume",
        &["", "1", "-", "-1", "beef-1", "00000000deadbeef-", "00000000deadbeef-x", "00000000deadbeeg-1"],
    ),
    ("batch", &["", "yes", "1", "truth"]),
];

const RIGHT: [(&str, &str); 5] = [
    ("portfolio-ids", "00000000-0000-4000-8000-000000000001"),
    ("interval", "500"),
    ("snapshot", "false"),
    ("resume", "00000000deadbeef-1"),
    ("batch", "true"),
];

/// The SUBSCRIBE is refused for this option, and its session ends.
fn assert_refused(carrier: Carrier, destination: &str, option: &str, value: &str) {
    let case = format!("{option}:{value:?} on {destination}");
    let is_tcp = matches!(carrier, Carrier::Tcp(_));
    let mut client = StompClient::connect(carrier, &StompOptions::default()).unwrap();
    client.subscribe("0", destination, &[(option, value), ("receipt", "r")]).unwrap();
    let (error, close) = client.expect_error().unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(error.header("message"), Some("subscription refused"), "{case}: {error}");
    assert!(error.text().unwrap().contains(option), "{case}: {error}");
    assert_eq!(error.header("receipt-id"), Some("r"), "{case}");
    let wanted = (!is_tcp).then(|| Close { code: 4500, reason: "Protocol error".to_owned() });
    assert_eq!(close, wanted, "{case}");
}

#[test]
fn a_malformed_option_is_refused_by_its_name_on_every_computed_topic() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut bystander = Bystander::new(addr);
    let own = format!("{POSITIONS}/{}", uuid(1));
    let mut carriers = [websocket, sockjs, tcp].into_iter().cycle();
    for (option, values) in WRONG {
        for destination in [POSITIONS, MARKS, "/topic/unrealised-pnl", TRANSACTIONS, own.as_str()] {
            for value in values {
                let carrier = carriers.next().expect("a cycle");
                assert_refused(carrier(addr), destination, option, value);
            }
        }
        bystander.assert_unharmed(option);
    }
}

#[test]
fn one_wrong_id_among_right_ones_is_refused() {
    let hub = hub(&[]);
    let (one, two) = (uuid(1), uuid(2));
    for ids in [format!("{one},x"), format!("{one},{two}x"), format!("{one};{two}")] {
        assert_refused(websocket(address(&hub)), POSITIONS, "portfolio-ids", &ids);
    }
}

#[test]
fn every_option_is_refused_on_a_relay_however_right_it_is() {
    let hub = hub(&[]);
    let addr = address(&hub);
    for (option, value) in RIGHT {
        assert_refused(websocket(addr), "/topic/relay/x", option, value);
    }
}

#[test]
fn values_at_the_edges_are_taken_and_other_headers_are_nobody_s_business() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut client = StompClient::connect(websocket(addr), &StompOptions::default()).unwrap();
    let many = (0..50).map(uuid).collect::<Vec<_>>().join(",");
    let right = [
        ("interval", "0"),
        ("interval", "3600000"),
        ("portfolio-ids", many.as_str()),
        ("snapshot", "true"),
        ("snapshot", "false"),
        ("batch", "true"),
        ("batch", "false"),
        ("resume", "00000000deadbeef-18446744073709551615"),
        ("ack", "client-individual"),
        ("selector", "price > 10"),
        ("x-interval", "soon"),
    ];
    for (n, (option, value)) in right.into_iter().enumerate() {
        for (m, destination) in [POSITIONS, MARKS, TRANSACTIONS].into_iter().enumerate() {
            let id = format!("{n}-{m}");
            client.subscribe(&id, destination, &[(option, value), ("receipt", &id)]).unwrap();
            client.await_receipt(&id).unwrap_or_else(|error| panic!("{option}:{value}: {error}"));
        }
    }
    // STOMP 1.2, "Repeated Header Entries": the first one counts.
    let twice =
        [("id", "twice"), ("destination", POSITIONS), ("batch", "true"), ("batch", "?"), ("receipt", "r")];
    client.send_frame(&Frame::new("SUBSCRIBE", &twice)).unwrap();
    client.await_receipt("r").unwrap();
}
