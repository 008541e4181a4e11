//! Sessions of `SockJS`'s HTTP transports: from requests, on whatever worker
//! they arrive, to a shard, which owns the session as it owns a socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use hub_core::CloseReason;
use hub_sockjs::Limits;
use hub_sockjs::actix::{Server, Service as SockJsService, SessionEnd, Settings, WebSockets};
use hub_sockjs::info::Info;
use tokio::sync::mpsc;

use crate::chassis::Chassis;
use crate::http::methods::method_not_allowed;
use crate::http::problem::Problem;
use crate::service::{Defaults, StompMounts};

/// Sessions that a service may have for each connection there may be: a client that comes again under another name
/// leaves one behind, which lives for `limits.sockjs_disconnect_delay_ms`.
const SESSIONS_PER_CONNECTION: usize = 2;

/// A session on its way to its shard.
pub(crate) struct NewSession {
    pub(crate) end: SessionEnd,
    pub(crate) peer: SocketAddr,
    /// The service that was asked for.
    pub(crate) service: &'static str,
    /// Options that are usual at its mount.
    pub(crate) defaults: Defaults,
}

/// Deals sessions out to the shards in turn.
struct RoundRobin {
    chassis: Arc<Chassis>,
    service: &'static str,
    mounts: StompMounts,
    shards: Arc<[mpsc::UnboundedSender<NewSession>]>,
    turn: AtomicUsize,
}

impl SockJsService for RoundRobin {
    fn open(&self, end: SessionEnd, request: &HttpRequest) {
        self.chassis.metrics.connection_attempts.inc();
        let Some(peer) = request.peer_addr() else { return };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let defaults = self.mounts.sockjs_route(request.path()).map(|(_, defaults)| defaults.clone());
        let defaults = defaults.unwrap_or_default();
        // A shard that is gone has drained: the session is closed by its drop.
        let _ = self.shards[turn].send(NewSession { end, peer, service: self.service, defaults });
    }

    fn refuse(&self, _: &HttpRequest) -> Option<HttpResponse> {
        let draining = self.chassis.readiness.is_draining();
        draining.then(|| Problem::unavailable(CloseReason::GOING_AWAY.text).error_response())
    }
}

/// The sessions of one service.
pub(crate) fn server(
    chassis: &Arc<Chassis>,
    service: &'static str,
    mounts: &StompMounts,
    shards: &Arc<[mpsc::UnboundedSender<NewSession>]>,
) -> Server {
    let limits = &chassis.limits;
    let settings = Settings {
        info: Info { websocket: true, cookie_needed: false },
        websockets: WebSockets::Elsewhere,
        limits: Limits {
            outbound_bytes: limits.outbox_bytes,
            inbound_bytes: limits.message_bytes,
            stall: Duration::from_millis(limits.stall_ms),
            absence: Duration::from_millis(limits.sockjs_disconnect_delay_ms),
            ..Limits::default()
        },
        max_sessions: chassis.connections.max().saturating_mul(SESSIONS_PER_CONNECTION),
        script: chassis.sockjs_script.clone(),
        frame_ancestors: Some(chassis.origins.source_list()),
        body_bytes: limits.message_bytes,
        body_timeout: Duration::from_millis(limits.body_ms),
        body_names: ["limits.message_bytes", "limits.body_ms"],
        // The application's own, for all of its paths.
        cors: false,
        not_allowed: method_not_allowed,
        ..Settings::default()
    };
    let round_robin = RoundRobin {
        chassis: Arc::clone(chassis),
        service,
        mounts: mounts.clone(),
        shards: Arc::clone(shards),
        turn: AtomicUsize::new(0),
    };
    Server::new(settings, round_robin)
}
