//! The ranking, on port 8000.

use hub_leaderboard::Dialect;
use hub_server::Endpoint;

use super::{Part, Wiring};
use crate::config::Config;
use crate::config::sections::LeaderboardDialect;
use crate::hub::StartError;

/// Other names of the sockets, for proxies that tell services apart by path.
const ALIASES: [(&str, &str); 3] = [
    ("/ws/updates", "/ws/leaderboard/updates"),
    ("/ws/top", "/ws/leaderboard/top"),
    ("/ws/around", "/ws/leaderboard/around"),
];

#[expect(clippy::unnecessary_wraps, reason = "services are wired by one shape of function")]
pub(super) fn part(wiring: &mut Wiring, config: &Config) -> Result<Part, StartError> {
    let (projection, reads) = hub_leaderboard::register(wiring.pnl.clone());
    let dialect = match config.leaderboard.dialect {
        LeaderboardDialect::Native => Dialect::Native,
        LeaderboardDialect::Pms => Dialect::Pms,
    };
    let mut endpoints = Vec::new();
    for (path, endpoint) in hub_leaderboard::endpoints(&reads, dialect) {
        let aliases = ALIASES.iter().filter(|(own, _)| *own == path).map(|(_, alias)| *alias);
        endpoints.extend(aliases.map(|alias| (alias, Endpoint::Native(endpoint.clone()))));
        endpoints.push((path, Endpoint::Native(endpoint)));
    }
    Ok(Part {
        name: "leaderboard",
        section: "leaderboard",
        bind: config.leaderboard.bind.clone(),
        tls: config.leaderboard.tls,
        projection: Box::new(projection),
        routes: hub_leaderboard::routes(reads),
        rest: &["/api/leaderboard"],
        endpoints,
        sockjs: Vec::new(),
        raw_stomp: false,
    })
}
