//! What the hub itself rejected: counted and listed by the projection, its payload read from the log when it is shown.

mod support;

use actix_web::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hub_core::event::{Event, Provenance, RejectedInput, Sender, Stage};
use hub_core::{Offset, Outcome, Rejection};
use hub_fanout::Projection;
use hub_rttm::{DeadLetter, register, routes};
use hub_server::testing::ServiceOnLog;
use hub_server::{Bind, Service};
use serde_json::{Value, json};
use support::{Decided, Fixture, trade_event};
use tempfile::TempDir;

const LETTERS: &str = "/api/rttm/dead-letters";

/// The service on a real log, behind a projection that decides what a test wants.
struct Hub {
    _directory: TempDir,
    decided: Decided,
    service: ServiceOnLog,
}

impl Hub {
    async fn start() -> Hub {
        let (directory, decided) = (tempfile::tempdir().unwrap(), Decided::default());
        let (projection, reads) = register();
        let projections: Vec<Box<dyn Projection>> = vec![Box::new(decided.clone()), Box::new(projection)];
        let wire = |_: &mut _| Service {
            projections,
            routes: routes(&reads),
            ..Service::new("rttm", "rttm", Bind::localhost(0), false)
        };
        let service = ServiceOnLog::start(directory.path(), wire).await;
        Hub { _directory: directory, decided, service }
    }

    async fn send_decided(&self, event: Event, outcome: Outcome) {
        self.decided.next(outcome);
        self.service.take_in(event).await;
    }

    async fn refuse(&self, kind: &str, raw: &[u8]) {
        let input = RejectedInput::new(kind, Rejection::whole("is not JSON"), raw);
        self.service.take_in(input.into()).await;
    }

