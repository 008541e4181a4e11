//! The opening handshake, client side (RFC 6455, section 4.1).

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::WsOptions;
use crate::http::{Head, HttpConnection};
use crate::{Error, Result, Socket, nonce};

/// Upgrades a connection to `addr`; the subprotocol that the server chose, if it chose one.
pub(crate) fn upgrade(addr: SocketAddr, path: &str, options: &WsOptions) -> Result<(Socket, Option<String>)> {
    let socket = Socket::connect_sized(addr, options.deadline, options.receive_bytes)?;
    let mut http = HttpConnection::over(socket, addr.to_string());
    let key = STANDARD.encode([nonce::next().to_be_bytes(), nonce::next().to_be_bytes()].concat());
    let protocols = options.subprotocols.join(", ");
    let mut headers = vec![
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key.as_str()),
        ("Sec-WebSocket-Version", "13"),
    ];
    headers.extend(options.origin.as_deref().map(|origin| ("Origin", origin)));
    if !protocols.is_empty() {
        headers.push(("Sec-WebSocket-Protocol", &protocols));
    }
    headers.extend(options.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    http.send("GET", path, &headers, b"")?;

    let head = http.receive_head()?;
    if head.status != 101 {
        return Err(refusal(head.status, &mut http));
    }
    let protocol = check(&head, &key, &options.subprotocols)?;
    Ok((http.into_socket(), protocol))
}

/// The checks of section 4.1 on the server's answer.
fn check(head: &Head, key: &str, offered: &[String]) -> Result<Option<String>> {
    let headers = &head.headers;
    let wrong = |what: &str| Err(Error::unexpected(what, format!("{headers:?}")));
    if !headers.get("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return wrong("Upgrade: websocket");
    }
    if !headers.has_token("connection", "upgrade") {
        return wrong("Connection: Upgrade");
    }
    let accept = accept(key);
    if !headers.all("sec-websocket-accept").eq([accept.as_str()]) {
        return wrong(&format!("Sec-WebSocket-Accept: {accept}"));
    }
    if headers.get("sec-websocket-extensions").is_some() {
        return wrong("no extension");
    }
    let chosen: Vec<_> = headers.all("sec-websocket-protocol").collect();
    match chosen.as_slice() {
        [] => Ok(None),
        [one] if offered.iter().any(|name| name == one) => Ok(Some((*one).to_owned())),
        _ => wrong(&format!("at most one subprotocol of {offered:?}")),
    }
}

fn accept(key: &str) -> String {
    STANDARD
        .encode(Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize())
}

fn refusal(status: u16, http: &mut HttpConnection) -> Error {
    let mut body = Vec::new();
    loop {
        match http.next_part() {
            Ok(Some(part)) => body.extend(part),
            Ok(None) => break,
            Err(error) => return error.after(|| format!("HTTP {status}, {} bytes of body", body.len())),
        }
    }
    Error::Refused { status, body: String::from_utf8_lossy(&body).into_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_accept_value_is_the_one_of_rfc_6455_section_1_3() {
        assert_eq!(super::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
