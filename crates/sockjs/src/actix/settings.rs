//! How a service is set up.

use std::time::Duration;

use bytes::Bytes;

use super::NotAllowed;
use crate::iframe;
use crate::info::Info;
use crate::limits::Limits;

/// Who serves `/websocket` and `/{server}/{session}/websocket`, where
/// [`Info::websocket`] offers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WebSockets {
    /// The server itself, within actix.
    Here,
    /// Whoever takes upgrades before actix's routing; requests that are no
    /// upgrade are told so here.
    Elsewhere,
}

/// How a service is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What `/info` tells; its `cookie_needed` sets `JSESSIONID`, too.
    pub info: Info,
    /// Who serves `WebSocket`s.
    pub websockets: WebSockets,
    /// The bounds of each session.
    pub limits: Limits,
    /// How many sessions there may be at a time; a new one beyond is answered
    /// with 503.
    pub max_sessions: usize,
    /// The largest body of an `xhr_send` or `jsonp_send`, and the largest
    /// WebSocket message. A larger body is answered with 413.
    pub body_bytes: usize,
    /// How long such a body may take to arrive, before 408.
    pub body_timeout: Duration,
    /// What these two are called where they are set: who goes beyond is told
    /// so.
    pub body_names: [&'static str; 2],
    /// How often sessions are looked at for heart-beats and time-outs, which
    /// may come that much late.
    pub sweep: Duration,
    /// Where the iframe page finds the client's script: an absolute URL or an
    /// absolute path.
    pub sockjs_url: String,
    /// The client's script, if it is to be served at `{mount}/sockjs.min.js`
    /// and used by the iframe page.
    pub script: Option<Bytes>,
    /// Whose pages may frame the iframe page, as CSP's `frame-ancestors` takes
    /// it; `None`: anybody's. What the page asks for it asks as a page of this
    /// server, whoever frames it: where not every origin may connect, this has
    /// to say so, too.
    pub frame_ancestors: Option<String>,
    /// Whether to set CORS headers: off where something around the routes does.
    pub cors: bool,
    /// How 405 is said.
    pub not_allowed: NotAllowed,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            info: Info { websocket: true, cookie_needed: false },
            websockets: WebSockets::Here,
            limits: Limits::default(),
            max_sessions: 100_000,
            body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(30),
            body_names: ["body_bytes", "body_timeout"],
            sweep: Duration::from_millis(500),
            sockjs_url: iframe::DEFAULT_SCRIPT_URL.to_owned(),
            script: None,
            frame_ancestors: None,
            cors: true,
            not_allowed: super::not_allowed,
        }
    }
}

impl Settings {
    pub(super) fn cookie_needed(&self) -> bool {
        self.info.cookie_needed
    }
}
