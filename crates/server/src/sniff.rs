//! Which protocol a peer speaks, by its first bytes.

/// Protocol that the first bytes show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// HTTP/1.x, or nothing known: HTTP's parser says what is wrong with it.
    Http,
    /// STOMP straight over TCP.
    Stomp,
}

/// The frames a STOMP client may begin with.
const OPENINGS: [&[u8]; 2] = [b"CONNECT", b"STOMP"];

/// Tells the protocol, or `None` if more bytes are needed. STOMP allows EOLs
/// before a frame, and HTTP servers ignore them before a request line, so
/// they tell nothing. `CONNECT` followed by a blank is HTTP's method, followed
/// by an end of line it is STOMP's command.
pub fn sniff(bytes: &[u8]) -> Option<Protocol> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let bytes = &bytes[start..];
    for opening in OPENINGS {
        if opening.starts_with(bytes) {
            return None;
        }
        if let Some(after) = bytes.strip_prefix(opening) {
            return match after {
                [b'\n', ..] | [b'\r', b'\n', ..] => Some(Protocol::Stomp),
                [b'\r'] => None,
                _ => Some(Protocol::Http),
            };
        }
    }
    Some(Protocol::Http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stomp_and_http_are_told_apart_at_the_first_byte_that_differs() {
        for text in ["CONNECT\n", "CONNECT\r\n", "STOMP\naccept", "\nCONNECT\n", "\r\n\r\nSTOMP\r\n"] {
            assert_eq!(sniff(text.as_bytes()), Some(Protocol::Stomp), "{text:?}");
        }
        for text in
            ["GET / HTTP/1.1", "CONNECT host:80 HTTP/1.1", "\r\nPOST", "STOMPED", "X", "CONNECT\rX", "\0"]
        {
            assert_eq!(sniff(text.as_bytes()), Some(Protocol::Http), "{text:?}");
        }
        for text in ["", "C", "CONNECT", "CONNECT\r", "STO", "\r\n", "\nCONN"] {
            assert_eq!(sniff(text.as_bytes()), None, "{text:?}");
        }
    }
}
