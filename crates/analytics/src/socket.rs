//! `/ws/positions`: state topics and documents for those without STOMP.

use hub_core::{Parameter, ParameterError, Parameters, TopicName};
use hub_fanout::Options;
use hub_server::{Action, Followed, NativeEndpoint, NativeSession, Query};

/// The topics that are meant, by their names here.
const TOPICS: Parameter = Parameter::new("topics").or(&["topic"]);

/// Parameters of the query and of a `subscribe`.
static SUBSCRIBE: [Parameter; 1 + Options::ALL.len()] = {
    let mut all = [TOPICS; 1 + Options::ALL.len()];
    let (_, options) = all.split_at_mut(1);
    options.copy_from_slice(Options::ALL);
    all
};
static UNSUBSCRIBE: [Parameter; 1] = [TOPICS];

/// A socket that is sent `{"type":"position-update"|"unrealized-pnl"|
/// "portfolio-summary"|"movers"|"sectors","data":...,"resume"?,"snapshot"?}`.
///
/// On connect it follows the first two topics, or those named by `?topics=a,b`, with the
/// options of SUBSCRIBE as parameters of the same names. Then it takes
/// `{"type":"subscribe","topic"?,"portfolioIds"?,"interval"?,"snapshot"?,
/// "resume"?,"batch"?,"limit"?}`, where without a topic the first two are meant, and
/// `{"type":"unsubscribe","topic"?}`, where all of them are.
pub struct PositionsEndpoint {
    portfolios_max: usize,
}

impl PositionsEndpoint {
    /// A subscription may name at most `portfolios_max` portfolios.
    pub fn new(portfolios_max: usize) -> PositionsEndpoint {
        PositionsEndpoint { portfolios_max }
    }
}

impl NativeEndpoint for PositionsEndpoint {
    fn parameters(&self) -> &'static [Parameter] {
        &SUBSCRIBE
    }

    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(Session { portfolios_max: self.portfolios_max })
    }
}

/// The names by which topics go here.
const KNOWN: [&str; 5] = ["position-update", "unrealized-pnl", "portfolio-summary", "movers", "sectors"];

/// Those that are meant where nothing is said.
const USUAL: usize = 2;

struct Session {
    portfolios_max: usize,
}

impl NativeSession for Session {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        let given = query.read(&SUBSCRIBE)?;
        let options = Options::read(&given, self.portfolios_max)?;
        let mut actions = Vec::new();
        for name in topics(&given, &KNOWN[..USUAL])? {
            actions.push(follow(name, options.clone())?);
        }
        Ok(actions)
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        let mut actions = Vec::new();
        match kind {
            "subscribe" => {
                let given = Parameters::of_command(&SUBSCRIBE, json)?;
                let options = Options::read(&given, self.portfolios_max)?;
                for name in some_topics(&given, &KNOWN[..USUAL])? {
                    actions.push(confirm("subscribed", name));
                    actions.push(follow(name, options.clone())?);
                }
            }
            "unsubscribe" => {
                for name in some_topics(&Parameters::of_command(&UNSUBSCRIBE, json)?, &KNOWN)? {
                    actions.push(Action::Unfollow { name });
                    actions.push(confirm("unsubscribed", name));
                }
            }
            _ => {
                return Err(format!(
                    "there is no command {kind:?}; there are subscribe, unsubscribe and ping"
                ));
            }
        }
        Ok(actions)
    }
}

/// The topics that are named, none by an empty name; the usual ones where nothing
/// is said.
fn topics(given: &Parameters<'_>, usual: &[&'static str]) -> Result<Vec<&'static str>, ParameterError> {
    let Some(names) = given.list(&TOPICS)? else { return Ok(usual.to_vec()) };
    names.iter().filter(|name| !name.is_empty()).map(|name| known(name)).collect()
}

/// The same, where none is no answer.
fn some_topics(given: &Parameters<'_>, usual: &[&'static str]) -> Result<Vec<&'static str>, ParameterError> {
    let topics = topics(given, usual)?;
    if topics.is_empty() { Err(TOPICS.wrong("must name a topic")) } else { Ok(topics) }
}

