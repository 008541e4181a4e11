//! `/ws/updates`, `/ws/top`, `/ws/around`.

use std::sync::Arc;

use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession, Query};
use serde::{Deserialize, Serialize};

use crate::document::{Form, Wanted};
use crate::documents::Documents;
use crate::parameters::{Count, Parameters, RANGE, ROWS_MAX, portfolio_id};
use crate::reads::LeaderboardReads;

const LIMIT: Count = Count { name: "limit", default: 50, min: 1, max: ROWS_MAX };
const N: Count = Count { name: "n", default: 10, min: 1, max: ROWS_MAX };

/// What a session follows has one name: another choice replaces it.
const FOLLOWED: &str = "leaderboard";

/// How much of an unknown command is repeated to its sender.
const SHOWN_CHARS: usize = 40;

/// How `/ws/updates` speaks to who does not say (`leaderboard.dialect`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `snapshot` and `update`.
    #[default]
    Native,
    /// As the deployed PMS frontend reads it (LB-WS): the whole top list on
    /// change.
    Pms,
}

impl Dialect {
    fn read(text: &str) -> Result<Dialect, String> {
        match text {
            "native" => Ok(Dialect::Native),
            "pms" => Ok(Dialect::Pms),
            _ => Err("dialect: must be native or pms".into()),
        }
    }
}

/// The native sockets of this service, by path. `dialect` is what
/// `/ws/updates` speaks where `?dialect=` does not say otherwise.
///
/// Parameters of the upgrade's query, and members of a `subscribe` command,
/// which replaces what was followed:
/// - `/ws/updates`: `limit` (50, at most 1,000), `resume` (the last one seen
///   with the same limit), `dialect` (`native` or `pms`);
/// - `/ws/top`: `n` (10, at most 1,000);
/// - `/ws/around`: `portfolioId`, `range` (5, at most 500).
pub fn endpoints(reads: &LeaderboardReads, dialect: Dialect) -> Vec<(&'static str, Arc<dyn NativeEndpoint>)> {
    let documents = Arc::new(Documents::new(reads.clone()));
    let paths = [
        ("/ws/updates", Channel::Updates(dialect)),
        ("/ws/top", Channel::Top),
        ("/ws/around", Channel::Around),
    ];
    let endpoint = |(path, channel)| {
        let endpoint: Arc<dyn NativeEndpoint> =
            Arc::new(Endpoint { channel, documents: Arc::clone(&documents) });
        (path, endpoint)
    };
    paths.map(endpoint).into()
}

/// One of the paths.
#[derive(Clone, Copy)]
enum Channel {
    Updates(Dialect),
    Top,
    Around,
}

impl Channel {
    /// What these parameters ask for; unknown ones are ignored.
    fn wanted(self, parameters: &impl Parameters) -> Result<Wanted, String> {
        let text = |name| parameters.text(name);
        match self {
            Channel::Updates(default) => {
                let limit = LIMIT.read(text("limit").as_deref())?;
                let dialect = text("dialect").map_or(Ok(default), |text| Dialect::read(&text))?;
                let resume = text("resume").map(|text| text.parse()).transpose();
                let resume = resume.map_err(|error| format!("resume: {error}"))?;
                Ok(match (dialect, resume) {
                    (Dialect::Pms, _) => Wanted::Top { limit, form: Form::Pms },
                    (Dialect::Native, Some(from)) => Wanted::Resumed { limit, from },
                    (Dialect::Native, None) => Wanted::Updates { limit },
                })
            }
            Channel::Top => {
                Ok(Wanted::Top { limit: N.read(text("n").as_deref())?, form: Form::TopPerformers })
            }
            Channel::Around => Ok(Wanted::Around {
                id: portfolio_id(text("portfolioId").as_deref())?,
                range: RANGE.read(text("range").as_deref())?,
            }),
        }
    }
}

#[derive(Clone)]
struct Endpoint {
    channel: Channel,
    documents: Arc<Documents>,
}

impl Endpoint {
    fn follow(&self, parameters: &impl Parameters) -> Result<Vec<Action>, String> {
        let document = self.documents.get(self.channel.wanted(parameters)?);
        Ok(vec![Action::Follow { name: FOLLOWED, what: Followed::Document(document) }])
    }
}

impl NativeEndpoint for Endpoint {
    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(self.clone())
    }
}

impl NativeSession for Endpoint {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        self.follow(query)
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        match kind {
            "subscribe" => {
                let members: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(json).map_err(|_| "a command must be a JSON object".to_owned())?;
                self.follow(&members)
            }
            "unsubscribe" => Ok(vec![Action::Unfollow { name: FOLLOWED }]),
            _ => {
                let shown: String = kind.chars().take(SHOWN_CHARS).collect();
                Err(format!(
                    "type: there is no command {shown:?} here, only ping, auth, subscribe and unsubscribe"
                ))
            }
        }
    }
}
