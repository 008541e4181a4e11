//! Rules between values, once each is of the right type and in its range.

use hub_server::Bind;

use super::fault::Fault;
use super::{Config, origins, services};

/// Addresses of a service, with the keys that set them.
#[derive(Clone, Copy)]
pub(super) struct Listener<'a> {
    pub(super) section: &'static str,
    pub(super) bind: &'a Bind,
    pub(super) tls: bool,
}

/// Checks everything against everything.
pub(super) fn check(config: &Config) -> Result<(), Fault> {
    config.limits.check()?;
    server(config)?;
    origins::check_origins(&config.server.allowed_origins)?;
    origins::check_hosts(&config.server.allowed_hosts)?;
    #[cfg(feature = "rttm")]
    config.rttm.check()?;
    origins::check_public_url(&config.gateway.public_url)?;
    check_listeners(&services::listeners(config), config)
}

/// Checks the listeners of services against each other and against what they need of the rest.
pub(super) fn check_listeners(listeners: &[Listener<'_>], config: &Config) -> Result<(), Fault> {
    ports(listeners)?;
    tls(listeners, config)?;
    open_doors(listeners, config)
}

fn server(config: &Config) -> Result<(), Fault> {
    let server = &config.server;
    if !(server.tls_reload_ms == 0 || (100..=86_400_000).contains(&server.tls_reload_ms)) {
        return Err(Fault::new("server.tls_reload_ms", "must be 0 (at SIGHUP only) or 100 to 86400000"));
    }
    if u64::from(server.resume_horizon_ms) < server.flush_ms {
        return Err(Fault::new("server.resume_horizon_ms", "must be at least server.flush_ms"));
    }
    if config.log.path.as_os_str().is_empty() {
        return Err(Fault::new("log.path", "must be the path of a file, such as data/hub.db"));
    }
    Ok(())
}

/// Port 0 is any free one, so any number of services may ask for it.
fn ports(listeners: &[Listener]) -> Result<(), Fault> {
    for (at, Listener { section, bind, .. }) in listeners.iter().enumerate() {
        let earlier = listeners.iter().take(at).find(|other| other.bind.port() == bind.port());
        if let Some(other) = earlier.filter(|_| bind.port() != 0) {
            return Err(Fault::new(
                format!("{section}.bind"),
                format!("must be another port than {}.bind has", other.section),
            ));
        }
    }
    Ok(())
}

fn tls(listeners: &[Listener<'_>], config: &Config) -> Result<(), Fault> {
    let server = &config.server;
    match (&server.tls_certificate, &server.tls_key) {
        (Some(_), None) => Err(Fault::new("server.tls_certificate", "needs server.tls_key, too")),
        (None, Some(_)) => Err(Fault::new("server.tls_key", "needs server.tls_certificate, too")),
        (None, None) => match listeners.iter().find(|listener| listener.tls) {
            Some(Listener { section, .. }) => {
                Err(Fault::new(format!("{section}.tls"), "needs server.tls_certificate and server.tls_key"))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Nothing asks for credentials yet, so who reaches a port may use it.
fn open_doors(listeners: &[Listener<'_>], config: &Config) -> Result<(), Fault> {
    if config.auth.allow_open {
        return Ok(());
    }
    match listeners.iter().find(|listener| !listener.bind.is_loopback()) {
        None => Ok(()),
        Some(Listener { section, .. }) => Err(Fault::new(
            format!("{section}.bind"),
            "other machines can reach this address and authentication is off: \
             bind localhost or, if that is meant, set auth.allow_open = true",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_services_never_share_a_port_unless_it_is_any() {
        let ports = |first: &str, second: &str| {
            let binds = [first, second].map(|text| Bind::parse([text]).unwrap());
            let at = |section, bind| Listener { section, bind, tls: false };
            ports(&[at("analytics", &binds[0]), at("rttm", &binds[1])])
        };
        for (first, second) in [("127.0.0.1:8086", "[::1]:8086"), ("localhost:8086", "10.0.0.1:8086")] {
            let clash = ports(first, second).unwrap_err();
            assert_eq!(clash, Fault::new("rttm.bind", "must be another port than analytics.bind has"));
        }
        assert_eq!(ports("localhost:0", "localhost:0"), Ok(()));
        assert_eq!(ports("127.0.0.1:0", "127.0.0.1:0"), Ok(()));
        assert_eq!(ports("127.0.0.1:1", "127.0.0.1:2"), Ok(()));
    }
}
