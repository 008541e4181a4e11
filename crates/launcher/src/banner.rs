//! Banner of the hub on standard output: every URL, once it is ready.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::listeners::ServiceAddress;

/// A line per service with its base URL, as it can be opened on this machine,
/// and where other machines reach it, if they do; then its paths, then
/// `ready`.
pub fn text(addresses: &[ServiceAddress]) -> String {
    let mut text = format!("pms-hub {}\n", env!("CARGO_PKG_VERSION"));
    for service in addresses {
        let (http, ws) = if service.tls { ("https", "wss") } else { ("http", "ws") };
        let (address, reach) = (service.authority(), reach(service));
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:<12} {http}://{address}{reach}", service.name);
        for (what, path) in paths(service.name) {
            let scheme = if matches!(*what, "STOMP" | "JSON") { ws } else { http };
            let _ = writeln!(text, "    {what:<18} {scheme}://{address}{path}");
        }
    }
    text.push_str("ready\n");
    text
}

/// By which addresses other machines reach a service.
fn reach(service: &ServiceAddress) -> String {
    let open: Vec<SocketAddr> = service.open().collect();
    if open.iter().any(|address| address.ip().is_unspecified()) {
        return "  (all interfaces)".to_owned();
    }
    let own = service.authority();
    let others: Vec<String> = open.iter().map(SocketAddr::to_string).filter(|other| *other != own).collect();
    if others.is_empty() { String::new() } else { format!("  (also {})", others.join(", ")) }
}

fn paths(service: &str) -> &'static [(&'static str, &'static str)] {
    match service {
        "analytics" => &[
            ("SockJS", "/ws  (also /)"),
            ("STOMP", "/ws  (also /, /websocket, /ws/websocket, and STOMP over TCP)"),
            ("JSON", "/ws/positions"),
            ("positions", "/api/analysis/all"),
            ("ingest", "/api/ingest/{kind}  (POST)"),
            ("publish", "/api/publish/topic/relay/{name}  (POST)"),
            ("health", "/health  /ready  /metrics  (every port)"),
        ],
        "leaderboard" => &[
            ("JSON", "/ws/updates  /ws/top  /ws/around"),
            ("ranking", "/api/leaderboard/top  /around  /portfolios"),
        ],
        "rttm" => &[
            ("JSON", "/ws/alerts  /ws/metrics  /ws/pipeline  /ws/telemetry  /ws/dlq  (also /ws/rttm/...)"),
            ("pipeline", "/api/rttm/metrics  /pipeline  /dlq  /telemetry-snapshot  /alerts  /track-trade"),
        ],
        "auto-trader" => &[("JSON", "/ws/auto-trader"), ("sessions", "/api/auto-trader/sessions")],
        "gateway" => &[("status", "/"), ("frontend", "/env.js"), ("everything", "/api/...  /ws/...")],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Bind;

    #[test]
    fn the_banner_names_what_can_be_opened_on_this_machine() {
        for (texts, line) in [
            (&["localhost:8086"][..], "http://localhost:8086"),
            (&["127.0.0.1:8086"], "http://127.0.0.1:8086"),
            (&["[::1]:8086"], "http://[::1]:8086"),
            (&["0.0.0.0:8086"], "http://127.0.0.1:8086  (all interfaces)"),
            (&["[::]:8086"], "http://localhost:8086  (all interfaces)"),
            (&["192.168.1.1:8086"], "http://192.168.1.1:8086"),
            (&["localhost:8086", "192.168.1.1:8086"], "http://localhost:8086  (also 192.168.1.1:8086)"),
        ] {
            let bind = Bind::parse(texts.iter().copied()).unwrap();
            let bound = bind.listen_addresses().iter().map(|at| at.address).collect();
            let (host, port) = (bind.host(), bind.port());
            let service = ServiceAddress { name: "rttm", host, port, bound, tls: false };
            let text = text(&[service]);
            assert_eq!(text.lines().nth(1), Some(&*format!("  rttm         {line}")), "{texts:?}");
        }
    }
}
