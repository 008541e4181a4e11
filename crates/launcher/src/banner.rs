//! What the hub says on standard output: every URL, once it is ready.

use std::fmt::Write as _;

use crate::hub::ServiceAddress;

/// A line per service with its base URL, then its paths, then `ready`.
pub fn text(addresses: &[ServiceAddress]) -> String {
    let mut text = format!("pms-hub {}\n", env!("CARGO_PKG_VERSION"));
    for service in addresses {
        let (http, ws) = if service.tls { ("https", "wss") } else { ("http", "ws") };
        let address = service.address;
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:<12} {http}://{address}", service.name);
        for (what, path) in paths(service.name) {
            let scheme = if matches!(*what, "STOMP" | "JSON") { ws } else { http };
            let _ = writeln!(text, "    {what:<18} {scheme}://{address}{path}");
        }
    }
    text.push_str("ready\n");
    text
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
