//! Access that routes, sockets and topics ask for.

/// Access that a route, a socket or a topic asks for: data beside what it serves, so that no
/// place decides by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Access {
    /// Nothing: whoever reaches the port.
    Anyone,
}
