//! A service as data: what it is called, where it listens, what it derives and what it serves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use actix_web::http::Uri;
use hub_core::access::Access;
use hub_core::schema::Schema;
use hub_core::{Parameter, TopicName};
use hub_fanout::{Options, Projection, ViewMeter};
use hub_sockjs::{Route as SockJsRoute, Transport};

use crate::bind::Bind;
use crate::chassis::Chassis;
use crate::http::path::without_slash;
use crate::native::NativeEndpoint;
use crate::rest::Route;
use crate::tls::ServerConfig;

/// Everything about a service. The hub's wiring, its banner, the gateway, the README's tables and
/// the hints of a 404 are read off it.
pub struct Service {
    /// Its name in metrics, log lines and the banner.
    pub name: &'static str,
    /// Its section of the configuration.
    pub section: &'static str,
    /// The addresses where it listens.
    pub bind: Bind,
    /// True: it speaks TLS, with the chassis's certificate.
    pub tls: bool,
    /// Projections of the log, in the order in which each sees a record; the runner takes
    /// them.
    pub projections: Vec<Box<dyn Projection>>,
    /// Its REST calls, beside [those of every port](crate::http::every_port).
    pub routes: Vec<Route>,
    /// Its native sockets.
    pub sockets: Vec<SocketRoute>,
    /// Places where it speaks STOMP.
    pub stomp: StompMounts,
    /// The meter of what it keeps for past states, if that has a bound.
    pub views: Option<Arc<ViewMeter>>,
}

/// A native WebSocket: JSON messages, as the service defines them.
#[derive(Clone)]
pub struct SocketRoute {
    /// Its path.
    pub path: &'static str,
    /// Other paths that lead to the same.
    pub aliases: &'static [&'static str],
    /// One line for people.
    pub summary: &'static str,
    /// Access that it asks for.
    pub access: Access,
    /// The shape of what it sends.
    pub messages: fn() -> Schema,
    /// The sessions behind it.
    pub endpoint: Arc<dyn NativeEndpoint>,
}

/// The places where a service speaks STOMP.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StompMounts {
    /// Mounts of `SockJS`, by prefix: empty for the root, or `/segments`; a longer one before a shorter.
    pub sockjs: Vec<StompMount>,
    /// Paths of a plain WebSocket, beside those that `SockJS` has.
    pub websocket: Vec<StompMount>,
    /// True: the port speaks it straight over TCP, too.
    pub tcp: bool,
}

/// A place where a service speaks STOMP, and the options that are usual there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StompMount {
    /// Its path, or that of all below it.
    pub path: &'static str,
    /// Options of who subscribes there and names others or none.
    pub defaults: Defaults,
}

/// Options of subscriptions, by destination, unless they name others; [`Options::default`] elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Defaults(Option<Arc<BTreeMap<&'static str, Options>>>);

/// The other end of a WebSocket.
#[derive(Clone)]
pub enum Endpoint {
    /// STOMP frames in WebSocket messages.
    Stomp(Defaults),
    /// STOMP frames in `SockJS` frames in WebSocket messages.
    SockJs(Defaults),
    /// JSON messages, as a service defines them.
    Native(Arc<dyn NativeEndpoint>),
}

impl Service {
    /// A service that has nothing yet but a name and a place.
    pub fn new(name: &'static str, section: &'static str, bind: Bind, tls: bool) -> Service {
        let (projections, routes, sockets) = (Vec::new(), Vec::new(), Vec::new());
        let stomp = StompMounts::default();
        Service { name, section, bind, tls, projections, routes, sockets, stomp, views: None }
    }

    /// Takes the projections out, for the runner.
    pub fn take_projections(&mut self) -> Vec<Box<dyn Projection>> {
        std::mem::take(&mut self.projections)
    }

    /// The TLS that it speaks, if it does.
    pub(crate) fn tls_of<'c>(&self, chassis: &'c Chassis) -> Option<&'c Arc<ServerConfig>> {
        chassis.tls.as_ref().filter(|_| self.tls)
    }

    /// The host a request is for, if the service does not answer to it. One that other machines
    /// can reach is asked by whatever name they know, and guards itself otherwise.
    pub(crate) fn foreign_host<'r>(
        &self,
        chassis: &Chassis,
        target: &'r Uri,
        header: Option<&'r str>,
    ) -> Option<&'r str> {
        chassis.hosts.foreign(target, header).filter(|_| self.bind.is_loopback())
    }

    /// The endpoint of an upgrade at `path`. An exact path comes before a mount of `SockJS`.
    pub(crate) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let exact = without_slash(path);
        let mut admitted = self.sockets.iter().filter(|socket| socket.access.admits());
        if let Some(socket) = admitted.find(|socket| socket.paths().any(|own| own == exact)) {
            return Some(Endpoint::Native(Arc::clone(&socket.endpoint)));
        }
        if let Some(mount) = self.stomp.websocket.iter().find(|mount| mount.path == exact) {
            return Some(Endpoint::Stomp(mount.defaults.clone()));
        }
        let (route, defaults) = self.stomp.sockjs_route(path)?;
        match route {
            SockJsRoute::RawWebSocket => Some(Endpoint::Stomp(defaults.clone())),
            SockJsRoute::Session { transport: Transport::WebSocket, .. } => {
                Some(Endpoint::SockJs(defaults.clone()))
            }
            SockJsRoute::Session { .. } | SockJsRoute::Info | SockJsRoute::Greeting => None,
        }
    }
}

impl StompMounts {
    /// The prefixes of `SockJS`, in order.
    pub(crate) fn sockjs_paths(&self) -> impl Iterator<Item = &'static str> {
        self.sockjs.iter().map(|mount| mount.path)
    }

    /// The meaning of a path below the first mount that has one, and what is usual there.
    pub(crate) fn sockjs_route<'p>(&self, path: &'p str) -> Option<(SockJsRoute<'p>, &Defaults)> {
        let mut mounts = self.sockjs.iter();
        mounts.find_map(|mount| Some((SockJsRoute::parse(mount.path, path)?, &mount.defaults)))
    }
}

impl StompMount {
    /// The same, where a destination has these options.
    #[must_use]
    pub fn usually(self, defaults: impl IntoIterator<Item = (&'static str, Options)>) -> StompMount {
        StompMount { defaults: Defaults(Some(Arc::new(defaults.into_iter().collect()))), ..self }
    }
}

impl From<&'static str> for StompMount {
    fn from(path: &'static str) -> StompMount {
        StompMount { path, defaults: Defaults::default() }
    }
}

impl Defaults {
    /// The options of a subscription to `destination` that names none.
    pub fn of(&self, destination: &TopicName) -> Options {
        self.0.as_ref().and_then(|defaults| defaults.get(destination.as_str()).cloned()).unwrap_or_default()
    }
}

impl SocketRoute {
    /// A socket at `path` that sends messages of this shape.
    pub fn new(
        path: &'static str,
        summary: &'static str,
        messages: fn() -> Schema,
        endpoint: Arc<dyn NativeEndpoint>,
    ) -> SocketRoute {
        SocketRoute { path, aliases: &[], summary, access: Access::Anyone, messages, endpoint }
    }

    /// The same, also at these paths.
    #[must_use]
    pub fn also_at(self, aliases: &'static [&'static str]) -> SocketRoute {
        SocketRoute { aliases, ..self }
    }

    /// The parameters that the query of its upgrade may have.
    pub fn parameters(&self) -> &'static [Parameter] {
        self.endpoint.parameters()
    }

    /// Its path and the others.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }
}

impl fmt::Debug for SocketRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}
