//! `/ws/updates`, `/ws/top`, `/ws/around`.

use std::sync::Arc;

use hub_core::{Count, Parameter, ParameterError, Parameters, PortfolioId};
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession};
use hub_server::{Query, SocketRoute};

use crate::config::Dialect;
use crate::document::{DocumentKey, Form};
use crate::documents::Documents;
use crate::reads::LeaderboardReads;
use crate::schema;

/// The rows of one message or answer.
pub(crate) const ROWS_MAX: usize = 1000;
/// Neighbours on either side.
const RANGE_MAX: usize = 500;

const LIMIT: Count = Count { parameter: Parameter::new("limit"), default: 50, min: 1, max: ROWS_MAX };
const RESUME: Parameter = Parameter::new("resume");
const DIALECT: Parameter = Parameter::new("dialect");
const N: Count = Count { parameter: Parameter::new("n"), default: 10, min: 1, max: ROWS_MAX };
/// Portfolio whose surroundings are asked for.
pub(crate) const PORTFOLIO_ID: Parameter = Parameter::new("portfolioId");
/// Neighbours on either side (LB-REST-2).
pub(crate) const RANGE: Count =
    Count { parameter: Parameter::new("range"), default: 5, min: 0, max: RANGE_MAX };

static UPDATES: [Parameter; 3] = [LIMIT.parameter, RESUME, DIALECT];
static TOP: [Parameter; 1] = [N.parameter];
static AROUND: [Parameter; 2] = [PORTFOLIO_ID, RANGE.parameter];

/// The portfolio given as `portfolioId`.
pub(crate) fn portfolio_id(given: &Parameters<'_>) -> Result<PortfolioId, ParameterError> {
    let text = given.text(&PORTFOLIO_ID).ok_or_else(|| PORTFOLIO_ID.wrong("is required"))?;
    text.parse().map_err(|error: hub_core::id::IdError| PORTFOLIO_ID.wrong(error.to_string()))
}

/// The one name that a session follows anything by: another choice replaces it.
const FOLLOWED: &str = "leaderboard";

/// Characters of an unknown command that are repeated to its sender.
const SHOWN_CHARS: usize = 40;

/// The native sockets of this service, by path.
///
/// Parameters of the upgrade's query, and members of a `subscribe` command,
/// which replaces what was followed:
/// - `/ws/updates`: `limit` (50, at most 1,000), `resume` (the last one seen
///   with the same limit), `dialect` (`native` or `pms`);
/// - `/ws/top`: `n` (10, at most 1,000);
/// - `/ws/around`: `portfolioId`, `range` (5, at most 500).
///
/// Under `/pms` the same in the `pms` dialect, for front ends that can't ask for it: their base says it.
pub fn sockets(reads: &LeaderboardReads) -> Vec<SocketRoute> {
    let documents = Arc::new(Documents::new(reads.clone()));
    let endpoint = |channel| Arc::new(Endpoint { channel, documents: Arc::clone(&documents) });
    let updates = |path, dialect| {
        let summary = "Sends the ranking, then what changes of it";
        SocketRoute::new(path, summary, schema::updates_message, endpoint(Channel::Updates(dialect)))
    };
    let top = |path, messages, form| {
        let summary = "Sends the top of the ranking on every change";
        SocketRoute::new(path, summary, messages, endpoint(Channel::Top(form)))
    };
    let around = |path, messages, form| {
        let summary = "Sends a portfolio and its neighbours on every change";
        SocketRoute::new(path, summary, messages, endpoint(Channel::Around(form)))
    };
    vec![
        updates("/ws/updates", reads.config.dialect).also_at(&["/ws/leaderboard/updates"]),
        top("/ws/top", schema::top_message, Form::TopPerformers).also_at(&["/ws/leaderboard/top"]),
        around("/ws/around", schema::around_message, Form::Around).also_at(&["/ws/leaderboard/around"]),
        updates("/pms/ws/updates", Dialect::Pms).also_at(&["/pms/ws/leaderboard/updates"]),
        top("/pms/ws/top", schema::top, Form::PmsTop).also_at(&["/pms/ws/leaderboard/top"]),
        around("/pms/ws/around", schema::pms_around_message, Form::PmsAround)
            .also_at(&["/pms/ws/leaderboard/around"]),
    ]
}

/// One of the paths.
#[derive(Clone, Copy)]
enum Channel {
    Updates(Dialect),
    Top(Form),
    Around(Form),
}

impl Channel {
    /// Parameters that it takes.
    fn parameters(self) -> &'static [Parameter] {
        match self {
            Channel::Updates(_) => &UPDATES,
            Channel::Top(_) => &TOP,
            Channel::Around(_) => &AROUND,
        }
    }

    /// Key of the document that these parameters ask for.
    fn document_key(self, given: &Parameters<'_>) -> Result<DocumentKey, ParameterError> {
        match self {
            Channel::Updates(default) => updates(default, given),
            Channel::Top(form) => Ok(DocumentKey::Top { limit: N.read(given)?, form }),
            Channel::Around(form) => {
                Ok(DocumentKey::Around { id: portfolio_id(given)?, range: RANGE.read(given)?, form })
            }
        }
    }
}

fn updates(default: Dialect, given: &Parameters<'_>) -> Result<DocumentKey, ParameterError> {
    let limit = LIMIT.read(given)?;
    let dialect = match given.text(&DIALECT) {
        Some(name) => Dialect::named(&name).ok_or_else(|| DIALECT.wrong(Dialect::MUST_BE))?,
        None => default,
    };
    let resume = given.text(&RESUME).map(|text| text.parse()).transpose();
    let resume =
        resume.map_err(|error: hub_core::position::PositionError| RESUME.wrong(error.to_string()))?;
    match (dialect, resume) {
        (Dialect::Pms, None) => Ok(DocumentKey::Top { limit, form: Form::Pms }),
        (Dialect::Pms, Some(_)) => Err(RESUME.wrong("the pms dialect sends all of the top each time")),
        (Dialect::Native, Some(from)) => Ok(DocumentKey::Resumed { limit, from }),
        (Dialect::Native, None) => Ok(DocumentKey::Updates { limit }),
    }
}

#[derive(Clone)]
struct Endpoint {
    channel: Channel,
    documents: Arc<Documents>,
}

impl Endpoint {
    fn follow(&self, given: &Parameters<'_>) -> Result<Vec<Action>, String> {
        let document = self.documents.get(self.channel.document_key(given)?);
        Ok(vec![Action::Follow { name: FOLLOWED, what: Followed::Document(document) }])
    }
}

impl NativeEndpoint for Endpoint {
    fn parameters(&self) -> &'static [Parameter] {
        self.channel.parameters()
    }

    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(self.clone())
    }
}

impl NativeSession for Endpoint {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        self.follow(&query.read(self.channel.parameters())?)
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        match kind {
            "subscribe" => self.follow(&Parameters::of_command(self.channel.parameters(), json)?),
            "unsubscribe" => {
                Parameters::of_command(&[], json)?;
                Ok(vec![Action::Unfollow { name: FOLLOWED }])
            }
            _ => {
                let shown: String = kind.chars().take(SHOWN_CHARS).collect();
                Err(format!(
                    "type: there is no command {shown:?} here, only ping, auth, subscribe and unsubscribe"
                ))
            }
        }
    }
}
