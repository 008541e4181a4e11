//! How far the server is on its way from start to stop.

/// What acceptor and shards are to do; each follows it in a `watch` channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Serve.
    Serve,
    /// Accept nothing new.
    Refuse,
    /// Hand over what is published and close every socket.
    Drain,
}
