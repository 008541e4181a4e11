//! The sockets that services listen at.

use std::io;
use std::net::{SocketAddr, TcpListener};

use hub_server::{Bind, ListenAddress, Service};
use socket2::{Domain, Socket, Type};

use crate::address::ServiceAddress;
use crate::start_error::StartError;

/// Attempts to find another free port where the first one's number is taken at another address of the service.
const PORT_ATTEMPTS: usize = 16;

/// The listeners of each service, and where they are.
pub(crate) fn of_all(
    services: &[Service],
    backlog: u32,
) -> Result<(Vec<Vec<TcpListener>>, Vec<ServiceAddress>), StartError> {
    let (mut all, mut addresses) = (Vec::new(), Vec::new());
    for Service { name, section, bind, tls, .. } in services {
        let listeners = listen(bind, backlog).map_err(|Unbound { address, cause }| StartError::Bind {
            section,
            address,
            cause,
        })?;
        let (bound, listeners): (Vec<SocketAddr>, Vec<_>) = listeners.into_iter().unzip();
        let port = bound.first().map_or(0, SocketAddr::port);
        addresses.push(ServiceAddress { name, host: bind.host(), port, bound, tls: *tls });
        all.push(listeners);
    }
    Ok((all, addresses))
}

/// An address that can't be listened at.
#[derive(Debug)]
struct Unbound {
    /// Which.
    address: SocketAddr,
    /// Cause, from the system.
    cause: io::Error,
}

/// Listens at all addresses of a service, with one port; `backlog` connections
/// may wait at each, 0 is as many as the system allows.
fn listen(bind: &Bind, backlog: u32) -> Result<Vec<(SocketAddr, TcpListener)>, Unbound> {
    listen_by(bind, |at, address| {
        let listener = open(at, address, backlog)?;
        Ok((listener.local_addr()?, listener))
    })
}

