//! `pms-hub healthcheck`: asks the hub of a configuration whether it is ready,
//! as a container's health check does, which has no other client at hand.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use hub_server::Bind;

use crate::config::Config;

/// Time that each port may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reason why the hub is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// A port that is any free one can't be found from outside.
    #[error("{section}.bind has port 0: it can't be known which port the hub was given")]
    AnyPort {
        /// The section of the service.
        section: &'static str,
    },
    /// Nobody answers.
    #[error("{section} at {address}: {cause}")]
    Unreachable {
        /// The section of the service.
        section: &'static str,
        /// Address that was asked.
        address: SocketAddr,
        /// Cause, from the system.
        cause: std::io::Error,
    },
    /// It answers, and not with 200.
    #[error("{section} at {address}: {status}")]
    NotReady {
        /// The section of the service.
        section: &'static str,
        /// Address that was asked.
        address: SocketAddr,
        /// The status line.
        status: String,
    },
}

/// Asks every port for `/ready`. Of a port that speaks TLS it is only found
/// out whether it takes connections.
pub fn check(config: &Config) -> Result<(), Unhealthy> {
    for (section, bind, tls) in config.listeners() {
        if bind.port() == 0 {
            return Err(Unhealthy::AnyPort { section });
        }
        let (address, answer) = ask_any(bind, tls).map_err(|(address, cause)| Unhealthy::Unreachable {
            section,
            address,
            cause,
        })?;
        if let Some(status) = answer.filter(|status| !status.contains(" 200 ")) {
            return Err(Unhealthy::NotReady { section, address, status });
        }
    }
    Ok(())
}

/// The answer of the first address that gives one; the first one's error if none does: the machine may lack
/// another one.
fn ask_any(bind: &Bind, tls: bool) -> Result<(SocketAddr, Option<String>), (SocketAddr, io::Error)> {
    let mut unreachable = None;
    for at in bind.listen_addresses() {
        let address = reachable(at.address);
        match ask(address, tls) {
            Ok(answer) => return Ok((address, answer)),
            Err(cause) => unreachable = unreachable.or(Some((address, cause))),
        }
    }
    let nowhere = || (SocketAddr::from((Ipv4Addr::LOCALHOST, bind.port())), io::ErrorKind::NotFound.into());
    Err(unreachable.unwrap_or_else(nowhere))
}

/// An address that is every interface's is this machine's, too.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

/// The status line of `GET /ready`; none where TLS hides it.
fn ask(address: SocketAddr, tls: bool) -> std::io::Result<Option<String>> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    if tls {
        return Ok(None);
    }
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let host = address.to_string();
    socket
        .write_all(format!("GET /ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    socket.take(16 << 10).read_to_end(&mut answer)?;
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}
