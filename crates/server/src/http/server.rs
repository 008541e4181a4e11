//! The HTTP server of one service on one worker: actix, given one request at a
//! time.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_codec::Framed;
use actix_http::error::DispatchError;
use actix_http::h1::Codec;
use actix_http::{HttpService, KeepAlive, Request};
use actix_service::{Service as ActixService, ServiceFactory as _, fn_factory, fn_service, map_config};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::{App, Error, web};
use futures_util::future::LocalBoxFuture;
use prometheus_client::registry::Registry;
use tokio::sync::mpsc;

use super::directory::Directory;
use super::expect::Application;
use super::gate::{Gate, InnerGate};
use super::in_flight::InFlight;
use crate::chassis::Chassis;
use crate::metrics::queues::QueueCollector;
use crate::metrics::views::ViewCollector;
use crate::new_connection::NewConnection;
use crate::service::Service;
use crate::stream::HttpStream;
use crate::{http, rest, upgrade};

/// Serves one HTTP connection to its end.
pub(crate) type HttpHandler = Box<dyn Fn(HttpStream, SocketAddr) -> LocalBoxFuture<'static, ()>>;

/// The least time that actix may be given for a first head: it looks at its clock twice a second, and a deadline that
/// has passed when it is set does not wake it.
const FIRST_HEAD_MIN: Duration = Duration::from_millis(600);

/// A request that asks for a WebSocket, and its connection.
type Upgrading = (Request, Framed<HttpStream, Codec>);

/// Parts that the server is made of.
pub(crate) struct HttpServer<'w> {
    pub(crate) chassis: &'w Arc<Chassis>,
    pub(crate) services: &'w Arc<[Service]>,
    /// Which of them it serves.
    pub(crate) service: usize,
    pub(crate) directory: &'w Directory,
    /// The service's sessions.
    pub(crate) sockjs: &'w hub_sockjs::actix::Server,
    /// Channel to the shard that upgraded sockets go to.
    pub(crate) new_connections: &'w mpsc::UnboundedSender<NewConnection>,
    pub(crate) in_flight: &'w InFlight,
    pub(crate) streaming: &'w InFlight,
}

impl HttpServer<'_> {
    pub(crate) async fn start(self) -> HttpHandler {
        let limits = &self.chassis.limits;
        let application = Application::new(self.application().await);
        let expecting = application.expecting();
        let factory = HttpService::build()
            .keep_alive(KeepAlive::Timeout(Duration::from_millis(limits.keep_alive_ms)))
            .client_request_timeout(Duration::from_millis(limits.handshake_ms).max(FIRST_HEAD_MIN))
            .client_disconnect_timeout(Duration::from_millis(limits.close_ms))
            // Who shuts its side is answered; clients of SockJS's streams are
            // gone: see `HangUp`.
            .h1_allow_half_closed(true)
            .on_connect_ext(|stream: &HttpStream, extensions| {
                extensions.insert(stream.hang_up().clone());
            })
            .expect(fn_factory(move || ready(Ok::<_, ()>(expecting.clone()))))
            .upgrade(fn_service(self.upgrading()))
            .finish(fn_factory(move || ready(Ok::<_, ()>(application.clone()))));
        let Ok(handler) = factory.new_service(()).await else { unreachable!("it is made already") };
        let refusals = self.chassis.metrics.refusals.clone();
        Box::new(move |stream, peer| {
            let refusals = refusals.clone();
            let serving = handler.call((stream, actix_http::Protocol::Http1, Some(peer)));
            Box::pin(async move {
                let Err(error) = serving.await else { return };
                tracing::debug!(%peer, %error, "http connection");
                // What actix refused itself.
                if let DispatchError::Parse(error) = error {
                    refusals.note("http", "malformed", format_args!("{peer}: {error}"), Instant::now());
                }
            })
        })
    }

    /// All routes, behind the gates.
    async fn application(
        &self,
    ) -> impl ActixService<Request, Response = ServiceResponse<BoxBody>, Error = Error, Future: 'static> + use<>
    {
        let service = &self.services[self.service];
        let mut registry = self.chassis.metrics.registry();
        registry.register_collector(Box::new(QueueCollector(Arc::clone(self.chassis))));
        registry.register_collector(Box::new(ViewCollector(Arc::clone(self.services))));
        let registry: web::Data<Registry> = web::Data::new(registry);
        let gate = Gate {
            chassis: Arc::clone(self.chassis),
            mounts: service.stomp.sockjs_paths().collect(),
            in_flight: self.in_flight.clone(),
            streaming: self.streaming.clone(),
        };
        let inner_gate = InnerGate {
            chassis: Arc::clone(self.chassis),
            services: Arc::clone(self.services),
            service: self.service,
        };
        let app = App::new()
            .app_data(web::Data::from(Arc::clone(self.chassis)))
            .app_data(registry)
            .wrap_fn(move |request, next| inner_gate.pass(request, next))
            .wrap(http::cors(&self.chassis.origins))
            .wrap_fn(move |request, next| gate.pass(request, next))
            .configure(|config| rest::configure(config, &service.routes))
            .configure(|config| {
                service.stomp.sockjs_paths().for_each(|mount| self.sockjs.routes(config, mount));
            })
            .configure(|config| http::configure(config, service.name, self.directory));
        let app = map_config(app, |()| AppConfig::default());
        // An application of ours either always starts or never did in tests.
        let Ok(app) = app.new_service(()).await else { unreachable!("routes are static") };
        app
    }

    /// Decides whether a request that asks for a WebSocket is upgraded.
    fn upgrading(&self) -> impl Fn(Upgrading) -> Ready<Result<(), Error>> + Clone + use<> {
        let (chassis, services) = (Arc::clone(self.chassis), Arc::clone(self.services));
        let (service, directory) = (self.service, self.directory.clone());
        let new_connections = self.new_connections.clone();
        move |(request, framed)| {
            if let Some(connection) = upgrade::take(&chassis, &services[service], &directory, request, framed)
            {
                // A shard that is gone has closed: so is this socket, dropped.
                let _ = new_connections.send(connection);
            }
            ready(Ok(()))
        }
    }
}