/// The same by way of `open`, which gives a listener and its address.
fn listen_by<L>(
    bind: &Bind,
    open: impl Fn(ListenAddress, SocketAddr) -> io::Result<(SocketAddr, L)>,
) -> Result<Vec<(SocketAddr, L)>, Unbound> {
    let mut attempts = if bind.port() == 0 { PORT_ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match listen_once(&bind.listen_addresses(), &open) {
            Err(unbound) if attempts > 0 && unbound.cause.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

/// The first address may have any port, the others have the same.
fn listen_once<L>(
    addresses: &[ListenAddress],
    open: impl Fn(ListenAddress, SocketAddr) -> io::Result<(SocketAddr, L)>,
) -> Result<Vec<(SocketAddr, L)>, Unbound> {
    let (mut listeners, mut port, mut missing) = (Vec::new(), None, None);
    for at in addresses {
        let mut address = at.address;
        address.set_port(port.unwrap_or(address.port()));
        match open(*at, address) {
            Ok((own, listener)) => {
                port = Some(own.port());
                listeners.push((own, listener));
            }
            Err(cause) if at.optional && is_missing(&cause) => missing = Some(Unbound { address, cause }),
            Err(cause) => return Err(Unbound { address, cause }),
        }
    }
    match missing {
        Some(unbound) if listeners.is_empty() => Err(unbound),
        _ => Ok(listeners),
    }
}

/// True if the machine has no such address, or nothing of its kind.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(libc::EAFNOSUPPORT)
}

fn open(at: ListenAddress, address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart need not wait for the connections of the process before.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(at.only_v6)?;
    }
    socket.bind(&address.into())?;
    // The system cuts what is more than it allows.
    let most = i32::MAX;
    socket.listen(if backlog == 0 { most } else { backlog.try_into().unwrap_or(most) })?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    /// As many connections as may come at once without one that waits.
    const STORM: usize = 3_000;

    /// Files of the test beside its sockets.
    const OWN_FILES: usize = 200;

    fn bind(texts: &[&str]) -> Bind {
        Bind::parse(texts.iter().copied()).unwrap()
    }

    fn addresses<L>(listeners: &[(SocketAddr, L)]) -> Vec<SocketAddr> {
        listeners.iter().map(|(address, _)| *address).collect()
    }

    fn error(kind: io::ErrorKind) -> io::Error {
        kind.into()
    }

    #[test]
    fn a_service_has_one_port_at_all_its_addresses() {
        for texts in [&["localhost:0"][..], &["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"]] {
            let listeners = listen(&bind(texts), 0).unwrap();
            let found = addresses(&listeners);
            assert!(found.iter().all(|address| address.port() == found[0].port()), "{found:?}");
            for address in found {
                TcpStream::connect(address).unwrap();
            }
        }
    }

    #[test]
    fn another_port_is_tried_while_one_is_free_at_some_addresses_only_and_not_for_ever() {
        let given = Cell::new(0);
        let taken_below = |least: u16| {
            let given = &given;
            move |_, mut address: SocketAddr| match address {
                SocketAddr::V4(_) => {
                    given.set(given.get() + 1);
                    address.set_port(if address.port() == 0 { given.get() } else { address.port() });
                    Ok((address, ()))
                }
                SocketAddr::V6(_) if address.port() < least => Err(error(io::ErrorKind::AddrInUse)),
                SocketAddr::V6(_) => Ok((address, ())),
            }
        };
        let localhost = Bind::localhost(0);
        let found = addresses(&listen_by(&localhost, taken_below(3)).unwrap());
        assert_eq!(found, ["127.0.0.1:3".parse().unwrap(), "[::1]:3".parse().unwrap()]);
        given.set(0);
        assert!(listen_by(&localhost, taken_below(u16::MAX)).is_err());
        assert_eq!(usize::from(given.get()), PORT_ATTEMPTS);
        given.set(0);
        let unbound = listen_by(&Bind::localhost(9), taken_below(u16::MAX)).unwrap_err();
        assert_eq!((unbound.address, given.get()), ("[::1]:9".parse().unwrap(), 1), "a port that is meant");
    }

    #[test]
    fn localhost_does_without_what_the_machine_does_not_have() {
        let no_v6 = |number: Option<i32>| {
            move |_, address: SocketAddr| match address {
                SocketAddr::V4(_) => Ok((address, ())),
                SocketAddr::V6(_) => Err(match number {
                    Some(number) => io::Error::from_raw_os_error(number),
                    None => error(io::ErrorKind::AddrNotAvailable),
                }),
            }
        };
        for number in [None, Some(libc::EAFNOSUPPORT)] {
            let found = listen_by(&Bind::localhost(9), no_v6(number)).unwrap();
            assert_eq!(addresses(&found), ["127.0.0.1:9".parse().unwrap()]);
            let unbound = listen_by(&bind(&["127.0.0.1:9", "[::1]:9"]), no_v6(number)).unwrap_err();
            assert_eq!(unbound.address, "[::1]:9".parse().unwrap(), "what is named is meant");
        }
        let nothing = |_, _| Err::<(SocketAddr, ()), _>(error(io::ErrorKind::AddrNotAvailable));
        assert!(listen_by(&Bind::localhost(9), nothing).is_err());
        let denied = |_, _| Err::<(SocketAddr, ()), _>(error(io::ErrorKind::PermissionDenied));
        assert!(listen_by(&Bind::localhost(9), denied).is_err());
    }

    #[test]
    fn every_address_of_ipv6_is_every_address_of_ipv4_too_unless_one_is_named() {
        let Ok(listeners) = listen(&bind(&["[::]:0"]), 0) else { return };
        let port = addresses(&listeners)[0].port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        let listeners = listen(&bind(&["[::]:0", "127.0.0.1:0"]), 0).unwrap();
        let port = addresses(&listeners)[0].port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(TcpStream::connect(("127.0.0.2", port)).is_err(), "IPv4 is where it is named");
    }

    /// Nobody accepts: who finds no room waits for ever, so nothing depends on how fast the machine is.
    #[test]
    fn as_many_connections_may_wait_as_the_system_allows() {
        let system = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or("128".into());
        let system: usize = system.trim().parse().unwrap();
        let files = rlimit::increase_nofile_limit(rlimit::INFINITY).unwrap();
        let room = usize::try_from(files).unwrap().saturating_sub(OWN_FILES);
        let listeners = listen(&bind(&["127.0.0.1:0"]), 0).unwrap();
        let address = addresses(&listeners)[0];
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap();
        let storm: Vec<TcpStream> = (0..STORM.min(system).min(room)).map(connect).collect();
        assert!(storm.len() >= 128, "{} connections", storm.len());
    }

    #[test]
    fn a_backlog_that_is_asked_for_is_the_one_there_is() {
        let listeners = listen(&bind(&["127.0.0.1:0"]), 1).unwrap();
        let address = addresses(&listeners)[0];
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(300));
        let connected: Vec<_> = (0..8).map(connect).take_while(Result::is_ok).collect();
        assert!(connected.len() < 8, "with a backlog of 1");
    }
}
