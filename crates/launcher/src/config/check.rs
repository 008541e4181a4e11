//! Rules between values, once each is of the right type.

use std::net::SocketAddr;

use ::config::ConfigError as LayerError;

use super::Config;
use super::error::ConfigError;
use super::layer::Layer;

/// A key whose value can't be, and why; the value and its origin are looked up
/// where the layers are known.
#[derive(PartialEq, Debug)]
pub(super) struct Fault {
    key: String,
    reason: String,
}

impl Fault {
    fn new(key: impl Into<String>, reason: impl Into<String>) -> Fault {
        Fault { key: key.into(), reason: reason.into() }
    }

    /// The error: the topmost layer that sets the key is at fault.
    pub(super) fn locate(self, layers: &[Layer]) -> ConfigError {
        // An element of a list is `relay.destinations[1]`.
        let key = self.key.split('[').next().unwrap_or_default();
        match layers.iter().rev().find_map(|layer| layer.get(key)) {
            Some(entry) => entry.clone().refused(key, &self.reason),
            None => ConfigError::Layering(format!("{}: {}", self.key, self.reason)),
        }
    }
}

impl From<LayerError> for Fault {
    /// Of a value that has the right kind and yet is no value of its field's
    /// type.
    fn from(error: LayerError) -> Fault {
        match error {
            LayerError::At { error, key, .. } => {
                Fault { key: key.unwrap_or_default(), reason: Fault::from(*error).reason }
            }
            LayerError::Type { expected, key, .. } => {
                Fault::new(key.unwrap_or_default(), format!("must be {expected}"))
            }
            other => Fault::new("", other.to_string()),
        }
    }
}

/// Where each service listens, with its section.
pub(super) fn binds(config: &Config) -> [(&'static str, SocketAddr); 1] {
    [("analytics", config.analytics.bind)]
}

/// Whether only this machine can reach it.
pub(super) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Checks everything against everything.
pub(super) fn check(config: &Config) -> Result<(), Fault> {
    config.limits.check().map_err(|error| Fault::new(format!("limits.{}", error.key), error.reason))?;
    ranges(config)?;
    origins(&config.server.allowed_origins)?;
    ports(&binds(config))?;
    tls(config)?;
    open_doors(config)
}

fn ranges(config: &Config) -> Result<(), Fault> {
    let (server, demo) = (&config.server, &config.demo);
    let ranges: [(&str, u64, u64, u64); 8] = [
        ("server.workers", server.workers as u64, 0, 1024),
        ("server.flush_ms", server.flush_ms, 1, 60_000),
        ("server.resume_horizon_ms", server.resume_horizon_ms.into(), 1_000, 86_400_000),
        ("analytics.idempotency_hours", config.analytics.idempotency_hours.into(), 1, 8_784),
        ("demo.portfolios", demo.portfolios.into(), 1, 100_000),
        ("demo.symbols", demo.symbols.into(), 1, 10_000),
        ("demo.prices_per_second", demo.prices_per_second.into(), 0, 100_000),
        ("demo.transactions_per_second", demo.transactions_per_second.into(), 0, 100_000),
    ];
    for (key, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            return Err(Fault::new(key, format!("must be {least} to {most}")));
        }
    }
    if !(0.0..=1.0).contains(&demo.invalid_share) {
        return Err(Fault::new("demo.invalid_share", "must be 0 to 1"));
    }
    if u64::from(server.resume_horizon_ms) < server.flush_ms {
        return Err(Fault::new("server.resume_horizon_ms", "must be at least server.flush_ms"));
    }
    if config.log.path.as_os_str().is_empty() {
        return Err(Fault::new("log.path", "must be the path of a file, such as data/hub.db"));
    }
    Ok(())
}

/// An origin is what a browser sends: scheme, host, and a port unless it is
/// the scheme's own (RFC 6454 section 6.2); here the port may be `*`.
fn origins(origins: &[String]) -> Result<(), Fault> {
    let right = |origin: &String| {
        let (scheme, host) = origin.split_once("://")?;
        let own_port = [("http", "80"), ("https", "443")].into_iter().find(|(name, _)| *name == scheme)?.1;
        let (host, port) = match host.rsplit_once(':') {
            // The colons of an IPv6 address are within brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host, "*"),
        };
        let name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_[]:".contains(&b);
        let known = port == "*" || port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
        (!host.is_empty() && host.bytes().all(name) && known && port != own_port).then_some(())
    };
    match origins.iter().find(|origin| right(origin).is_none()) {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            "server.allowed_origins",
            "each must be an origin as browsers send it, in lower case, without a path and without \
             the port 80 of http or 443 of https, such as https://pms.example.com or http://localhost:*",
        )),
    }
}

/// Port 0 is any free one, so any number of services may ask for it.
fn ports(binds: &[(&str, SocketAddr)]) -> Result<(), Fault> {
    for (at, (section, address)) in binds.iter().enumerate() {
        let earlier = binds.iter().take(at).find(|(_, other)| other.port() == address.port());
        if let Some((other, _)) = earlier.filter(|_| address.port() != 0) {
            return Err(Fault::new(
                format!("{section}.bind"),
                format!("must be another port than {other}.bind has"),
            ));
        }
    }
    Ok(())
}

fn tls(config: &Config) -> Result<(), Fault> {
    let server = &config.server;
    match (&server.tls_certificate, &server.tls_key) {
        (Some(_), None) => Err(Fault::new("server.tls_certificate", "needs server.tls_key, too")),
        (None, Some(_)) => Err(Fault::new("server.tls_key", "needs server.tls_certificate, too")),
        (None, None) if config.analytics.tls => {
            Err(Fault::new("analytics.tls", "needs server.tls_certificate and server.tls_key"))
        }
        _ => Ok(()),
    }
}

/// Nothing asks for credentials yet, so who reaches a port may use it.
fn open_doors(config: &Config) -> Result<(), Fault> {
    if config.auth.allow_open {
        return Ok(());
    }
    match binds(config).into_iter().find(|(_, address)| !is_loopback(*address)) {
        None => Ok(()),
        Some((section, _)) => Err(Fault::new(
            format!("{section}.bind"),
            "other machines can reach this address and authentication is off: \
             bind 127.0.0.1 or, if that is meant, set auth.allow_open = true",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_services_never_share_a_port_unless_it_is_any() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let clash = ports(&[("analytics", at("127.0.0.1:8086")), ("rttm", at("[::1]:8086"))]).unwrap_err();
        assert_eq!(clash, Fault::new("rttm.bind", "must be another port than analytics.bind has"));
        assert_eq!(ports(&[("analytics", at("127.0.0.1:0")), ("rttm", at("127.0.0.1:0"))]), Ok(()));
        assert_eq!(ports(&[("analytics", at("127.0.0.1:1")), ("rttm", at("127.0.0.1:2"))]), Ok(()));
    }
}
