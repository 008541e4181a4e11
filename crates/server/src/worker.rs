//! A worker thread: actix for HTTP, and one shard for everything that streams.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hub_core::CloseReason;
use hub_fanout::Mailbox;
use hub_stomp::{Version, encode};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{LocalSet, spawn_local, unconstrained};
use tokio::time::{sleep, timeout};

use crate::addresses::AddressPermit;
use crate::chassis::Chassis;
use crate::connections::ConnectionPermit;
use crate::hang_up::{HangUpReason, HangUpTimeouts};
use crate::http::directory::Directory;
use crate::http::in_flight::InFlight;
use crate::http::problem::{Details, Problem};
use crate::http::server::{HttpHandler, HttpServer};
use crate::metrics::ReasonLabels;
use crate::new_connection::{ConnectionKind, NewConnection};
use crate::service::Service;
use crate::shard::{Shard, ShardInputs, ShardParts};
use crate::sniff::{Protocol, sniff};
use crate::sockjs::NewSession;
use crate::spin;
use crate::stage::Stage;
use crate::stream::{Counted, Fault, HttpStream, Stream};
use crate::tls::{ServerConfig, TlsStream};

/// Interval of looks, at a shutdown, at the clients that poll: each has to be told.
const POLLERS_CHECK: Duration = Duration::from_millis(10);

/// A connection on its way from the acceptor to a worker.
pub(crate) struct Accepted {
    pub(crate) socket: std::net::TcpStream,
    pub(crate) permit: ConnectionPermit,
    pub(crate) peer: SocketAddr,
    /// Which service's listener it came to.
    pub(crate) service: usize,
}

/// A worker with all it is given, before it runs.
pub(crate) struct Worker {
    pub(crate) chassis: Arc<Chassis>,
    pub(crate) services: Arc<[Service]>,
    pub(crate) directory: Directory,
    pub(crate) index: usize,
    pub(crate) workers: usize,
    pub(crate) started_millis: u64,
    pub(crate) mailbox: Mailbox,
    pub(crate) accepted: mpsc::UnboundedReceiver<Accepted>,
    pub(crate) sessions: mpsc::UnboundedReceiver<NewSession>,
    /// The sessions of each service's `SockJS`.
    pub(crate) sockjs: Arc<[hub_sockjs::actix::Server]>,
    pub(crate) stage: watch::Receiver<Stage>,
    pub(crate) in_flight: InFlight,
}

/// Admission of connections: all that each connection task of a worker needs.
struct Admission {
    chassis: Arc<Chassis>,
    services: Arc<[Service]>,
    http: Vec<HttpHandler>,
    new_connections: mpsc::UnboundedSender<NewConnection>,
}

impl Worker {
    /// Runs on the calling thread until the server has drained.
    pub(crate) fn run(self) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.serve())
    }

    async fn serve(mut self) -> std::io::Result<()> {
        let (new_connections, receiver) = mpsc::unbounded_channel();
        let mut http = Vec::new();
        let streaming = InFlight::default();
        let patience = Duration::from_millis(self.chassis.limits.close_ms);
        for (service, sockjs) in self.sockjs.iter().enumerate() {
            let server = HttpServer {
                chassis: &self.chassis,
                services: &self.services,
                service,
                directory: &self.directory,
                sockjs,
                new_connections: &new_connections,
                in_flight: &self.in_flight,
                streaming: &streaming,
            };
            http.push(server.start().await);
        }
        let (shard, replies) = Shard::new(ShardParts {
            chassis: Arc::clone(&self.chassis),
            started_millis: self.started_millis,
            index: self.index,
            shards: self.workers,
            in_flight: self.in_flight.clone(),
        });
        if self.index == 0 {
            for sessions in &*self.sockjs {
                spawn_local(sessions.sweeping());
            }
        }
        let sockjs = Arc::clone(&self.sockjs);
        let (sessions, stage) = (self.sessions, self.stage);
        let inputs =
            ShardInputs { mailbox: self.mailbox, new_connections: receiver, stage, replies, sessions };
        // One task for all sockets: its budget is its own fairness, not tokio's.
        let shard = spawn_local(unconstrained(shard.run(inputs)));
        let admission =
            Rc::new(Admission { chassis: self.chassis, services: self.services, http, new_connections });
        spawn_local(async move {
            while let Some(accepted) = self.accepted.recv().await {
                spawn_local(Rc::clone(&admission).admit(accepted));
            }
        });
        let ended = shard.await.map_err(std::io::Error::other);
        // Clients that poll come once more for the reason, to any worker;
        // streams have it still to write.
        let all_told = async {
            while sockjs.iter().any(hub_sockjs::actix::Server::any_awaited) {
                sleep(POLLERS_CHECK).await;
            }
            streaming.none().await;
        };
        let _ = timeout(patience, all_told).await;
        ended
    }
}

