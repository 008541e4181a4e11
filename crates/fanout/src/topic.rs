//! Topics: what can be subscribed to, and where a destination leads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hub_core::access::Access;
use hub_core::schema::Schema;
use hub_core::topic::TopicPattern;
use hub_core::{PortfolioId, TopicName};

use crate::feed::{EventFilter, FeedId};
use crate::view::Filter;

/// The ordinal of a state topic in its [`Catalog`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicId(pub u16);

/// The way in which the elements of one drain become message bodies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Composition {
    /// One message: a JSON array of the elements.
    Array,
    /// One message per element.
    Each,
}

/// A computed topic as data.
#[derive(Clone)]
pub struct Topic {
    /// Its destination.
    pub name: TopicName,
    /// One line for people.
    pub summary: &'static str,
    /// Access that it asks for.
    pub access: Access,
    /// The shape of an element, or of an event.
    pub element: fn() -> Schema,
}

impl Topic {
    /// A topic that anyone may subscribe to.
    ///
    /// # Panics
    ///
    /// Where `name`, a constant, is no topic name.
    pub fn new(name: &'static str, summary: &'static str, element: fn() -> Schema) -> Topic {
        let name = name.parse().expect("a constant that is a topic name");
        Topic { name, summary, access: Access::Anyone, element }
    }

    /// Says whether `name` leads here, and a subscriber is let in.
    fn leads(&self, name: &str) -> bool {
        self.name.as_str() == name && self.access.admits()
    }
}

/// A keyed last-value map that can be subscribed to.
pub struct StateTopic {
    /// Its name and shape.
    pub topic: Topic,
    /// The shape of its messages.
    pub composition: Composition,
    /// True of a document whose subscribers say how many rows it has.
    pub takes_limit: bool,
    interest: Arc<Interest>,
}

/// The number of subscriptions of a topic, over all shards. Views that nobody
/// looks at are not computed.
#[derive(Default, Debug)]
pub struct Interest(AtomicUsize);

impl Interest {
    /// True while anybody subscribes.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// One subscription more.
    pub fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One subscription less.
    pub fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An ordered stream of events that can be subscribed to.
pub struct FeedTopic {
    /// Its name and shape.
    pub topic: Topic,
}

/// The thing that a destination leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Elements of a state topic.
    State {
        /// Its topic.
        topic: TopicId,
        /// Its elements that are meant.
        filter: Filter,
    },
    /// Events of a feed.
    Feed {
        /// Its feed.
        feed: FeedId,
        /// Its events that are meant.
        filter: EventFilter,
    },
    /// A relay topic: what is published there reaches its subscribers.
    Relay(TopicName),
    /// A relay queue: each message reaches one of its consumers.
    Queue(TopicName),
}

/// A reason why a destination leads nowhere.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TargetError {
    /// Neither a topic nor covered by `relay.destinations`.
    #[error("there is no destination {0}: it is no topic, and none of relay.destinations")]
    Unknown(TopicName),
    /// A name that stands for several: a subscription is to one.
    #[error("{destination}: a destination is one, without wildcards; {known}")]
    Wildcard {
        /// The destination asked for.
        destination: TopicName,
        /// The destinations there are.
        known: String,
    },
    /// A computed topic is followed by something that is no portfolio.
    #[error("{0}: what follows the topic must be a portfolio's UUID")]
    NotAPortfolio(TopicName),
    /// Computed by the hub; can't be written to from outside.
    #[error("{0} is computed by the hub and can't be written to")]
    Computed(TopicName),
}

/// Every destination of the hub. A computed topic always wins over a relay
/// pattern.
#[derive(Default)]
pub struct Catalog {
    states: Vec<StateTopic>,
    feeds: Vec<FeedTopic>,
    aliases: Vec<(TopicName, TopicId)>,
    relays: Vec<TopicPattern>,
}

impl Catalog {
    /// Relays what is published to destinations that match `relays`.
    pub fn new(relays: Vec<TopicPattern>) -> Catalog {
        Catalog { relays, ..Catalog::default() }
    }

    /// Adds a state topic; the projection that feeds it keeps the id, and the
    /// interest to know whether anybody looks.
    pub fn state(&mut self, topic: Topic, composition: Composition) -> (TopicId, Arc<Interest>) {
        self.add(topic, composition, false)
    }

    /// Adds a document: a state topic of one element, the whole of which is sent when it changes, summed up over what each
    /// subscriber wants ([`View::element_for`](crate::View::element_for)). `takes_limit`: they say how many rows it has.
    pub fn document(&mut self, topic: Topic, takes_limit: bool) -> (TopicId, Arc<Interest>) {
        self.add(topic, Composition::Each, takes_limit)
    }

    fn add(&mut self, topic: Topic, composition: Composition, takes_limit: bool) -> (TopicId, Arc<Interest>) {
        let id = TopicId(self.states.len() as u16);
        let interest = Arc::new(Interest::default());
        self.states.push(StateTopic { topic, composition, takes_limit, interest: Arc::clone(&interest) });
        (id, interest)
    }

    /// Adds a feed; the projection that tells its events keeps the id.
    pub fn feed(&mut self, topic: Topic) -> FeedId {
        let id = FeedId(self.feeds.len() as u16);
        self.feeds.push(FeedTopic { topic });
        id
    }

