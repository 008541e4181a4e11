//! The addresses where a service listens.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The addresses of one service (`bind`), which share one port; 0 is any free
/// one. Each is `localhost:PORT`, which is every loopback address that the
/// machine has, or an IP address with its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bind(Vec<Address>);

/// One of them, as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Address {
    Localhost(u16),
    Ip(SocketAddr),
}

/// A socket to listen at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListenAddress {
    /// Its address; no IPv4 address is written as one of IPv6.
    pub address: SocketAddr,
    /// True: `[::]` leaves IPv4 to others.
    pub only_v6: bool,
    /// True: a machine that does not have the address can do without it.
    pub optional: bool,
}

/// No address that a service can listen at.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BindError {
    /// A text is no address, or there is none.
    #[error(
        "must be localhost or an IP address, with a port, such as localhost:8086, 127.0.0.1:8086 or \
         [::1]:8086, or a list of these"
    )]
    Address,
    /// Addresses of one service have different ports.
    #[error("must be addresses with one and the same port")]
    Ports,
}

impl Bind {
    /// Every loopback address, with this port.
    pub fn localhost(port: u16) -> Bind {
        Bind(vec![Address::Localhost(port)])
    }

    /// These addresses, as they are written in a configuration.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Bind, BindError> {
        let addresses: Vec<Address> = texts.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        let port = addresses.first().ok_or(BindError::Address)?.port();
        if addresses.iter().any(|address| address.port() != port) {
            return Err(BindError::Ports);
        }
        Ok(Bind(addresses))
    }

    /// The port of all its addresses.
    pub fn port(&self) -> u16 {
        self.0.first().map_or(0, Address::port)
    }

    /// True where only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.ips().all(|ip| ip.is_loopback())
    }

    /// The sockets that it takes. `[::]` covers IPv4, too, unless an IPv4
    /// address is named; what another address covers is left out.
    pub fn listen_addresses(&self) -> Vec<ListenAddress> {
        let named_v4 = self.0.iter().any(|address| matches!(address, Address::Ip(at) if is_v4(*at)));
        let any_v4 = self.ips().any(|ip| ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let any_v6 = self.ips().any(|ip| ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let covered = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => !ip.is_unspecified() && (any_v4 || any_v6 && !named_v4),
            IpAddr::V6(ip) => !ip.is_unspecified() && any_v6,
        };
        let mut all: Vec<ListenAddress> = Vec::new();
        for (address, optional) in self.sockets() {
            let double = all.iter().any(|other| other.address == address);
            if !double && !covered(address.ip()) {
                all.push(ListenAddress { address, only_v6: named_v4, optional });
            }
        }
        all
    }

    /// The host as it is called on this machine: `localhost` where that leads to it
    /// whichever way it is resolved, else its first address.
    pub fn host(&self) -> String {
        // Of IPv4 all are not those of IPv6.
        let all = |ip: IpAddr, wanted: IpAddr| ip.is_unspecified() && (ip.is_ipv6() || wanted.is_ipv4());
        let has = |wanted: IpAddr| self.ips().any(|ip| ip == wanted || all(ip, wanted));
        let named = self.0.iter().any(|address| matches!(address, Address::Localhost(_)));
        let both = has(Ipv4Addr::LOCALHOST.into()) && has(Ipv6Addr::LOCALHOST.into());
        match self.ips().next() {
            Some(IpAddr::V6(ip)) if !named && !both => format!("[{ip}]"),
            Some(IpAddr::V4(ip)) if ip.is_unspecified() && !both => Ipv4Addr::LOCALHOST.to_string(),
            Some(IpAddr::V4(ip)) if !named && !both => ip.to_string(),
            _ => "localhost".to_owned(),
        }
    }

    fn ips(&self) -> impl Iterator<Item = IpAddr> {
        self.sockets().map(|(address, _)| address.ip())
    }

    /// Every address, and whether it may be missing.
    fn sockets(&self) -> impl Iterator<Item = (SocketAddr, bool)> {
        self.0.iter().flat_map(|address| match *address {
            Address::Localhost(port) => {
                let ips = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                ips.map(|ip| (SocketAddr::new(ip, port), true)).to_vec()
            }
            Address::Ip(at) => vec![(canonical(at), false)],
        })
    }
}

/// An IPv4 address may be written as one of IPv6 (`::ffff:127.0.0.1`).
fn canonical(mut address: SocketAddr) -> SocketAddr {
    if let ip @ IpAddr::V4(_) = address.ip().to_canonical() {
        address.set_ip(ip);
    }
    address
}

fn is_v4(address: SocketAddr) -> bool {
    canonical(address).is_ipv4()
}

impl Address {
    fn port(&self) -> u16 {
        match self {
            Address::Localhost(port) => *port,
            Address::Ip(address) => address.port(),
        }
    }
}

