//! A whole service in one file: what was accepted of each ingest kind.
//!
//! One of each: a projection, a state topic, a feed, a REST call, a native socket, and the service
//! that says so. To become a service of the hub it would be a crate, with a function in
//! `launcher/src/wiring.rs` and a section in the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use bytes::Bytes;
use hub_core::schema::{Schema, json_schema};
use hub_core::{Expired, Offset, Outcome, Parameter, PortfolioId, Record, Timestamp};
use hub_fanout::{
    Applied, Catalog, Changed, Composition, EventKey, FeedId, Filter, FlushBuilder, Options, Projection,
    Remembered, RowKey, Snapshot, StateReader, StateWriter, Step, Topic, TopicId, View, WalkError, Walked,
    published, walk,
};
use hub_server::http::problem::Problem;
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession};
use hub_server::rest::{Content, Request, Route, handler};
use hub_server::{Bind, Query, Service, SocketRoute};
use serde::{Deserialize, Serialize};

const KIND: Parameter = Parameter::new("kind");
static PARAMETERS: [Parameter; 1] = [KIND];

/// The service, at any free port.
pub(crate) fn service(catalog: &mut Catalog) -> Service {
    let topic = Topic::new("/topic/tally", "Accepted records of each kind", row);
    let (topic, _) = catalog.state(topic, Composition::Each);
    let feed = catalog.feed(Topic::new("/topic/tally/tens", "Every tenth record of a kind", row));
    let (writer, reader) = published(Tally::default());
    let projection = TallyProjection { topic, feed, tally: Tally::default(), writer };
    let (table, total) = (Content::Json(table), handler(&reader, tally));
    let socket =
        SocketRoute::new("/ws/tally", "Sends the tally, then what changes", message, Arc::new(Endpoint));
    Service {
        projections: vec![Box::new(projection)],
        routes: vec![Route::get("/api/tally", "Counts what was accepted", table, total).reading(&PARAMETERS)],
        sockets: vec![socket],
        ..Service::new("tally", "tally", Bind::localhost(0), false)
    }
}

// ---- shapes

fn row() -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "kind": { "type": "string" }, "count": { "type": "integer" } },
        "required": ["kind", "count"],
    })
}

fn table() -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": "integer" } })
}

fn message() -> Schema {
    json_schema!({ "type": "object", "properties": { "type": { "const": "tally" }, "data": row() } })
}

// ---- state

/// The counts, by kind, in the order of first mention.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Tally(Vec<Row>);

#[derive(Clone, Serialize, Deserialize)]
struct Row {
    kind: String,
    count: u64,
    version: Offset,
}

impl Row {
    fn json(&self) -> Bytes {
        format!(r#"{{"kind":"{}","count":{}}}"#, self.kind, self.count).into()
    }
}

struct TallyProjection {
    topic: TopicId,
    feed: FeedId,
    tally: Tally,
    writer: StateWriter<Tally>,
}

impl Projection for TallyProjection {
    fn advance(&mut self, _: Timestamp, _: Offset, _: &mut Step) {}

    fn apply(&mut self, record: &Record, step: &mut Step) {
        if step.outcome().is_some_and(|outcome| *outcome != Outcome::Accepted) {
            return;
        }
        let (kind, rows) = (record.event.kind(), &mut self.tally.0);
        let found = rows.iter().position(|row| row.kind == kind);
        let key = found.unwrap_or_else(|| {
            rows.push(Row { kind: kind.to_owned(), count: 0, version: record.offset });
            rows.len() - 1
        });
        let row = &mut rows[key];
        (row.count, row.version) = (row.count + 1, record.offset);
        if row.count.is_multiple_of(10) {
            step.emit(self.feed, EventKey(key as u128), row.json());
        }
    }

    fn settle(&mut self, _: Applied) {
        self.writer.settle_from(&self.tally);
    }

    fn flush(&mut self, flush: &mut FlushBuilder) {
        let tally = self.writer.flush();
        flush.state(self.topic, Arc::new(TallyView(tally)), Changed::Unlisted);
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: "tally/1", memory: &self.tally }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.tally = walk::read(from)?;
        Ok(())
    }
}

struct TallyView(Snapshot<Tally>);

impl View for TallyView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        _: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        let rows = (0..).zip(&self.0.0);
        let mut changed =
            rows.filter(|(key, row)| from.is_none_or(|from| *key > from) && row.version > after);
        keys.extend(changed.by_ref().take(limit).map(|(key, _)| key));
        Ok(changed.next().is_some())
    }

    fn portfolio(&self, _: RowKey) -> Result<Option<PortfolioId>, Expired> {
        Ok(None)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        Ok(self.0.0.get(key as usize).map(Row::json))
    }
}

// ---- REST

/// `GET /api/tally?kind=`: `{"prices":7,...}`, of all kinds or of one.
async fn tally(reads: StateReader<Tally>, request: Request) -> Result<HttpResponse, Problem> {
    let (tally, kind) = (reads.settled(), request.parameters().text(&KIND));
    let rows = tally.0.iter().filter(|row| kind.as_deref().is_none_or(|kind| row.kind == kind));
    let table: BTreeMap<&str, u64> = rows.map(|row| (row.kind.as_str(), row.count)).collect();
    Ok(HttpResponse::Ok().json(table))
}

// ---- the socket

struct Endpoint;

struct Session;

impl NativeEndpoint for Endpoint {
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(Session)
    }
}

impl NativeSession for Session {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        query.read(Endpoint.parameters())?;
        let destination = "/topic/tally".parse().map_err(|_| "no topic".to_owned())?;
        let what = Followed::Topic { destination, options: Options::default() };
        Ok(vec![Action::Follow { name: "tally", what }])
    }

    fn command(&mut self, kind: &str, _: &str) -> Result<Vec<Action>, String> {
        Err(format!("there is no command {kind:?} here"))
    }
}
