//! Rules between values, once each is of the right type.

use hub_core::settings::Thresholds;
use hub_server::Bind;

use super::fault::Fault;
use super::{Config, origins};

/// Addresses of a service, with the keys that set them.
#[derive(Clone, Copy)]
pub(super) struct Listener<'a> {
    pub(super) section: &'static str,
    pub(super) bind: &'a Bind,
    pub(super) tls: bool,
}

/// The listener of each service.
pub(super) fn listeners(config: &Config) -> [Listener<'_>; 5] {
    let Config { analytics, leaderboard, rttm, autotrader, gateway, .. } = config;
    let listener = |section, bind, tls| Listener { section, bind, tls };
    [
        listener("analytics", &analytics.bind, analytics.tls),
        listener("leaderboard", &leaderboard.bind, leaderboard.tls),
        listener("rttm", &rttm.bind, rttm.tls),
        listener("autotrader", &autotrader.bind, autotrader.tls),
        listener("gateway", &gateway.bind, gateway.tls),
    ]
}

/// Checks everything against everything.
pub(super) fn check(config: &Config) -> Result<(), Fault> {
    config.limits.check().map_err(|error| Fault::new(format!("limits.{}", error.key), error.reason))?;
    ranges(config)?;
    origins::check_origins(&config.server.allowed_origins)?;
    origins::check_hosts(&config.server.allowed_hosts)?;
    thresholds(config)?;
    origins::check_public_url(&config.gateway.public_url)?;
    check_listeners(&listeners(config), config)
}

/// Checks the listeners of services against each other and against what they need of the rest.
pub(super) fn check_listeners(listeners: &[Listener<'_>], config: &Config) -> Result<(), Fault> {
    ports(listeners)?;
    tls(listeners, config)?;
    open_doors(listeners, config)
}

fn ranges(config: &Config) -> Result<(), Fault> {
    let (server, demo) = (&config.server, &config.demo);
    let (rttm, trader) = (&config.rttm, &config.autotrader);
    let ranges: [(&str, u64, u64, u64); 26] = [
        ("server.workers", server.workers as u64, 0, 1024),
        ("server.listen_backlog", server.listen_backlog.into(), 0, i32::MAX as u64),
        ("server.flush_ms", server.flush_ms, 1, 60_000),
        ("server.resume_horizon_ms", server.resume_horizon_ms.into(), 1_000, 86_400_000),
        ("server.deflate_min_bytes", server.deflate_min_bytes as u64, 0, 1 << 30),
        ("server.deflate_level", server.deflate_level.into(), 1, 9),
        ("analytics.idempotency_hours", config.analytics.idempotency_hours.into(), 1, 8_784),
        ("rttm.trades_kept", rttm.trades_kept.into(), 1, 1_000_000),
        ("rttm.trades_bytes", rttm.trades_bytes.into(), 1 << 20, u32::MAX.into()),
        ("rttm.trade_events_kept", rttm.trade_events_kept.into(), 1, 1_000),
        ("rttm.event_ids_kept", rttm.event_ids_kept.into(), 1_000, 10_000_000),
        ("rttm.dead_letters_kept", rttm.dead_letters_kept.into(), 0, 100_000),
        ("rttm.dead_letter_classes", rttm.dead_letter_classes.into(), 0, 10_000),
        ("rttm.queues_kept", rttm.queues_kept.into(), 1, 10_000),
        ("rttm.cleared_alerts_kept", rttm.cleared_alerts_kept.into(), 0, 1_000),
        ("autotrader.active_sessions_max", trader.active_sessions_max.into(), 1, 100_000),
        ("autotrader.stopped_sessions_kept", trader.stopped_sessions_kept.into(), 0, 100_000),
        ("autotrader.open_trades_max", trader.open_trades_max.into(), 1, 10_000),
        ("autotrader.closed_trades_kept", trader.closed_trades_kept.into(), 0, 100_000),
        ("demo.portfolios", demo.portfolios.into(), 1, 100_000),
        ("demo.symbols", demo.symbols.into(), 1, 10_000),
        ("demo.prices_per_second", demo.prices_per_second.into(), 0, 100_000),
        ("demo.transactions_per_second", demo.transactions_per_second.into(), 0, 100_000),
        ("demo.risk_per_second", demo.risk_per_second.into(), 0, 100_000),
        ("demo.trades_per_second", demo.trades_per_second.into(), 0, 10_000),
        ("demo.trading_sessions", demo.trading_sessions.into(), 0, 100),
    ];
    for (key, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            return Err(Fault::new(key, format!("must be {least} to {most}")));
        }
    }
    for (key, share) in
        [("demo.invalid_share", demo.invalid_share), ("demo.failing_share", demo.failing_share)]
    {
        if !(0.0..=1.0).contains(&share) {
            return Err(Fault::new(key, "must be 0 to 1"));
        }
    }
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

/// An alert that nothing can clear, or that is critical before it is a
/// warning, makes no sense.
fn thresholds(config: &Config) -> Result<(), Fault> {
    for (what, Thresholds { warning, critical }) in config.rttm.thresholds() {
        let unit = if what == "latency" { "_ms" } else { "" };
        if warning == 0 {
            return Err(Fault::new(format!("rttm.{what}_warning{unit}"), "must be at least 1"));
        }
        if critical < warning {
            let reason = format!("must be at least rttm.{what}_warning{unit}");
            return Err(Fault::new(format!("rttm.{what}_critical{unit}"), reason));
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
