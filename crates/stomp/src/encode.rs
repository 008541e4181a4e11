//! From frames to bytes.
//!
//! Whole frames for what is answered once ([`connected`], [`receipt`], [`error`]), and a writer into
//! a caller's buffer for what is fanned out: [`begin_message`], the body, [`end_frame`]. A caller
//! that splices shared parts writes single headers with [`push_header`].
//!
//! What a version has no way to write is replaced rather than let through as a broken frame: in a
//! value by a space, in a name by `_`. That is LF and CR in 1.0 and CONNECTED, CR in 1.1, `:` in a
//! name where nothing is escaped, NUL everywhere. A header without a name is left out.

use std::io::Write as _;

use bytes::Bytes;

use crate::escape::{Dialect, HeaderHalf};
use crate::{AckMode, Command, HeartBeat, Version};

/// Octet sent when there is nothing to say ("Heart-beating").
pub const HEARTBEAT: &[u8] = b"\n";

/// CONNECTED: the session speaks `version`. `heart_beat` is left out in 1.0, which has none.
pub fn connected(version: Version, server: &str, session: &str, heart_beat: HeartBeat) -> Bytes {
    let mut out = Vec::with_capacity(96);
    let headers = [("version", version.as_str()), ("server", server), ("session", session)];
    begin_frame(&mut out, Command::Connected, version, headers);
    if version > Version::V1_0 {
        push_header(&mut out, version, "heart-beat", &heart_beat.to_string());
    }
    end_headers(&mut out);
    end_frame(&mut out);
    Bytes::from(out)
}

/// RECEIPT: the frame that carried `receipt: id` was processed.
pub fn receipt(version: Version, id: &str) -> Bytes {
    let mut out = Vec::with_capacity(32);
    begin_frame(&mut out, Command::Receipt, version, [("receipt-id", id)]);
    end_headers(&mut out);
    end_frame(&mut out);
    Bytes::from(out)
}

/// ERROR: `message` in a few words, the cause in full as the body. The connection must be closed
/// after it. Before CONNECTED, `version` is 1.0, whatever has been agreed upon.
pub fn error(version: Version, message: &str, receipt_id: Option<&str>, body: &str) -> Bytes {
    let receipt_id = receipt_id.map(|id| ("receipt-id", id));
    error_with(version, [("message", message)].into_iter().chain(receipt_id), body)
}

/// An ERROR with other headers than [`error`] has.
pub(crate) fn error_with<'a>(
    version: Version,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &str,
) -> Bytes {
    let mut out = Vec::with_capacity(128);
    begin_frame(&mut out, Command::Error, version, headers);
    push_header(&mut out, version, "content-type", "text/plain");
    push_content_length(&mut out, body.len());
    end_headers(&mut out);
    out.extend_from_slice(body.as_bytes());
    end_frame(&mut out);
    Bytes::from(out)
}

/// The header by which a client acknowledges a MESSAGE, as `id` of its ACK or NACK: only in 1.2,
/// and there in the two modes that ask for acknowledgements (STOMP 1.2, "MESSAGE"). Clients of 1.0
/// and 1.1 acknowledge by `message-id`, which has to tell one delivery from another there.
pub const fn ack_header(version: Version, mode: AckMode, id: &str) -> Option<(&'static str, &str)> {
    match (version, mode) {
        (Version::V1_2, AckMode::Client | AckMode::ClientIndividual) => Some(("ack", id)),
        _ => None,
    }
}

/// Writes a MESSAGE up to its body. The caller appends the body and calls [`end_frame`].
///
/// With a `content_length` the body must have just so many octets; without, it must hold no NUL.
pub fn begin_message<N: AsRef<str>, V: AsRef<str>>(
    out: &mut Vec<u8>,
    version: Version,
    headers: impl IntoIterator<Item = (N, V)>,
    content_length: Option<usize>,
) {
    begin_frame(out, Command::Message, version, headers);
    if let Some(length) = content_length {
        push_content_length(out, length);
    }
    end_headers(out);
}

/// Writes a command and headers. More may follow by [`push_header`], until [`end_headers`].
pub fn begin_frame<N: AsRef<str>, V: AsRef<str>>(
    out: &mut Vec<u8>,
    command: Command,
    version: Version,
    headers: impl IntoIterator<Item = (N, V)>,
) {
    out.extend_from_slice(command.as_str().as_bytes());
    out.push(b'\n');
    for (name, value) in headers {
        push(out, Dialect::of(command, version), name.as_ref(), value.as_ref());
    }
}

/// Writes one header line of any frame but CONNECT and CONNECTED, escaped for `version`.
pub fn push_header(out: &mut Vec<u8>, version: Version, name: &str, value: &str) {
    push(out, Dialect::of(Command::Message, version), name, value);
}

/// Writes the blank line between headers and body.
pub fn end_headers(out: &mut Vec<u8>) {
    out.push(b'\n');
}

/// Writes what ends a frame. No EOL follows: it would count as a heart-beat.
pub fn end_frame(out: &mut Vec<u8>) {
    out.push(0);
}

fn push(out: &mut Vec<u8>, dialect: Dialect, name: &str, value: &str) {
    // A name of blanks alone would be none to a reader that trims.
    if name.trim().is_empty() {
        return;
    }
    dialect.escape_into(out, HeaderHalf::Name, name);
    out.push(b':');
    dialect.escape_into(out, HeaderHalf::Value, value);
    out.push(b'\n');
}

/// Writes the content-length of a body of `length` octets.
pub fn push_content_length(out: &mut Vec<u8>, length: usize) {
    // Writing to a vector does not fail.
    let _ = writeln!(out, "content-length:{length}");
}

/// Writes a header value that stands apart from its line, escaped for `version` as [`push_header`] does.
pub fn push_value(out: &mut Vec<u8>, version: Version, value: &str) {
    Dialect::of(Command::Message, version).escape_into(out, HeaderHalf::Value, value);
}
