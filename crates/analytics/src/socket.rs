//! `/ws/positions`: both state topics for those without STOMP.

use hub_core::TopicName;
use hub_fanout::{OptionError, Options};
use hub_server::{Action, Followed, NativeEndpoint, NativeSession, Query};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A socket that is sent `{"type":"position-update"|"unrealized-pnl",
/// "data":...,"resume"?,"snapshot"?}`.
///
/// On connect it follows both topics, or those named by `?topics=a,b`, with the
/// options of SUBSCRIBE as parameters of the same names. Then it takes
/// `{"type":"subscribe","topic"?,"portfolioIds"?,"interval"?,"snapshot"?,
/// "resume"?,"batch"?}` and `{"type":"unsubscribe","topic"?}`; without a topic
/// both are meant.
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
    fn open(&self) -> Box<dyn NativeSession> {
        Box::new(Session { portfolios_max: self.portfolios_max })
    }
}

/// The names by which topics go here.
const TOPICS: [&str; 2] = ["position-update", "unrealized-pnl"];

struct Session {
    portfolios_max: usize,
}

impl NativeSession for Session {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        let options = Options::read(|name| query.get(name), self.portfolios_max);
        let options = options.map_err(|error| error.to_string())?;
        let mut actions = Vec::new();
        for name in named(query.get("topics"))? {
            actions.push(follow(name, options.clone())?);
        }
        Ok(actions)
    }

    fn command(&mut self, kind: &str, json: &str) -> Result<Vec<Action>, String> {
        let mut actions = Vec::new();
        match kind {
            "subscribe" => {
                let wanted: Subscribe<'_> = read(json)?;
                let options = wanted.options(self.portfolios_max).map_err(|error| error.to_string())?;
                for name in one_or_all(wanted.topic.as_deref())? {
                    actions.push(confirm("subscribed", name));
                    actions.push(follow(name, options.clone())?);
                }
            }
            "unsubscribe" => {
                let unwanted: Unsubscribe = read(json)?;
                for name in one_or_all(unwanted.topic.as_deref())? {
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscribe<'j> {
    topic: Option<String>,
    portfolio_ids: Option<Vec<String>>,
    #[serde(borrow)]
    interval: Option<&'j RawValue>,
    #[serde(borrow)]
    snapshot: Option<&'j RawValue>,
    #[serde(borrow)]
    resume: Option<&'j RawValue>,
    #[serde(borrow)]
    batch: Option<&'j RawValue>,
}

impl Subscribe<'_> {
    /// The options by the rules of SUBSCRIBE, whose values are texts.
    fn options(&self, portfolios_max: usize) -> Result<Options, OptionError> {
        let text = |value: Option<&RawValue>| {
            let value = value?.get();
            Some(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value).to_owned())
        };
        let given = |name: &'static str| match name {
            "interval" => text(self.interval),
            "snapshot" => text(self.snapshot),
            "resume" => text(self.resume),
            "batch" => text(self.batch),
            _ => None,
        };
        let mut options = Options::read(given, portfolios_max)?;
        if let Some(ids) = &self.portfolio_ids {
            options.name_portfolios(ids.iter().map(String::as_str), portfolios_max)?;
        }
        Ok(options)
    }
}

#[derive(Deserialize)]
struct Unsubscribe {
    topic: Option<String>,
}

fn read<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// The topics of a list; all of them where there is none.
fn named(list: Option<&str>) -> Result<Vec<&'static str>, String> {
    let Some(list) = list else { return Ok(TOPICS.to_vec()) };
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(known).collect()
}

fn one_or_all(topic: Option<&str>) -> Result<Vec<&'static str>, String> {
    topic.map_or_else(|| Ok(TOPICS.to_vec()), |name| known(name).map(|name| vec![name]))
}

fn known(name: &str) -> Result<&'static str, String> {
    let spelled = if name == "unrealised-pnl" { "unrealized-pnl" } else { name };
    let found = TOPICS.into_iter().find(|topic| *topic == spelled);
    found.ok_or_else(|| {
        let shown: String = name.chars().take(48).collect();
        format!("topic: there is no {shown:?} here; there are {}", TOPICS.join(" and "))
    })
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
        assert!(opened("topics=risk").unwrap_err().starts_with("topic: "));
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
        assert_eq!(command("unsubscribe", "{}").unwrap().len(), 4);
        for (json, what) in [
            (r#"{"interval":-1}"#, "interval: "),
            (r#"{"snapshot":1}"#, "snapshot: "),
            (r#"{"resume":7}"#, "resume: "),
            (r#"{"portfolioIds":[]}"#, "portfolio-ids: "),
            (r#"{"portfolioIds":"x"}"#, "invalid type"),
            (r#"{"topic":"x"}"#, "topic: "),
        ] {
            let error = command("subscribe", json).unwrap_err();
            assert!(error.starts_with(what), "{json}: {error}");
        }
        assert!(command("dance", "{}").unwrap_err().contains("dance"));
    }
}
