//! Stage of the server on its way from start to stop.

/// Orders to acceptor and shards; each follows it in a `watch` channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Serve.
    Serve,
    /// Accept nothing new.
    Refuse,
    /// Hand over what is published and close every socket.
    Drain,
}
