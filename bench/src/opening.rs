//! The way in of a receiver: an upgrade, and messages before it only reads.

use std::io;

/// Bytes that a receiver sends before it only reads.
#[derive(Clone)]
pub struct Opening {
    /// The request for a WebSocket.
    pub upgrade: String,
    /// The extension that the answer has to agree to, if any.
    pub extension: Option<&'static str>,
    /// Messages to send then, each with a text that the one message which answers it contains (unless it is
    /// compressed).
    pub steps: Vec<(Vec<u8>, &'static str)>,
}

/// The extension that compresses, as it is asked for.
pub const DEFLATE: &str = "permessage-deflate";

/// A request for a WebSocket at `target`, compressed or not.
pub fn upgrade(target: &str, deflate: bool) -> String {
    let extension = if deflate {
        format!("Sec-WebSocket-Extensions: {DEFLATE}; client_max_window_bits\r\n")
    } else {
        String::new()
    };
    format!(
        "GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extension}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// Takes the answer's head off what was received; `None`: there is more to come.
pub(crate) fn upgraded(received: &mut Vec<u8>, extension: Option<&str>) -> io::Result<Option<()>> {
    let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    agreed(&String::from_utf8_lossy(&received[..at + 4]), extension)?;
    received.drain(..at + 4);
    Ok(Some(()))
}

/// Checks that the answer is the one wanted.
fn agreed(head: &str, extension: Option<&str>) -> io::Result<()> {
    if !head.starts_with("HTTP/1.1 101 ") {
        return Err(io::Error::other(format!("no WebSocket: {head}")));
    }
    let offered = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-extensions").then(|| value.trim().to_owned())
    };
    let agreed = head.lines().find_map(offered).unwrap_or_default();
    match extension {
        Some(extension) if !agreed.starts_with(extension) => {
            Err(io::Error::other(format!("the server did not agree to {extension}")))
        }
        None if !agreed.is_empty() => Err(io::Error::other(format!("nobody asked for {agreed}"))),
        _ => Ok(()),
    }
}