impl FromStr for Address {
    type Err = BindError;

    fn from_str(text: &str) -> Result<Address, BindError> {
        if let Ok(address) = text.parse() {
            return Ok(Address::Ip(address));
        }
        let (host, port) = text.split_once(':').ok_or(BindError::Address)?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        match port.parse() {
            Ok(port) if digits && host.eq_ignore_ascii_case("localhost") => Ok(Address::Localhost(port)),
            _ => Err(BindError::Address),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Localhost(port) => write!(f, "localhost:{port}"),
            Address::Ip(address) => address.fmt(f),
        }
    }
}

/// One address is a text, several are a list of texts.
impl JsonSchema for Bind {
    fn schema_name() -> Cow<'static, str> {
        "Bind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
    }
}

impl Serialize for Bind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [address] = self.0.as_slice() {
            return serializer.collect_str(address);
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for address in &self.0 {
            list.serialize_element(&address.to_string())?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Bind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bind, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
                Ok(vec![text.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(texts)
            }
        }

        let texts = deserializer.deserialize_any(OneOrMore)?;
        Bind::parse(texts.iter().map(String::as_str)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(texts: &[&str]) -> Bind {
        Bind::parse(texts.iter().copied()).unwrap_or_else(|error| panic!("{texts:?}: {error}"))
    }

    #[test]
    fn one_text_or_a_list_is_every_socket_of_a_service_once() {
        for (texts, sockets) in [
            (&["localhost:1"][..], &["127.0.0.1:1", "[::1]:1"][..]),
            (&["LocalHost:1", "127.0.0.1:1"], &["127.0.0.1:1", "[::1]:1"]),
            (&["127.0.0.1:1"], &["127.0.0.1:1"]),
            (&["[::ffff:127.0.0.1]:1"], &["127.0.0.1:1"]),
            (&["10.0.0.1:1", "localhost:1"], &["10.0.0.1:1", "127.0.0.1:1", "[::1]:1"]),
            (&["0.0.0.0:1", "localhost:1"], &["0.0.0.0:1", "[::1]:1"]),
            (&["[::]:1"], &["[::]:1 and IPv4"]),
            (&["[::]:1", "localhost:1"], &["[::]:1 and IPv4"]),
            (&["[::]:1", "0.0.0.0:1"], &["[::]:1", "0.0.0.0:1"]),
            (&["[::]:1", "127.0.0.1:1"], &["[::]:1", "127.0.0.1:1"]),
        ] {
            let told = |at: ListenAddress| {
                let every = at.address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && !at.only_v6;
                format!("{}{}", at.address, if every { " and IPv4" } else { "" })
            };
            let found: Vec<String> = bind(texts).listen_addresses().into_iter().map(told).collect();
            assert_eq!(found, sockets, "{texts:?}");
        }
    }

    #[test]
    fn only_what_localhost_means_may_be_missing() {
        let optional = |text| bind(&[text]).listen_addresses().iter().all(|at| at.optional);
        assert!(optional("localhost:0"));
        assert!(!optional("[::1]:0"));
        assert!(!optional("[::]:0"));
    }

    #[test]
    fn what_is_no_address_and_what_has_two_ports_is_refused() {
        for texts in [
            &[][..],
            &[""],
            &["localhost"],
            &["localhost:"],
            &["localhost:+1"],
            &["localhost:65536"],
            &["localhost:http"],
            &["localhost.:1"],
            &["example.com:1"],
            &["127.0.0.1"],
            &["::1:1"],
            &["127.0.0.1:1,[::1]:1"],
            &["127.0.0.1:1", ""],
        ] {
            assert_eq!(Bind::parse(texts.iter().copied()), Err(BindError::Address), "{texts:?}");
        }
        assert_eq!(Bind::parse(["127.0.0.1:1", "localhost:2"]), Err(BindError::Ports));
        assert_eq!(Bind::parse(["127.0.0.1:0", "[::1]:1"]), Err(BindError::Ports));
    }

    #[test]
    fn loopback_is_what_no_other_machine_reaches() {
        for (texts, loopback, host) in [
            (&["localhost:1"][..], true, "localhost"),
            (&["127.0.0.1:1"], true, "127.0.0.1"),
            (&["[::1]:1"], true, "[::1]"),
            (&["127.0.0.1:1", "[::1]:1"], true, "localhost"),
            (&["[::ffff:127.9.9.9]:1"], true, "127.9.9.9"),
            (&["localhost:1", "192.168.1.1:1"], false, "localhost"),
            (&["192.168.1.1:1"], false, "192.168.1.1"),
            (&["0.0.0.0:1"], false, "127.0.0.1"),
            (&["[::]:1"], false, "localhost"),
        ] {
            let bind = bind(texts);
            assert_eq!((bind.is_loopback(), &*bind.host()), (loopback, host), "{texts:?}");
        }
    }
}