fn known(name: &str) -> Result<&'static str, ParameterError> {
    let spelled = if name == "unrealised-pnl" { "unrealized-pnl" } else { name };
    let found = KNOWN.into_iter().find(|topic| *topic == spelled);
    found.ok_or_else(|| TOPICS.wrong_value(&format!("must be {}", KNOWN.join(" or ")), name))
}

fn follow(name: &'static str, options: Options) -> Result<Action, String> {
    let destination: TopicName =
        format!("/topic/{name}").parse().map_err(|error: hub_core::topic::TopicError| error.to_string())?;
    Ok(Action::Follow { name, what: Followed::Topic { destination, options } })
}

fn confirm(what: &str, name: &str) -> Action {
    Action::Reply(format!(r#"{{"type":"{what}","topic":"{name}"}}"#).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(actions: &[Action]) -> Vec<(&'static str, bool)> {
        let of = |action: &Action| match action {
            Action::Follow { name, what: Followed::Topic { options, .. } } => Some((*name, options.batch)),
            _ => None,
        };
        actions.iter().filter_map(of).collect()
    }

    #[test]
    fn a_query_chooses_topics_and_options() {
        let mut session = Session { portfolios_max: 10 };
        let mut opened = |query: &str| session.opened(&Query::parse(query)).map(|actions| followed(&actions));
        assert_eq!(opened("").unwrap(), [("position-update", false), ("unrealized-pnl", false)]);
        assert_eq!(opened("topics=unrealised-pnl&batch=true").unwrap(), [("unrealized-pnl", true)]);
        assert_eq!(opened("topics=").unwrap(), []);
        assert_eq!(opened("topic=position-update").unwrap(), [("position-update", false)]);
        assert_eq!(opened("topics=movers,sectors&limit=9").unwrap(), [("movers", false), ("sectors", false)]);
        assert!(opened("topics=risk").unwrap_err().starts_with("topics: "));
        assert!(opened("interval=soon").unwrap_err().starts_with("interval: "));
    }

    #[test]
    fn a_command_is_confirmed_before_what_it_asks_for() {
        let mut session = Session { portfolios_max: 1 };
        let mut command = |kind, json: &str| session.command(kind, json);
        let json = r#"{"type":"subscribe","topic":"unrealized-pnl","interval":500,"batch":true,
            "portfolioIds":["550e8400-e29b-41d4-a716-446655440000"]}"#;
        let actions = command("subscribe", json).unwrap();
        assert!(
            matches!(&actions[0], Action::Reply(text) if text == r#"{"type":"subscribed","topic":"unrealized-pnl"}"#)
        );
        assert_eq!(followed(&actions), [("unrealized-pnl", true)]);
        assert_eq!(command("unsubscribe", "{}").unwrap().len(), 10);
        for (json, what) in [
            (r#"{"interval":-1}"#, "interval: "),
            (r#"{"snapshot":1}"#, "snapshot: "),
            (r#"{"resume":7}"#, "resume: "),
            (r#"{"portfolioIds":[]}"#, "portfolio-ids: "),
            (r#"{"portfolioIds":"x"}"#, "portfolio-ids: "),
            (r#"{"portfolioIds":7}"#, "portfolio-ids: "),
            (r#"{"topic":"x"}"#, "topics: "),
            (r#"{"topic":7}"#, "topics: "),
            (r#"{"topic":""}"#, "topics: "),
            (r#"{"topics":[]}"#, "topics: "),
            (r#"{"colour":"blue"}"#, "colour: "),
        ] {
            let error = command("subscribe", json).unwrap_err();
            assert!(error.starts_with(what), "{json}: {error}");
        }
        assert!(command("unsubscribe", r#"{"batch":true}"#).unwrap_err().starts_with("batch: "));
        assert!(command("dance", "{}").unwrap_err().contains("dance"));
    }
}
