//! Headers that are nobody's to choose: what a SEND says for itself, and what the server says of a
//! MESSAGE. Whatever door a message comes in by, this is the list.

/// Between a SEND's sender and the server; no MESSAGE carries them on.
const OF_SEND: [&str; 4] = ["destination", "content-length", "receipt", "transaction"];

/// Headers that a client believes of its own subscription, because the server says them: the protocol's headers of a
/// MESSAGE, and how a subscription may go on after a reconnect.
const OF_SERVER: [&str; 7] =
    ["subscription", "message-id", "ack", "redelivered", "receipt-id", "resume", "snapshot"];

/// True for a header that a published message may not carry, as it is the protocol's or the server's. Case and blanks
/// make no difference, as there are readers to whom they make none.
///
/// ```
/// assert!(hub_stomp::is_reserved("resume") && hub_stomp::is_reserved(" Message-Id"));
/// assert!(!hub_stomp::is_reserved("content-type") && !hub_stomp::is_reserved("resumed"));
/// ```
pub fn is_reserved(name: &str) -> bool {
    is_of_send(name) || is_of_server(name)
}

pub(crate) fn is_of_send(name: &str) -> bool {
    is_among(&OF_SEND, name)
}

pub(crate) fn is_of_server(name: &str) -> bool {
    is_among(&OF_SERVER, name)
}

fn is_among(names: &[&str], name: &str) -> bool {
    let name = name.trim();
    names.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}
