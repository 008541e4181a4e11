//! Settings of a service.

use std::time::Duration;

use bytes::Bytes;

use super::NotAllowed;
use crate::iframe;
use crate::info::Info;
use crate::limits::Limits;

/// Server of `/websocket` and `/{server}/{session}/websocket`, if [`Info::websocket`] offers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WebSockets {
    /// The server itself, within actix.
    Here,
    /// Whoever takes upgrades before actix's routing; requests that are no
    /// upgrade are told so here.
    Elsewhere,
}

/// Settings of a service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Facts that `/info` tells; its `cookie_needed` sets `JSESSIONID`, too.
    pub info: Info,
    /// Server of the `WebSocket`s.
    pub websockets: WebSockets,
    /// The bounds of each session.
    pub limits: Limits,
    /// Most sessions at a time; a new one beyond is answered with 503.
    pub max_sessions: usize,
    /// The largest body of an `xhr_send` or `jsonp_send`, and the largest
    /// WebSocket message. A larger body is answered with 413.
    pub body_bytes: usize,
    /// Time for such a body to arrive, before 408.
    pub body_timeout: Duration,
    /// Names of these two for people who set them: a peer that goes beyond is told so.
    pub body_names: [&'static str; 2],
    /// Interval at which sessions are looked at for heart-beats and time-outs, which may come that much late.
    pub sweep: Duration,
    /// URL of the client's script for the iframe page: an absolute URL or an absolute path.
    pub sockjs_url: String,
    /// The client's script, if it is to be served at `{mount}/sockjs.min.js`
    /// and used by the iframe page.
    pub script: Option<Bytes>,
    /// Pages that may frame the iframe page, as CSP's `frame-ancestors` takes them; `None`: anybody's. What the
    /// page asks for it asks as a page of this server, whoever frames it: if not every origin may connect, this
    /// has to say so, too.
    pub frame_ancestors: Option<String>,
    /// Sets CORS headers: false if something around the routes does.
    pub cors: bool,
    /// Answer of 405.
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