impl Admission {
    /// Finds out what a connection speaks and hands it on.
    async fn admit(self: Rc<Self>, accepted: Accepted) {
        let deadline = Duration::from_millis(self.chassis.limits.handshake_ms);
        let service = &self.services[accepted.service];
        let peer = accepted.peer;
        let Some(permit) = self.chassis.addresses.enter(peer) else {
            return self.fail("sessions_per_address", peer);
        };
        let permit = permit.with_connection(accepted.permit);
        match timeout(deadline, open(accepted.socket, permit, service.tls_of(&self.chassis))).await {
            Ok(Ok(Some((stream, Protocol::Stomp)))) if service.stomp.tcp => {
                self.admit_stomp(stream, peer, service);
            }
            Ok(Ok(Some((stream, _)))) => self.serve_http(accepted.service, stream, peer).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                self.fail("tls_or_io", peer);
                tracing::debug!(%peer, %error, "connection failed");
            }
            Err(_) => self.fail("handshake_timeout", peer),
        }
    }

    /// Serves HTTP to its end, or to the deadline that its peer misses.
    async fn serve_http(&self, service: usize, stream: Stream, peer: SocketAddr) {
        let limits = &self.chassis.limits;
        let grace = Duration::from_millis(limits.close_ms);
        let patience = HangUpTimeouts {
            grace,
            stall: Duration::from_millis(limits.stall_ms),
            // Actix ends a connection on which nothing comes at the first of
            // these; in the second the head of a request has to come.
            idle: Duration::from_millis(limits.keep_alive_ms.saturating_add(limits.handshake_ms)),
        };
        let (stream, hang_up, left) = HttpStream::new(stream, patience);
        let serving = (self.http[service])(stream, peer);
        let end = tokio::select! {
            () = spin::serve(serving, &hang_up) => {
                if left.is_unfinished() {
                    self.fail("handshake_timeout", peer);
                }
                // Who does not end it is cut off.
                if let Some((stream, fault)) = left.take() {
                    let last = fault.map(|fault| self.refuse_http(&fault, peer)).unwrap_or_default();
                    let _ = timeout(grace, stream.close_with(last)).await;
                }
                return;
            }
            end = hang_up.due() => end,
        };
        match end {
            HangUpReason::Asked | HangUpReason::Gone => {}
            HangUpReason::Stalled => self.fail("not_read", peer),
            HangUpReason::Idle => self.fail("no_request", peer),
        }
    }

    /// The answer to what is no request.
    fn refuse_http(&self, fault: &Fault, peer: SocketAddr) -> Bytes {
        let problem = Problem::new(fault.status, &*fault.detail);
        let problem = if fault.status == 400 { problem.because("malformed") } else { problem };
        let Details { reason, detail } = problem.details();
        let now = Instant::now();
        self.chassis.metrics.refusals.note("http", reason, format_args!("{peer}: {detail}"), now);
        let mut answer = BytesMut::new();
        problem.write_response(&mut answer, &[]);
        answer.freeze()
    }

    fn admit_stomp(&self, mut stream: Stream, peer: SocketAddr, service: &Service) {
        self.chassis.metrics.connection_attempts.inc();
        if !stream.is_within_limit() {
            self.fail("sessions_per_address", peer);
            return self.refuse_stomp(stream, CloseReason::TOO_MANY_SESSIONS.text);
        }
        if self.chassis.readiness.is_starting() {
            self.fail("starting", peer);
            return self.refuse_stomp(stream, "the hub is replaying its log");
        }
        let connection = NewConnection {
            id: self.chassis.connection_ids.next(),
            ahead: stream.take_ahead(),
            stream,
            first: Bytes::new(),
            kind: ConnectionKind::RawStomp,
            service: service.name,
        };
        let _ = self.new_connections.send(connection);
    }

    /// Tells a STOMP client that has not connected yet why it can't.
    fn refuse_stomp(&self, stream: Stream, why: &'static str) {
        let grace = Duration::from_millis(self.chassis.limits.close_ms);
        let error = encode::error(Version::V1_0, why, None, why);
        spawn_local(timeout(grace, stream.close_with(error)));
    }

    fn fail(&self, reason: &'static str, peer: SocketAddr) {
        self.chassis.metrics.refusals.note("connection", reason, peer, Instant::now());
        self.chassis.metrics.connections_failed.get_or_create(&ReasonLabels { reason }).inc();
    }
}

/// Completes TLS, where configured, and reads far enough to tell the
/// protocol. `None`: the peer left before it said anything.
async fn open(
    socket: std::net::TcpStream,
    permit: AddressPermit,
    tls: Option<&Arc<ServerConfig>>,
) -> std::io::Result<Option<(Stream, Protocol)>> {
    let tcp = Counted::new(TcpStream::from_std(socket)?);
    let mut stream = match tls {
        None => Stream::tcp(tcp, permit),
        Some(config) => Stream::tls(TlsStream::accept(Arc::clone(config), tcp).await?, permit),
    };
    loop {
        if stream.read_ahead().await? == 0 {
            return Ok(None);
        }
        if let Some(protocol) = sniff(stream.ahead()) {
            return Ok(Some((stream, protocol)));
        }
        if stream.ahead().len() > SNIFF_BYTES_MAX {
            return Ok(Some((stream, Protocol::Http)));
        }
    }
}

/// Blank lines before anything else, at most.
const SNIFF_BYTES_MAX: usize = 4096;
