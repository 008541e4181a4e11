//! The JSON of every socket and every REST call.

mod support;

use std::sync::Arc;

use hub_core::event::{Event, RejectedInput, Stage};
use hub_core::{Offset, Outcome, Rejection};
use hub_fanout::{Document, Occasion};
use serde_json::json;
use support::{
    Fixture, at, dlq_event, error_event, follow, invalid_trade, queue_metric, trade_event, trade_id,
};

/// Two trades come through, 100 and 300 ms long; a third fails.
fn busy() -> Fixture {
    let mut hub = Fixture::new();
    for (n, ways) in [(1, [0, 10, 40, 100]), (2, [500, 520, 600, 800])] {
        for (stage, millis) in Stage::ALL.iter().zip(ways) {
            hub.send(trade_event(n, *stage, Some(at(millis - 1000))));
        }
    }
    hub.send(trade_event(3, Stage::Received, Some(at(-1000))));
    hub.send(error_event(Some(3), Stage::Validated, Some(at(-900))));
    hub.send(dlq_event(Some(3), Stage::Validated, "account 17 is closed", Some(at(-800))));
    hub.send(invalid_trade(4, Some(at(-700))));
    hub.send(queue_metric(0, 7, Some(at(-600))));
    hub
}

fn messages(document: &Arc<dyn Document>, hub: &Fixture) -> Vec<String> {
    let composed = document.compose(Occasion::Opened, hub.now());
    assert_eq!(composed.upto, Offset(hub.offset));
    composed.messages.into_iter().map(|message| String::from_utf8(message.into()).unwrap()).collect()
}

const CARDS: &str = r#"[{"title":"Current TPS","value":0.6,"unit":"tx/s","status":"healthy"},{"title":"Peak TPS","value":3,"unit":"tx/s","status":"healthy"},{"title":"Avg Latency","value":200,"unit":"ms","status":"healthy"},{"title":"DLQ Count","value":1,"unit":"errors","status":"healthy"},{"title":"Invalid Trades","value":1,"unit":"trades","status":"healthy"}]"#;
const PIPELINE: &str = r#"[{"name":"RECEIVED","count":3,"latencyMs":0,"successRate":100},{"name":"VALIDATED","count":2,"latencyMs":15,"successRate":66.67},{"name":"ENRICHED","count":2,"latencyMs":55,"successRate":100},{"name":"COMMITTED","count":2,"latencyMs":130,"successRate":100}]"#;
const DLQ: &str = r#"{"total":1,"byStage":{"VALIDATED":1},"lastErrorTime":"2026-02-07T10:29:59.200Z","classes":[{"stage":"VALIDATED","service":"enricher","errorType":"TIMEOUT","reason":"account <n> is closed","originalTopic":"trades","count":1,"firstSeen":"2026-02-07T10:29:59.200Z","lastSeen":"2026-02-07T10:29:59.200Z"}]}"#;

#[test]
fn what_the_sockets_send() {
    let mut hub = busy();
    hub.flush();
    for prefix in ["/ws", "/ws/rttm"] {
        let document = |name: &str| hub.document(&format!("{prefix}/{name}"), "");
        assert_eq!(messages(&document("pipeline"), &hub), [PIPELINE]);
        assert_eq!(messages(&document("dlq"), &hub), [DLQ]);
        assert_eq!(messages(&document("alerts"), &hub), ["[]"]);
        let telemetry = messages(&document("telemetry"), &hub);
        let zeros = "0,".repeat(23);
        assert_eq!(
            telemetry,
            [
                format!(
                    r#"{{"type":"TPS_TREND","timestamp":"2026-02-07T10:30:00.000Z","data":[{zeros}3]}}"#
                ),
                // 100 and 300: P95 is 290 and P99 298, by classes 4 ms wide at 300.
                r#"{"type":"LATENCY_METRICS","timestamp":"2026-02-07T10:30:00.000Z","data":[{"label":"Avg","value":200},{"label":"P95","value":291.42},{"label":"P99","value":299.48}]}"#.to_owned(),
                r#"{"type":"KAFKA_LAG","timestamp":"2026-02-07T10:30:00.000Z","data":[{"partition":"P0","lag":7,"topic":"trades","consumerGroup":"capture-group"}]}"#.to_owned(),
            ]
        );
    }
    assert_eq!(messages(&hub.document("/ws/rttm/metrics", ""), &hub), [CARDS]);
}

