//! The opening handshake (RFC 6455, section 4.2).

use hub_ws::handshake::{
    Chosen, HandshakeError, Upgrade, accept_key, check, choose_subprotocol, response_head,
};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The lines of a request, by name.
#[derive(Clone)]
struct Request(Vec<(&'static str, &'static str)>);

impl Request {
    /// The client's handshake of section 1.2.
    fn of_the_rfc() -> Self {
        Self(vec![
            ("host", "server.example.com"),
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", KEY),
            ("origin", "http://example.com"),
            ("sec-websocket-protocol", "chat, superchat"),
            ("sec-websocket-version", "13"),
        ])
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(n, _)| *n != name);
        self
    }

    fn and(mut self, name: &'static str, value: &'static str) -> Self {
        self.0.push((name, value));
        self
    }

    fn with(self, name: &'static str, value: &'static str) -> Self {
        self.without(name).and(name, value)
    }

    fn check(&self) -> Result<Upgrade<'_>, HandshakeError> {
        check("GET", |name| {
            let values: Vec<&str> = self.0.iter().filter(|(n, _)| *n == name).map(|(_, v)| *v).collect();
            values.into_iter()
        })
    }
}

#[track_caller]
fn refused(request: &Request, error: HandshakeError, status: u16, header: &str) {
    assert_eq!(request.check(), Err(error));
    assert_eq!((error.status(), error.header()), (status, Some(header)));
    assert!(error.to_string().contains(header), "{error}");
}

#[test]
fn the_handshake_of_the_rfc_is_accepted() {
    let request = Request::of_the_rfc();
    let upgrade = request.check().unwrap();
    assert_eq!(upgrade, Upgrade { key: KEY, subprotocols: vec!["chat", "superchat"], extensions: vec![] });
    assert_eq!(upgrade.accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(accept_key(KEY), upgrade.accept());
}

#[test]
fn the_response_of_the_rfc() {
    let expected = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: chat\r\n\
        \r\n";
    let accept = accept_key(KEY);
    assert_eq!(response_head(&accept, Chosen { subprotocol: Some("chat"), deflate: None }), expected);
    let without = expected.replace("Sec-WebSocket-Protocol: chat\r\n", "");
    assert_eq!(response_head(&accept, Chosen::default()), without);
}

#[test]
fn only_get_is_a_handshake() {
    for method in ["POST", "get", "CONNECT", ""] {
        let error = check(method, |_| [KEY].into_iter()).unwrap_err();
        assert_eq!((error, error.status(), error.header()), (HandshakeError::Method, 405, None));
        assert_eq!(error.response_headers(), [("Allow", "GET")]);
    }
}

#[test]
fn upgrade_lists_websocket_in_any_case() {
    let request = Request::of_the_rfc();
    for value in ["WebSocket", "WEBSOCKET", "h2c, websocket", " websocket\t", ",websocket"] {
        assert!(request.clone().with("upgrade", value).check().is_ok(), "{value}");
    }
    for value in ["", "h2c", "websocket2", "web socket", "websocket/13"] {
        refused(&request.clone().with("upgrade", value), HandshakeError::Upgrade, 400, "Upgrade");
    }
    refused(&request.without("upgrade"), HandshakeError::Upgrade, 400, "Upgrade");
}

#[test]
fn connection_lists_upgrade_in_any_case_and_on_any_line() {
    let request = Request::of_the_rfc();
    for value in ["upgrade", "keep-alive, Upgrade", "keep-alive,UPGRADE"] {
        assert!(request.clone().with("connection", value).check().is_ok(), "{value}");
    }
    let two_lines = request.clone().with("connection", "keep-alive").and("connection", "Upgrade");
    assert!(two_lines.check().is_ok());
    for value in ["", "keep-alive", "upgraded"] {
        refused(&request.clone().with("connection", value), HandshakeError::Connection, 400, "Connection");
    }
    refused(&request.without("connection"), HandshakeError::Connection, 400, "Connection");
}

#[test]
fn another_version_is_told_the_one_we_speak() {
    let request = Request::of_the_rfc();
    let name = "sec-websocket-version";
    for wrong in [
        request.clone().with(name, "8"),
        request.clone().with(name, "013"),
        request.clone().with(name, "13, 8"),
        request.clone().and(name, "13"),
        request.without(name),
    ] {
        refused(&wrong, HandshakeError::Version, 426, "Sec-WebSocket-Version");
    }
    let told = HandshakeError::Version.response_headers();
    assert!(told.contains(&("Sec-WebSocket-Version", "13")));
    // RFC 9110, section 15.5.22.
    assert!(told.contains(&("Upgrade", "websocket")));
}

#[test]
fn the_key_is_sixteen_bytes_in_base64_given_once() {
    let request = Request::of_the_rfc();
    let name = "sec-websocket-key";
    for wrong in [
        request.clone().with(name, ""),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25jZQ"),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25j"),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25jZXM="),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25jZXNz"),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25jZXNzZXNzZXNzZXNzZXNzZXNz"),
        request.clone().with(name, "dGhlIHNhbXBsZSBub25j-_=="),
        request.clone().and(name, KEY),
        request.without(name),
    ] {
        refused(&wrong, HandshakeError::Key, 400, "Sec-WebSocket-Key");
    }
}

#[test]
fn the_key_that_the_rfc_itself_writes_loosely_is_accepted() {
    let request = Request::of_the_rfc().with("sec-websocket-key", " AQIDBAUGBwgJCgsMDQ4PEC== ");
    assert_eq!(request.check().unwrap().key, "AQIDBAUGBwgJCgsMDQ4PEC==");
}

#[test]
fn subprotocols_may_be_on_several_lines_or_absent() {
    let request = Request::of_the_rfc().and("sec-websocket-protocol", "v12.stomp ,, v11.stomp");
    assert_eq!(request.check().unwrap().subprotocols, ["chat", "superchat", "v12.stomp", "v11.stomp"]);
    let none = request.without("sec-websocket-protocol");
    assert!(none.check().unwrap().subprotocols.is_empty());
}

#[test]
fn the_clients_favourite_subprotocol_wins() {
    let supported = ["v10.stomp", "v11.stomp", "v12.stomp"];
    assert_eq!(choose_subprotocol(&["mqtt", "v12.stomp", "v11.stomp"], &supported), Some("v12.stomp"));
    assert_eq!(choose_subprotocol(&["V12.STOMP"], &supported), None);
    assert_eq!(choose_subprotocol(&[], &supported), None);
    assert_eq!(choose_subprotocol(&["v12.stomp"], &[]), None);
}