    /// Another name for a state topic.
    ///
    /// # Panics
    ///
    /// Where `name`, a constant, is no topic name.
    pub fn alias(&mut self, name: &'static str, topic: TopicId) {
        self.aliases.push((name.parse().expect("a constant that is a topic name"), topic));
    }

    /// Resolves a subscription to `destination`: `/topic/x` leads to all of a
    /// computed topic, `/topic/x/{portfolioId}` to one portfolio's part.
    pub fn resolve(&self, destination: &TopicName) -> Result<Target, TargetError> {
        if destination.is_wildcard() {
            return Err(TargetError::Wildcard { destination: destination.clone(), known: self.known() });
        }
        if let Some(target) = self.computed(destination.as_str(), None) {
            return Ok(target);
        }
        if let Some((parent, last)) = destination.as_str().rsplit_once('/')
            && self.computed(parent, None).is_some()
        {
            let portfolio = last.parse().map_err(|_| TargetError::NotAPortfolio(destination.clone()))?;
            let portfolios = Arc::new(BTreeSet::from([portfolio]));
            return self.computed(parent, Some(portfolios)).ok_or(TargetError::Unknown(destination.clone()));
        }
        self.relay(destination)
    }

    /// The destinations that can be subscribed to, in words.
    fn known(&self) -> String {
        let names =
            self.states.iter().map(|state| &state.topic).chain(self.feeds.iter().map(|feed| &feed.topic));
        let computed: Vec<&str> = names.map(|topic| topic.name.as_str()).collect();
        let relayed: Vec<&str> = self.relays.iter().map(TopicPattern::as_str).collect();
        let mut known = Vec::new();
        if !computed.is_empty() {
            known.push(format!(
                "there are {}, those about portfolios also with /{{portfolioId}} behind them",
                computed.join(", ")
            ));
        }
        if !relayed.is_empty() {
            known.push(format!("any one name is relayed that matches {}", relayed.join(" or ")));
        }
        known.join("; ")
    }

    /// The computed topic of this name, or the part of it that belongs to
    /// these portfolios.
    fn computed(&self, name: &str, portfolios: Option<Arc<BTreeSet<PortfolioId>>>) -> Option<Target> {
        if let Some(topic) = self.state_named(name) {
            return Some(Target::State { topic, filter: portfolios.map_or(Filter::ALL, Filter::of) });
        }
        let index = self.feeds.iter().position(|feed| feed.topic.leads(name))?;
        let filter = portfolios.map_or(EventFilter::All, |portfolios| EventFilter::about(&portfolios));
        Some(Target::Feed { feed: FeedId(index as u16), filter })
    }

    /// Resolves what is published to `destination`, if that may be: to a relay
    /// topic or queue.
    pub fn publishable(&self, destination: &TopicName) -> Result<Target, TargetError> {
        match self.resolve(destination) {
            Ok(target @ (Target::Relay(_) | Target::Queue(_))) => Ok(target),
            Ok(Target::State { .. } | Target::Feed { .. }) | Err(TargetError::NotAPortfolio(_)) => {
                Err(TargetError::Computed(destination.clone()))
            }
            Err(error) => Err(error),
        }
    }

    /// The feeds, by [`FeedId`].
    pub fn feeds(&self) -> &[FeedTopic] {
        &self.feeds
    }

    /// The state topics, by [`TopicId`].
    pub fn states(&self) -> &[StateTopic] {
        &self.states
    }

    fn relay(&self, destination: &TopicName) -> Result<Target, TargetError> {
        if !self.relays.iter().any(|pattern| pattern.matches(destination)) {
            return Err(TargetError::Unknown(destination.clone()));
        }
        let is_queue = destination.segments().next() == Some("queue");
        let name = destination.clone();
        Ok(if is_queue { Target::Queue(name) } else { Target::Relay(name) })
    }

    fn state_named(&self, name: &str) -> Option<TopicId> {
        let alias = self.aliases.iter().find(|(alias, _)| alias.as_str() == name).map(|(_, topic)| *topic);
        let own = || self.states.iter().position(|state| state.topic.leads(name));
        alias.or_else(|| own().map(|index| TopicId(index as u16)))
    }
}

impl StateTopic {
    /// Its subscriptions.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_leads_nowhere_and_says_what_there_is() {
        let mut catalog = Catalog::new(vec!["/topic/relay/**".parse().unwrap()]);
        catalog.state(Topic::new("/topic/state", "", Schema::default), Composition::Each);
        catalog.feed(Topic::new("/topic/feed", "", Schema::default));
        let names = ["/topic/*", "/topic/relay/**", "/topic/relay/a.>", "/topic/state/#", "/queue/a*b"];
        for name in names.map(|name| name.parse::<TopicName>().unwrap()) {
            let error = catalog.resolve(&name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{name}: a destination is one, without wildcards; there are /topic/state, /topic/feed, \
                     those about portfolios also with /{{portfolioId}} behind them; any one name is relayed \
                     that matches /topic/relay/**"
                )
            );
            assert_eq!(catalog.publishable(&name), Err(error));
        }
        assert!(catalog.resolve(&"/topic/relay/c#".parse().unwrap()).is_ok(), "no word of its own");
    }
}