#[test]
fn nothing_yet_is_zeros_and_no_lag() {
    let mut hub = Fixture::new();
    hub.flush();
    let telemetry = messages(&hub.document("/ws/telemetry", ""), &hub);
    assert_eq!(telemetry.len(), 2, "no KAFKA_LAG: {telemetry:?}");
    assert_eq!(
        messages(&hub.document("/ws/dlq", ""), &hub),
        [r#"{"total":0,"byStage":{},"lastErrorTime":null,"classes":[]}"#]
    );
    let pipeline = messages(&hub.document("/ws/pipeline", ""), &hub).remove(0);
    assert!(
        pipeline.starts_with(r#"[{"name":"RECEIVED","count":0,"latencyMs":0,"successRate":0}"#),
        "{pipeline}"
    );
}

#[test]
fn cadences_are_the_platforms() {
    let hub = Fixture::new();
    let cadence = |path| {
        let cadence = hub.document(path, "").cadence();
        (cadence.on_change_ms, cadence.period_ms)
    };
    assert_eq!(cadence("/ws/metrics"), (None, Some(2000)));
    assert_eq!(cadence("/ws/rttm/metrics"), (None, Some(2000)));
    for path in ["/ws/pipeline", "/ws/rttm/dlq", "/ws/telemetry"] {
        assert_eq!(cadence(path), (None, Some(3000)), "{path}");
    }
    assert_eq!(cadence("/ws/rttm/alerts"), (Some(0), Some(3000)));
}

#[test]
fn what_is_said_of_a_socket_names_its_period() {
    for socket in Fixture::new().sockets() {
        let document = follow(&*socket.endpoint, "").unwrap();
        let period_ms = document.cadence().period_ms.unwrap();
        let said = format!("every {} s", period_ms / 1000);
        assert!(
            period_ms.is_multiple_of(1000) && socket.summary.contains(&said),
            "{}: {said}",
            socket.summary
        );
    }
}

#[test]
fn documents_of_equal_parameters_are_one() {
    let hub = Fixture::new();
    let (alerts, pipeline) = (hub.endpoint("/ws/alerts"), hub.endpoint("/ws/pipeline"));
    let same = |a: &Arc<dyn Document>, b: &Arc<dyn Document>| Arc::ptr_eq(a, b);
    let plain = follow(&*alerts, "").unwrap();
    assert!(same(&plain, &follow(&*alerts, "limit=25").unwrap()));
    assert!(!same(&plain, &follow(&*alerts, "limit=3").unwrap()));
    assert!(same(&follow(&*pipeline, "").unwrap(), &follow(&*pipeline, "token=x").unwrap()));
    for (endpoint, query, error) in [
        (&alerts, "limit=many", "limit: must be a whole number of at least 1"),
        (&alerts, "limit=0", "limit: must be a whole number of at least 1"),
        (&alerts, "limit=-3", "limit: must be a whole number of at least 1"),
        (&alerts, "limit=3&limit=4", "limit: is given twice, as limit and limit"),
        (&alerts, "status=ALL", "status: is no parameter here; there is only limit"),
        (&pipeline, "limit=3", "limit: is no parameter here; there are none"),
    ] {
        assert_eq!(follow(&**endpoint, query).err().as_deref(), Some(error), "{query}");
    }
    let most = follow(&*alerts, "limit=1000").unwrap();
    assert!(same(&most, &follow(&*alerts, "Limit=99999999999999999999").unwrap()), "beyond is the most");
    let mut session = pipeline.open();
    assert!(session.command("subscribe", "{}").is_err());
}

#[actix_web::test]
async fn what_rest_answers() {
    let mut hub = busy();
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(hub.get("/api/rttm/metrics").await, (200, parsed(CARDS)));
    assert_eq!(hub.get("/api/rttm/pipeline").await, (200, parsed(PIPELINE)));
    assert_eq!(hub.get("/api/rttm/dlq").await, (200, parsed(DLQ)));
    assert_eq!(hub.get("/api/rttm/alerts?status=ACTIVE&limit=10").await, (200, json!([])));
    let (status, snapshot) = hub.get("/api/rttm/telemetry-snapshot").await;
    assert_eq!((status, snapshot["tpsTrend"].as_array().unwrap().len()), (200, 24));
    assert_eq!(snapshot["latencyMetrics"][0], json!({"label": "Avg", "value": 200}));
    assert_eq!(snapshot["kafkaLag"][0]["partition"], "P0");
    let (_, queues) = hub.get("/api/rttm/queues").await;
    assert_eq!(
        queues,
        json!([{"topic": "trades", "partition": 0, "consumerGroup": "capture-group", "serviceName": "capture",
            "producedOffset": 107, "consumedOffset": 100, "lag": 7, "snapshotTime": "2026-02-07T10:29:59.400Z",
            "history": [{"time": "2026-02-07T10:29:59.400Z", "lag": 7}]}])
    );
}

#[actix_web::test]
async fn a_trade_is_tracked_through_all_four_tables() {
    let mut hub = busy();
    hub.send(invalid_trade(3, Some(at(-950))));
    let (status, way) = hub.get(&format!("/api/rttm/track-trade?tradeId={}", trade_id(3))).await;
    assert_eq!(status, 200);
    let id = trade_id(3).to_string();
    assert_eq!(
        way,
        json!([
            {"id": 9, "tradeId": id, "serviceName": "capture", "eventStage": "RECEIVED",
                "eventTime": "2026-02-07T10:29:59.000Z", "message": "RECEIVED of 3", "sourceTable": "TRADE_EVENT"},
            {"id": 14, "tradeId": id, "serviceName": "VALIDATION", "eventStage": "VALIDATED",
                "eventTime": "2026-02-07T10:29:59.050Z", "message": "unknown symbol", "sourceTable": "INVALID"},
            {"id": 10, "tradeId": id, "serviceName": "enricher", "eventStage": "VALIDATED",
                "eventTime": "2026-02-07T10:29:59.100Z", "message": "no answer", "sourceTable": "ERROR"},
            {"id": 11, "tradeId": id, "serviceName": "enricher", "eventStage": "VALIDATED",
                "eventTime": "2026-02-07T10:29:59.200Z", "message": "account 17 is closed", "sourceTable": "DLQ"},
        ])
    );
    let upper = trade_id(3).to_string().to_uppercase();
    assert_eq!(hub.get(&format!("/api/rttm/track-trade?tradeId={upper}")).await.1, way);
    assert_eq!(hub.get(&format!("/api/rttm/track-trade?tradeId={}", trade_id(99))).await, (200, json!([])));
    for wrong in ["?tradeId=42", "", "?tradeId="] {
        let (status, problem) = hub.get(&format!("/api/rttm/track-trade{wrong}")).await;
        assert_eq!((status, &problem["status"]), (400, &json!(400)), "{wrong}");
    }
}

#[actix_web::test]
async fn what_the_hub_rejected_is_counted_under_ingest() {
    let mut hub = Fixture::new();
    let at_the_door =
        RejectedInput::new("prices", Rejection::of("price", "must be a decimal number"), b"{\"x\":1}");
    hub.send(at_the_door.into());
    // An earlier projection found that it breaks a rule.
    let oversell = r#"{"transaction":{"transactionId":"550e8400-e29b-41d4-a716-446655440000","portfolioId":"550e8400-e29b-41d4-a716-446655440001","symbol":"AAPL","side":"SELL","price":"15.25","quantity":"100"}}"#;
    let event: Event = serde_json::from_str(oversell).unwrap();
    hub.send_decided(event.clone(), Outcome::Rejected(Rejection::of("quantity", "is more than is held (7)")));
    hub.send_decided(event, Outcome::Duplicate);
    // And one of this projection's own.
    let ahead = trade_event(1, Stage::Received, Some(at(300_001)));
    assert!(
        matches!(hub.send(ahead), Outcome::Rejected(rejection) if rejection.field.as_deref() == Some("eventTime"))
    );
    let (_, dlq) = hub.get("/api/rttm/dlq").await;
    assert_eq!((&dlq["total"], &dlq["byStage"]), (&json!(3), &json!({"INGEST": 3})));
    let of = |topic: &str| {
        let classes = dlq["classes"].as_array().unwrap().iter();
        classes.filter(|class| class["originalTopic"] == topic).collect::<Vec<_>>()
    };
    assert_eq!(of("transactions")[0]["errorType"], "BUSINESS");
    assert_eq!(of("transactions")[0]["reason"], "quantity: is more than is held (<n>)");
    assert_eq!((of("prices").len(), &of("prices")[0]["errorType"]), (1, &json!("DESERIALIZATION")));
    for (path, status) in [
        ("/api/rttm/alerts?limit=x", 400),
        ("/api/rttm/alerts?limit=0", 400),
        ("/api/rttm/alerts?limit=-1", 400),
        ("/api/rttm/alerts?status=OLD", 400),
        ("/api/rttm/alerts?limit=99999999999999999999", 200),
        ("/api/rttm/metrics?x=1", 400),
        ("/api/rttm/metrics?_=1", 200),
    ] {
        assert_eq!(hub.get(path).await.0, status, "{path}");
    }
}