    async fn get(&self, query: &str) -> (u16, Value) {
        self.service.send(Method::GET, &format!("{LETTERS}{query}"), None).await
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["deadLetters"].as_array().unwrap().iter().map(|letter| letter["id"].as_str().unwrap()).collect()
}

/// Takes out what the clock and the log's birth decide.
fn without_place(mut letter: Value) -> Value {
    for (name, length) in [("at", 24), ("position", 18)] {
        assert_eq!(letter[name].as_str().map(str::len), Some(length), "{letter}");
        letter.as_object_mut().unwrap().remove(name);
    }
    letter
}

#[actix_web::test]
async fn a_rejection_is_shown_with_what_was_sent_and_where_it_is_sent_again() {
    let hub = Hub::start().await;
    let sender = Sender { address: "127.0.0.1:4711".parse().unwrap(), connection: Some(3) };
    let way = Provenance {
        door: "websocket",
        content_type: Some("application/json"),
        sender: Some(sender),
        path: None,
    };
    let at_the_door =
        RejectedInput::new("prices", Rejection::of("price", "must be a decimal number"), b"{\"x\":1}");
    hub.service.take_in(at_the_door.by(&way).into()).await;
    // An earlier projection found that it breaks a rule.
    let oversell = r#"{"transaction":{"transactionId":"550e8400-e29b-41d4-a716-446655440000","portfolioId":"550e8400-e29b-41d4-a716-446655440001","symbol":"AAPL","side":"SELL","price":"15.25","lotPrice":"12","quantity":"100"}}"#;
    let event: Event = serde_json::from_str(oversell).unwrap();
    let refused = Outcome::Rejected(Rejection::of("quantity", "is more than is held (7)"));
    hub.send_decided(event.clone(), refused).await;
    hub.send_decided(event, Outcome::Duplicate).await;
    let command = r#"{"trading":{"command":{"close-trade":{"tradeId":9,"price":"7"}}}}"#;
    let refused = Outcome::Rejected(Rejection::of("tradeId", "is none"));
    hub.send_decided(serde_json::from_str(command).unwrap(), refused).await;

    let (status, page) = hub.get("").await;
    assert_eq!((status, &page["total"], &page["next"]), (200, &json!(3), &json!(null)));
    let letters = page["deadLetters"].as_array().unwrap();
    assert_eq!(
        without_place(letters[2].clone()),
        json!({"id": "1", "kind": "prices", "reason": "must be a decimal number", "field": "price",
            "raw": "{\"x\":1}", "rawEncoding": null, "rawForm": "sent", "contentType": "application/json",
            "door": "websocket", "sender": "127.0.0.1:4711 connection=3",
            "postTo": {"method": "POST", "path": "/api/ingest/prices"}})
    );
    assert_eq!(
        without_place(letters[1].clone()),
        json!({"id": "2", "kind": "transactions", "reason": "is more than is held (7)", "field": "quantity",
            "raw": "{\"transactionId\":\"550e8400-e29b-41d4-a716-446655440000\",\"portfolioId\":\"550e8400-e29b-41d4-a716-446655440001\",\"symbol\":\"AAPL\",\"side\":\"SELL\",\"quantity\":\"100\",\"price\":\"15.25\",\"buyPrice\":\"12\"}",
            "rawEncoding": null, "rawForm": "canonical", "contentType": "application/json",
            "door": null, "sender": null, "postTo": {"method": "POST", "path": "/api/ingest/transactions"}})
    );
    let command = &letters[0];
    assert_eq!((&command["kind"], &command["raw"]), (&json!("auto-trader"), &json!("{\"price\":\"7\"}")));
    assert_eq!(command["postTo"]["path"], "/api/auto-trader/trades/9/close");
    hub.service.stop();
}

#[actix_web::test]
async fn rejections_are_listed_page_by_page_and_one_by_one() {
    let hub = Hub::start().await;
    for _ in 0..3 {
        hub.refuse("prices", b"x").await;
    }
    let (_, first) = hub.get("?limit=2").await;
    assert_eq!((ids(&first), &first["next"]), (vec!["3", "2"], &json!("2")));
    let (_, rest) = hub.get("?limit=2&before=2").await;
    assert_eq!((ids(&rest), &rest["next"]), (vec!["1"], &json!(null)));
    assert_eq!(hub.get("/2").await, (200, first["deadLetters"][1].clone()));
    for (query, status) in [
        ("/4", 404),
        ("/x", 404),
        ("?limit=x", 400),
        ("?limit=0", 400),
        ("?limit=-1", 400),
        ("?before=x", 400),
        ("?limit=99999999999999999999&before=99999999999999999999", 200),
        ("?before=-1", 400),
        ("?limit=1&limit=2", 400),
        ("?portfolioId=1", 400),
        ("/2?x=1", 400),
    ] {
        assert_eq!(hub.get(query).await.0, status, "{query}");
    }
    hub.service.stop();
}

#[actix_web::test]
async fn a_payload_is_given_back_whole_and_a_page_ends_where_they_are_large() {
    let hub = Hub::start().await;
    let payload = |n: usize| -> Vec<u8> { (0..600_000 + n).map(|at| (at % 251) as u8).collect() };
    for n in 0..5 {
        hub.refuse("transactions", &payload(n)).await;
    }
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let (_, page) = hub.get(&query).await;
        let letters = page["deadLetters"].as_array().unwrap();
        assert!(letters.len() <= 2, "{} payloads on one page", letters.len());
        for letter in letters {
            let n = letter["id"].as_str().unwrap().parse::<usize>().unwrap() - 1;
            assert_eq!(letter["rawEncoding"], "base64");
            assert!(STANDARD.decode(letter["raw"].as_str().unwrap()).unwrap() == payload(n), "of {n}");
            seen.push(n);
        }
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?before={next}");
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
    hub.service.stop();
}

#[test]
fn payloads_are_not_kept_in_memory() {
    let mut hub = Fixture::new();
    let payloads: Vec<Bytes> = (0..200).map(|_| Bytes::from(vec![b'x'; 100_000])).collect();
    for raw in &payloads {
        let input = RejectedInput::new("prices", Rejection::of("price", "is required"), b"");
        hub.send(RejectedInput { raw: raw.clone(), ..input }.into());
    }
    let reason = "y".repeat(1000);
    let ahead = trade_event(1, Stage::Received, None);
    hub.send_decided(ahead, Outcome::Rejected(Rejection::whole(reason)));
    let state = hub.state();
    assert!(payloads.iter().all(Bytes::is_unique), "the projection shares none of them");
    let held = |letter: &DeadLetter| {
        let DeadLetter { offset: _, at: _, kind: _, rejection: Rejection { reason, field }, readable: _ } =
            letter;
        size_of::<DeadLetter>() + reason.len() + field.as_ref().map_or(0, |field| field.len())
    };
    let bytes: usize = state.letters_before(Offset(u64::MAX)).map(|letter| held(letter)).sum();
    assert_eq!(state.letter_count(), 201);
    assert!(bytes < 201 * 200 + 1000, "{bytes} bytes");
}
