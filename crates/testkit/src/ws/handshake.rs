//! The opening handshake, client side (RFC 6455, section 4.1).

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::WsOptions;
use crate::http::{Head, HttpConnection};
use crate::{Error, Result, Socket, nonce};

/// Choices of the server among what was offered.
pub(crate) struct Chosen {
    pub(crate) protocol: Option<String>,
    pub(crate) extension: Option<String>,
}

/// Offer of browsers.
const DEFLATE: &str = "permessage-deflate; client_max_window_bits";

/// Upgrades a connection to `addr`.
pub(crate) fn upgrade(addr: SocketAddr, path: &str, options: &WsOptions) -> Result<(Socket, Chosen)> {
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
    if options.deflate {
        headers.push(("Sec-WebSocket-Extensions", DEFLATE));
    }
    headers.extend(options.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    http.send("GET", path, &headers, b"")?;

    let head = http.receive_head()?;
    if head.status != 101 {
        return Err(refusal(head.status, &mut http));
    }
    let chosen = check(&head, &key, options)?;
    Ok((http.into_socket(), chosen))
}

/// The checks of section 4.1 on the server's answer.
fn check(head: &Head, key: &str, options: &WsOptions) -> Result<Chosen> {
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
    // Tests of negotiation offer something of their own.
    let offered =
        options.deflate || options.headers.iter().any(|(name, _)| name == "Sec-WebSocket-Extensions");
    let extension = headers.get("sec-websocket-extensions").map(ToOwned::to_owned);
    if extension.as_deref().is_some_and(|name| !offered || !name.starts_with("permessage-deflate")) {
        return wrong("no extension but permessage-deflate, where it was offered");
    }
    let offered = &options.subprotocols;
    let chosen: Vec<_> = headers.all("sec-websocket-protocol").collect();
    let protocol = match chosen.as_slice() {
        [] => None,
        [one] if offered.iter().any(|name| name == one) => Some((*one).to_owned()),
        _ => return wrong(&format!("at most one subprotocol of {offered:?}")),
    };
    Ok(Chosen { protocol, extension })
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
