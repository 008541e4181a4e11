//! Paths below a mount: `SockJS` protocol, "Base URL", "Session URLs".

use std::str::FromStr;

/// Carrier of a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// A WebSocket with frames in its messages.
    WebSocket,
    /// A request that is answered by one frame.
    Xhr,
    /// A request that is answered by a stream of frames.
    XhrStreaming,
    /// Sending half of the `xhr` transports.
    XhrSend,
    /// Server-sent events.
    EventSource,
    /// A page that grows.
    HtmlFile,
    /// A script that is answered by one frame.
    Jsonp,
    /// Sending half of `jsonp`.
    JsonpSend,
}

/// A path segment that is no transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such transport")]
pub struct UnknownTransport;

impl Transport {
    /// Every transport.
    pub const ALL: [Transport; 8] = [
        Transport::WebSocket,
        Transport::Xhr,
        Transport::XhrStreaming,
        Transport::XhrSend,
        Transport::EventSource,
        Transport::HtmlFile,
        Transport::Jsonp,
        Transport::JsonpSend,
    ];

    /// Its name in paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Transport::WebSocket => "websocket",
            Transport::Xhr => "xhr",
            Transport::XhrStreaming => "xhr_streaming",
            Transport::XhrSend => "xhr_send",
            Transport::EventSource => "eventsource",
            Transport::HtmlFile => "htmlfile",
            Transport::Jsonp => "jsonp",
            Transport::JsonpSend => "jsonp_send",
        }
    }

    /// True if a request of it waits for the session's frames.
    pub const fn is_receiving(self) -> bool {
        match self {
            Transport::Xhr
            | Transport::XhrStreaming
            | Transport::EventSource
            | Transport::HtmlFile
            | Transport::Jsonp => true,
            Transport::WebSocket | Transport::XhrSend | Transport::JsonpSend => false,
        }
    }
}

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(text: &str) -> Result<Transport, UnknownTransport> {
        Transport::ALL.into_iter().find(|transport| transport.as_str() == text).ok_or(UnknownTransport)
    }
}

/// Meaning of a path below a mount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route<'p> {
    /// `/` or nothing: somebody is there.
    Greeting,
    /// `/info`.
    Info,
    /// `/websocket`: a WebSocket without frames.
    RawWebSocket,
    /// `/{server}/{session}/{transport}`.
    Session {
        /// Any text; for load balancers.
        server: &'p str,
        /// The client's choice.
        session: &'p str,
        /// Transport of the session.
        transport: Transport,
    },
}

impl<'p> Route<'p> {
    /// Route of `path`, for a service mounted at `mount` (empty, or `/segments`); `None` if it is not the mount's.
    ///
    /// Only known transports are taken for sessions, so that a mount at the
    /// root leaves all other paths of three segments alone.
    pub fn parse(mount: &str, path: &'p str) -> Option<Route<'p>> {
        let rest = path.strip_prefix(mount)?;
        match rest {
            "" | "/" => return Some(Route::Greeting),
            "/info" => return Some(Route::Info),
            "/websocket" => return Some(Route::RawWebSocket),
            _ => {}
        }
        let mut segments = rest.strip_prefix('/')?.split('/');
        let (server, session, transport) = (segments.next()?, segments.next()?, segments.next()?);
        let is_name = |segment: &str| !segment.is_empty() && !segment.contains('.');
        if segments.next().is_some() || !is_name(server) || !is_name(session) {
            return None;
        }
        Some(Route::Session { server, session, transport: transport.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(server: &'static str, session: &'static str, transport: Transport) -> Route<'static> {
        Route::Session { server, session, transport }
    }

    #[test]
    fn a_mount_s_own_paths_are_found() {
        for mount in ["", "/ws", "/a/b"] {
            let parse = |rest: &str| {
                let path = format!("{mount}{rest}");
                Route::parse(mount, &path).map(|route| format!("{route:?}"))
            };
            assert_eq!(parse("").as_deref(), Some("Greeting"));
            assert_eq!(parse("/").as_deref(), Some("Greeting"));
            assert_eq!(parse("/info").as_deref(), Some("Info"));
            assert_eq!(parse("/websocket").as_deref(), Some("RawWebSocket"));
        }
        let parsed = Route::parse("/ws", "/ws/000/x/websocket");
        assert_eq!(parsed, Some(session("000", "x", Transport::WebSocket)));
        assert_eq!(Route::parse("", "/ws/x/xhr_send"), Some(session("ws", "x", Transport::XhrSend)));
    }

    #[test]
    fn everything_else_is_somebody_else_s() {
        for path in [
            "/ws/000//websocket",
            "/ws//x/websocket",
            "/ws/0.0/x/websocket",
            "/ws/0/x.y/websocket",
            "/ws/0/x/websocket/",
            "/ws/0/x/WEBSOCKET",
            "/ws/0/x",
            "/wsx/0/x/websocket",
            "/api/ingest/prices",
        ] {
            assert_eq!(Route::parse("/ws", path), None, "{path}");
        }
        assert_eq!(Route::parse("", "/api/leaderboard/top"), None);
    }
}
