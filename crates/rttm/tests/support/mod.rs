//! The projection in a driver, and what it shows.
#![allow(dead_code, reason = "every test binary compiles this and uses its part of it")]

pub(crate) mod model;
pub(crate) mod script;

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use actix_web::{App, test};
use hub_core::event::{
    DlqEvent, ErrorEvent, ErrorType, Event, InvalidTrade, QueueMetric, Stage, TradeEvent, TradeEventType,
};
use hub_core::{Offset, Outcome, Record, Timestamp, TradeId};
use hub_fanout::testing::Driver;
use hub_fanout::{
    Applied, Document, FlushBuilder, Occasion, Projection, Remembered, Snapshot, Step, WalkError, Walked,
    walk,
};
use hub_rttm::{HostMetrics, RttmReads, State, register, routes, sockets};
use hub_server::SocketRoute;
use hub_server::native::{Action, Followed, NativeEndpoint, Query};
use hub_server::rest;
use serde_json::Value;

/// 2026-02-07T10:30:00.000Z, where the tests' log time begins.
pub(crate) const START: i64 = 1_770_460_200_000;

pub(crate) struct Fixture {
    driver: Driver,
    /// Decides what becomes of the next record.
    decided: Decided,
    pub(crate) reads: RttmReads,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let (projection, reads) = register();
        let decided = Decided::default();
        let driver = Driver::new(START, vec![Box::new(decided.clone()), Box::new(projection)]);
        Fixture { driver, decided, reads }
    }

    /// As if an earlier projection decided so.
    pub(crate) fn send_decided(&mut self, event: Event, outcome: Outcome) -> Outcome {
        self.decided.next(outcome);
        self.send(event)
    }

    pub(crate) fn state(&mut self) -> Snapshot<State> {
        self.settle();
        self.reads.settled()
    }

    pub(crate) fn document(&self, path: &str, query: &str) -> Arc<dyn Document> {
        follow(&*self.endpoint(path), query).unwrap()
    }

    /// What the documents of its sockets say now, of what was applied.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.flush();
        let now = self.now();
        let paths = ["/ws/rttm/metrics", "/ws/pipeline", "/ws/dlq", "/ws/telemetry", "/ws/alerts"];
        let text = |path| {
            let messages = self.document(path, "").compose(Occasion::Opened, now).messages;
            messages.into_iter().map(|message| String::from_utf8(message.into()).unwrap()).collect::<Vec<_>>()
        };
        paths.into_iter().flat_map(text).collect()
    }

    pub(crate) fn endpoint(&self, path: &str) -> Arc<dyn NativeEndpoint> {
        let found = self.sockets().into_iter().find(|socket| socket.paths().any(|own| own == path));
        found.unwrap().endpoint
    }

    pub(crate) fn sockets(&self) -> Vec<SocketRoute> {
        sockets(&self.reads, Arc::new(HostMetrics::start().unwrap()))
    }

    /// GET, settled: status and body.
    pub(crate) async fn get(&mut self, path: &str) -> (u16, Value) {
        self.state();
        let routes = routes(&self.reads);
        let app = test::init_service(App::new().configure(|config| rest::configure(config, &routes))).await;
        let response = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        (status, serde_json::from_slice(&body).unwrap())
    }
}

impl Deref for Fixture {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

impl DerefMut for Fixture {
    fn deref_mut(&mut self) -> &mut Driver {
        &mut self.driver
    }
}

/// A projection in front that decides what a test wants.
#[derive(Clone, Default)]
pub(crate) struct Decided(Arc<Mutex<Option<Outcome>>>);

impl Decided {
    pub(crate) fn next(&self, outcome: Outcome) {
        *self.0.lock().unwrap() = Some(outcome);
    }
}

impl Projection for Decided {
    fn advance(&mut self, _: Timestamp, _: Offset, _: &mut Step) {}

    fn apply(&mut self, _: &Record, step: &mut Step) {
        if let Some(outcome) = self.0.lock().unwrap().take() {
            step.decide(outcome);
        }
    }

    fn settle(&mut self, _: Applied) {}

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("decided/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}

pub(crate) fn follow(endpoint: &dyn NativeEndpoint, query: &str) -> Result<Arc<dyn Document>, String> {
    let mut actions = endpoint.open().opened(&Query::parse(query))?;
    match (actions.pop(), actions.pop()) {
        (Some(Action::Follow { what: Followed::Document(document), .. }), None) => Ok(document),
        _ => panic!("not one document"),
    }
}

pub(crate) fn at(after_start: i64) -> Timestamp {
    Timestamp::from_millis(START + after_start).unwrap()
}

pub(crate) fn trade_id(n: u32) -> TradeId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    TradeId::from_bytes(bytes)
}

pub(crate) fn trade_event(n: u32, stage: Stage, time: Option<Timestamp>) -> Event {
    Event::TradeEvent(Box::new(TradeEvent {
        trade_id: trade_id(n),
        service_name: "capture".into(),
        event_type: TradeEventType::ALL[stage.index()],
        event_stage: stage,
        event_status: Some("SUCCESS".into()),
        source_queue: None,
        target_queue: None,
        topic_name: None,
        consumer_group: None,
        partition_id: None,
        offset_value: None,
        event_time: time,
        message: Some(format!("{stage} of {n}")),
    }))
}

pub(crate) fn dlq_event(n: Option<u32>, stage: Stage, reason: &str, time: Option<Timestamp>) -> Event {
    Event::DlqEvent(Box::new(DlqEvent {
        trade_id: n.map(trade_id),
        service_name: "enricher".into(),
        topic_name: Some("trades.dlq".into()),
        original_topic: Some("trades".into()),
        reason: Some(reason.into()),
        event_stage: stage,
        event_time: time,
    }))
}

pub(crate) fn error_event(n: Option<u32>, stage: Stage, time: Option<Timestamp>) -> Event {
    Event::ErrorEvent(ErrorEvent {
        trade_id: n.map(trade_id),
        service_name: "enricher".into(),
        error_type: ErrorType::Timeout,
        error_message: Some("no answer".into()),
        event_stage: stage,
        event_time: time,
    })
}

pub(crate) fn invalid_trade(n: u32, time: Option<Timestamp>) -> Event {
    Event::InvalidTrade(Box::new(InvalidTrade {
        trade_id: trade_id(n).to_string().into(),
        portfolio_id: None,
        symbol: None,
        side: None,
        price_per_stock: None,
        quantity: None,
        timestamp: time.map(|time| time.to_string().into()),
        validation_errors: Some("unknown symbol".into()),
    }))
}

pub(crate) fn queue_metric(partition: u32, lag: u64, time: Option<Timestamp>) -> Event {
    Event::QueueMetric(QueueMetric {
        service_name: "capture".into(),
        topic_name: "trades".into(),
        partition_id: partition,
        produced_offset: 100 + lag,
        consumed_offset: 100,
        consumer_group: "capture-group".into(),
        snapshot_time: time,
    })
}
