//! HTTP/1.1 (RFC 9110, RFC 9112): one request at a time, or many on one connection.

mod body;
mod connection;
mod head;

use std::net::SocketAddr;

use serde_json::Value;

pub use connection::HttpConnection;
pub use head::{Head, Headers};

use crate::error::excerpt;
use crate::{DEFAULT_DEADLINE, Error, Result};

/// A whole response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The body, its transfer coding undone.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of the header field `name` (any case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        json(&self.body)
    }

    /// The body as UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).map_err(|_| Error::unexpected("a body in UTF-8", excerpt(&self.body)))
    }
}

/// Sends one request on a connection of its own.
///
/// `Host`, `Content-Length` and `Connection: close` are added where `headers` doesn't have them.
pub fn request(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Response> {
    let mut headers = headers.to_vec();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        headers.push(("Connection", "close"));
    }
    HttpConnection::connect(addr, DEFAULT_DEADLINE)?.request(method, path, &headers, body)
}

/// `GET path`.
pub fn get(addr: SocketAddr, path: &str) -> Result<Response> {
    request(addr, "GET", path, &[], b"")
}

/// `POST path` with a JSON body.
pub fn post_json(addr: SocketAddr, path: &str, body: &Value) -> Result<Response> {
    request(addr, "POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
}

/// `OPTIONS path`: a CORS preflight when `headers` has `Origin` and `Access-Control-Request-Method`.
pub fn options(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
    request(addr, "OPTIONS", path, headers, b"")
}

pub(crate) fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::unexpected("JSON", format!("{error} in {}", excerpt(bytes))))
}
