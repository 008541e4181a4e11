//! Access that routes, sockets and topics ask for.

/// Access that a route, a socket or a topic asks for: data beside what it serves.
///
/// Whoever adds a member has [`admits`](Access::admits) to answer for it, which each door asks:
/// REST before a handler, an upgrade before its session, a subscription before its source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Nothing: whoever reaches the port.
    Anyone,
}

impl Access {
    /// Says whether a caller is let in. There are no credentials yet, so nothing is asked of one.
    pub fn admits(self) -> bool {
        match self {
            Access::Anyone => true,
        }
    }
}
