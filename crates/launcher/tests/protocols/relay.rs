//! Relay destinations: what goes in comes out, byte for byte.

use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, StompClient, StompOptions, Version};

use crate::support::{PATIENCE, address, fence, hub, publish, stomp, subscribe, subscriber};

const TOPIC: &str = "/topic/relay/news/today";

fn over_tcp(addr: SocketAddr, version: Version) -> StompClient {
    let carrier = Carrier::tcp(addr, PATIENCE).unwrap();
    StompClient::connect(carrier, &StompOptions::only(version)).unwrap()
}

#[test]
fn a_message_published_over_http_arrives_byte_for_byte_with_its_headers() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut clients = vec![stomp(addr), stomp(addr)];
    clients.extend([Version::V1_0, Version::V1_1, Version::V1_2].map(|version| over_tcp(addr, version)));
    for client in &mut clients {
        subscribe(client, "news", TOPIC);
    }
    let binary: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let bodies: [&[u8]; 5] = [b"plain", b"", "\u{1f4c8} a\nb".as_bytes(), b"a\0b\0", &binary];
    for body in bodies {
        let headers = [
            ("Content-Type", "application/x-test; a=b"),
            ("Stomp-Colour", "dark: blue \\ green"),
            ("Stomp-priority", "9"),
            ("X-Other", "stays behind"),
        ];
        let id = publish(addr, TOPIC, &headers, body);
        for client in &mut clients {
            let message = client.next_message("news").unwrap();
            assert!(message.body == body, "{} of {} bytes", message.body.len(), body.len());
            assert_eq!(message.header("content-type"), Some("application/x-test; a=b"));
            assert_eq!(message.header("priority"), Some("9"));
            assert_eq!(message.header("colour"), Some("dark: blue \\ green"));
            assert_eq!(message.header("x-other"), None);
            assert_eq!(message.header("message-id"), Some(id.as_str()));
            assert_eq!(message.header("destination"), Some(TOPIC));
            assert_eq!(message.header("content-length"), Some(body.len().to_string().as_str()));
        }
    }
}

#[test]
fn messages_come_in_the_order_in_which_they_were_published_and_only_to_their_destination() {
    let hub = hub(&[]);
    let addr = address(&hub);
    let mut one = subscriber(addr, &[("0", "/topic/relay/one")]);
    let mut both = subscriber(addr, &[("1", "/topic/relay/one"), ("2", "/topic/relay/two")]);
    for i in 0..200 {
        publish(addr, "/topic/relay/one", &[], format!("one {i}").as_bytes());
        publish(addr, "/topic/relay/two", &[], format!("two {i}").as_bytes());
    }
    for i in 0..200 {
        assert_eq!(one.next_frame().unwrap().body, format!("one {i}").as_bytes());
        for (id, name) in [("1", "one"), ("2", "two")] {
            let message = both.next_frame().unwrap();
            assert_eq!(message.header("subscription"), Some(id));
            assert_eq!(message.body, format!("{name} {i}").as_bytes());
        }
    }
    assert_eq!(fence(&mut one), []);
}

#[test]
fn a_relay_keeps_nothing_for_those_who_come_later() {
    let hub = hub(&[]);
    let addr = address(&hub);
    publish(addr, TOPIC, &[], b"early");
    let mut client = subscriber(addr, &[("0", TOPIC)]);
    publish(addr, TOPIC, &[], b"late");
    assert_eq!(client.next_message("0").unwrap().body, b"late");
}

#[test]
fn other_destinations_can_be_made_relays() {
    let hub = hub(&[("RELAY__DESTINATIONS", "/topic/chat/*,/topic/**")]);
    let addr = address(&hub);
    let mut client = subscriber(addr, &[("0", "/topic/chat/a"), ("1", "/topic/anything/at/all")]);
    publish(addr, "/topic/chat/a", &[], b"a");
    publish(addr, "/topic/anything/at/all", &[], b"b");
    assert_eq!(client.next_message("0").unwrap().body, b"a");
    assert_eq!(client.next_message("1").unwrap().body, b"b");
    let path = "/api/publish/topic/position-update";
    let answer = hub_testkit::http::request(addr, "POST", path, &[], b"[]").unwrap();
    assert_eq!(answer.status, 403, "a computed topic wins over every pattern");
}
