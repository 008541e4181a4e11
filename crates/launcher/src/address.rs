//! The place of a service on this machine.

use std::net::SocketAddr;

/// The place where a service listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceAddress {
    /// Its name.
    pub name: &'static str,
    /// The host as it is called on this machine: `localhost` or an IP address.
    pub host: String,
    /// The port of all its addresses.
    pub port: u16,
    /// Every address that it has bound.
    pub bound: Vec<SocketAddr>,
    /// True: TLS is on.
    pub tls: bool,
}

impl ServiceAddress {
    /// `host:port`, as a URL that can be opened on this machine has it.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Those of its addresses that other machines can reach.
    pub fn open(&self) -> impl Iterator<Item = SocketAddr> {
        self.bound.iter().copied().filter(|address| !address.ip().is_loopback())
    }
}
