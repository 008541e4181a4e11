//! Many requests on one socket.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::body::Body;
use super::{Head, Response};
use crate::deadline::Deadline;
use crate::{OverSocket, Result, Socket};

/// A connection that is kept open from request to request.
///
/// [`request`](Self::request) is [`send`](Self::send) and [`receive`](Self::receive); several may be sent
/// before the first answer is received. A streamed answer is read with
/// [`receive_head`](Self::receive_head) and then part by part.
#[derive(Debug)]
pub struct HttpConnection {
    socket: Socket,
    host: String,
    /// The methods of the requests not answered yet: the answer to HEAD has no body.
    unanswered: VecDeque<String>,
    body: Body,
}

impl HttpConnection {
    /// Connects; `deadline` holds for each call.
    pub fn connect(addr: SocketAddr, deadline: Duration) -> Result<Self> {
        Ok(Self::over(Socket::connect(addr, deadline)?, addr.to_string()))
    }

    /// Speaks HTTP over a connected socket, with `host` as the `Host` field.
    pub fn over(socket: Socket, host: String) -> Self {
        Self { socket, host, unanswered: VecDeque::new(), body: Body::NONE }
    }

    /// Sends a request and waits for the whole answer.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response> {
        self.send(method, path, headers, body)?;
        self.receive()
    }

    /// `GET path`.
    pub fn get(&mut self, path: &str) -> Result<Response> {
        self.request("GET", path, &[], b"")
    }

    /// `POST path` with a JSON body.
    pub fn post_json(&mut self, path: &str, body: &Value) -> Result<Response> {
        self.request("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// Sends a request in one write, and doesn't wait.
    ///
    /// `Host`, and `Content-Length` for a body or a method that usually has one, are added where
    /// `headers` doesn't have them (or `Transfer-Encoding`).
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let given = |name: &str| headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !given("host") {
            let _ = write!(head, "Host: {}\r\n", self.host);
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let usual = !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH");
        if usual && !given("content-length") && !given("transfer-encoding") {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.socket.send(&bytes)?;
        self.unanswered.push_back(method.to_owned());
        Ok(())
    }

    /// Sends bytes as they are. Unless it is told otherwise by [`send`](Self::send), the next answer is
    /// read as one to GET.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.socket.send(bytes)
    }

    /// The whole next answer. Interim answers (100 to 199, but 101) are passed over.
    pub fn receive(&mut self) -> Result<Response> {
        let deadline = Deadline::within(self.socket.deadline());
        let Head { status, headers } = self.head_by(deadline)?;
        let mut body = Vec::new();
        while let Some(part) = self
            .body
            .next_part(&mut self.socket, deadline)
            .map_err(|error| error.after(|| format!("HTTP {status}, {} bytes of body", body.len())))?
        {
            body.extend(part);
        }
        Ok(Response { status, headers, body })
    }

    /// The next answer's head; what was left of the body before it is passed over.
    pub fn receive_head(&mut self) -> Result<Head> {
        self.head_by(Deadline::within(self.socket.deadline()))
    }

    /// The next part of a body: a whole chunk, or what came of a body that isn't chunked; `None` at its
    /// end.
    pub fn next_part(&mut self) -> Result<Option<Vec<u8>>> {
        let deadline = Deadline::within(self.socket.deadline());
        self.body.next_part(&mut self.socket, deadline)
    }

    /// Gives the socket up, with the bytes received and not read: after a 101 they belong to what follows.
    pub fn into_socket(self) -> Socket {
        self.socket
    }

    fn head_by(&mut self, deadline: Deadline) -> Result<Head> {
        while self.body.next_part(&mut self.socket, deadline)?.is_some() {}
        loop {
            let bytes = self.socket.take_before(b"\r\n\r\n", deadline, "a response head")?;
            let head = Head::parse(&bytes)?;
            if head.status == 101 || head.status >= 200 {
                let method = self.unanswered.pop_front().unwrap_or_default();
                self.body = Body::after(&head, &method)?;
                return Ok(head);
            }
        }
    }
}

impl OverSocket for HttpConnection {
    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }
}
