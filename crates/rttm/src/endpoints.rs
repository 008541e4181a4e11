//! The native sockets: `/ws/{x}` and, of most, `/ws/rttm/{x}`.

use std::sync::Arc;

use hub_core::parameters::Count;
use hub_core::{Parameter, ParameterError, Parameters};
use hub_fanout::{Document, Interned};
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession};
use hub_server::{Query, SocketRoute};

use crate::documents::{self, AlertsDocument, CARDS_PERIOD_MS, HostDocument, NumbersDocument, PERIOD_MS};
use crate::host::HostMetrics;
use crate::state::RttmReads;
use crate::wire::schema;

/// Number of rows to show.
pub(crate) const LIMIT: Parameter = Parameter::new("limit");
/// Alerts that may be asked for, at most.
const ALERTS_MAX: usize = 1000;
/// Alerts that are shown.
pub(crate) const ALERTS_SHOWN: Count = Count { parameter: LIMIT, default: 25, min: 1, max: ALERTS_MAX };

static ALERTS: [Parameter; 1] = [LIMIT];

/// The native sockets. `/ws/metrics` shows the host (as `/ws/host`), `/ws/rttm/metrics` the five
/// cards; the other four show the same with and without `/rttm`.
pub fn sockets(reads: &RttmReads, host: Arc<HostMetrics>) -> Vec<SocketRoute> {
    let numbers = |period_ms, compose| {
        let document: Arc<dyn Document> =
            Arc::new(NumbersDocument { reads: reads.clone(), period_ms, compose });
        Arc::new(One(document))
    };
    let alerts = AlertsEndpoint { reads: reads.clone(), documents: Arc::default() };
    vec![
        SocketRoute::new(
            "/ws/alerts",
            "Sends the active alerts every 3 s and on any change",
            schema::alerts,
            Arc::new(alerts),
        )
        .also_at(&["/ws/rttm/alerts"]),
        SocketRoute::new(
            "/ws/metrics",
            "Sends what the host is doing every 2 s",
            schema::host,
            Arc::new(One(Arc::new(HostDocument(host)))),
        )
        .also_at(&["/ws/host"]),
        SocketRoute::new(
            "/ws/rttm/metrics",
            "Sends the five metric cards every 2 s",
            schema::cards,
            numbers(CARDS_PERIOD_MS, documents::cards),
        ),
        SocketRoute::new(
            "/ws/pipeline",
            "Sends the four stages every 3 s",
            schema::pipeline,
            numbers(PERIOD_MS, documents::pipeline),
        )
        .also_at(&["/ws/rttm/pipeline"]),
        SocketRoute::new(
            "/ws/dlq",
            "Sends dead letters, counted and classified, every 3 s",
            schema::dlq,
            numbers(PERIOD_MS, documents::dlq),
        )
        .also_at(&["/ws/rttm/dlq"]),
        SocketRoute::new(
            "/ws/telemetry",
            "Sends throughput, latencies and lag every 3 s",
            schema::telemetry,
            numbers(PERIOD_MS, documents::telemetry),
        )
        .also_at(&["/ws/rttm/telemetry"]),
    ]
}

/// One document, whoever asks and however.
struct One(Arc<dyn Document>);

impl NativeEndpoint for One {
    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn open(&self) -> Box<dyn NativeSession> {
        let document = Arc::clone(&self.0);
        Box::new(Following { parameters: &[], choose: move |_: &Parameters<'_>| Ok(Arc::clone(&document)) })
    }
}

/// Follows the document that the query asks for; there is nothing to choose
/// later.
struct Following<F> {
    /// Parameters of the query.
    parameters: &'static [Parameter],
    choose: F,
}

impl<F: FnMut(&Parameters<'_>) -> Result<Arc<dyn Document>, ParameterError> + Send> NativeSession
    for Following<F>
{
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        let what = Followed::Document((self.choose)(&query.read(self.parameters)?)?);
        Ok(vec![Action::Follow { name: "document", what }])
    }

    fn command(&mut self, kind: &str, _: &str) -> Result<Vec<Action>, String> {
        let shown: String = kind.chars().take(40).collect();
        Err(format!("there is no command {shown:?} here"))
    }
}

/// `?limit=`: whoever asks for the same number shares a document.
struct AlertsEndpoint {
    reads: RttmReads,
    /// By limit, hence at most [`ALERTS_MAX`].
    documents: Arc<Interned<usize, AlertsDocument>>,
}

impl NativeEndpoint for AlertsEndpoint {
    fn parameters(&self) -> &'static [Parameter] {
        &ALERTS
    }

    fn open(&self) -> Box<dyn NativeSession> {
        let (reads, documents) = (self.reads.clone(), Arc::clone(&self.documents));
        let choose = move |given: &Parameters<'_>| {
            let limit = ALERTS_SHOWN.read(given)?;
            let make = |limit: &usize| Arc::new(AlertsDocument { reads: reads.clone(), limit: *limit });
            Ok(documents.get(limit, make) as Arc<dyn Document>)
        };
        Box::new(Following { parameters: &ALERTS, choose })
    }
}
