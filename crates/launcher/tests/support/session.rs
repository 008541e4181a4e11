//! A subscriber over any wire: what it asks for and what it is sent, in the same words for all of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hub_testkit::stomp::{Carrier, Frame, StompClient, StompOptions};
use hub_testkit::ws::{Message, WsClient, WsOptions};
use hub_testkit::{OverSocket, Result, Socket};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{MARKS, PATIENCE, POSITIONS, TRANSACTIONS};

/// What can be subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Topic {
    Positions,
    Marks,
    /// The feed; not on native sockets.
    Transactions,
}

/// What STOMP runs over, or the native JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    WebSocket,
    /// A WebSocket whose client takes compressed messages.
    Deflated,
    SockJs,
    Tcp,
    Native,
}

pub(crate) const WIRES: [Wire; 5] = [Wire::WebSocket, Wire::Deflated, Wire::SockJs, Wire::Tcp, Wire::Native];

/// The options of a subscription.
#[derive(Clone, Default, Debug)]
pub(crate) struct Options {
    /// Only these; all where there are none.
    pub(crate) portfolios: Vec<String>,
    pub(crate) interval_ms: Option<u64>,
    pub(crate) batch: bool,
    pub(crate) no_snapshot: bool,
    pub(crate) resume: Option<String>,
}

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Update {
    pub(crate) topic: Topic,
    /// The offset in `message-id`, which native sockets don't have.
    pub(crate) offset: Option<u64>,
    /// Whether the body is an array.
    pub(crate) is_array: bool,
    /// The rows, marks or transactions, each as its text.
    pub(crate) elements: Vec<String>,
    pub(crate) resume: Option<String>,
    pub(crate) snapshot: Option<String>,
}

/// A connection that is ready for subscriptions.
pub(crate) enum Session {
    Stomp(StompClient),
    Native(WsClient),
}

impl Topic {
    pub(crate) const STATE: [Topic; 2] = [Topic::Positions, Topic::Marks];

    pub(crate) fn destination(self) -> &'static str {
        match self {
            Topic::Positions => POSITIONS,
            Topic::Marks => MARKS,
            Topic::Transactions => TRANSACTIONS,
        }
    }

    /// As native sockets call it, and the id of its subscription over STOMP.
    pub(crate) fn name(self) -> &'static str {
        self.destination().trim_start_matches("/topic/")
    }

    /// Of a subscription, whatever follows the topic's name in its id.
    fn named(name: &str) -> Topic {
        let topics = [Topic::Positions, Topic::Marks, Topic::Transactions];
        let is_it = |topic: &Topic| name.starts_with(topic.name());
        topics.into_iter().find(is_it).unwrap_or_else(|| panic!("no topic: {name}"))
    }
}

impl Options {
    /// As names and values; STOMP's headers, and a native socket's query.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let portfolios = (!self.portfolios.is_empty()).then(|| self.portfolios.join(","));
        let pairs = [
            ("portfolio-ids", portfolios),
            ("interval", self.interval_ms.map(|millis| millis.to_string())),
            ("batch", self.batch.then(|| "true".to_owned())),
            ("snapshot", self.no_snapshot.then(|| "false".to_owned())),
            ("resume", self.resume.clone()),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn request(&self, topic: Topic) -> Value {
        let mut request = json!({"type": "subscribe", "topic": topic.name()});
        if !self.portfolios.is_empty() {
            request["portfolioIds"] = json!(self.portfolios);
        }
        if let Some(millis) = self.interval_ms {
            request["interval"] = json!(millis);
        }
        if self.batch {
            request["batch"] = json!(true);
        }
        if self.no_snapshot {
            request["snapshot"] = json!(false);
        }
        if let Some(position) = &self.resume {
            request["resume"] = json!(position);
        }
        request
    }
}

impl Session {
    /// Connects; `receive_bytes` is the size of the receive buffer, the system's own where there is none.
    pub(crate) fn open(addr: SocketAddr, wire: Wire, receive_bytes: Option<usize>) -> Result<Session> {
        let options = WsOptions { deadline: PATIENCE, receive_bytes, ..WsOptions::default() };
        let carrier = match wire {
            Wire::WebSocket => Carrier::websocket(addr, "/ws", &options)?,
            Wire::Deflated => Carrier::websocket(addr, "/ws", &WsOptions { deflate: true, ..options })?,
            Wire::SockJs => Carrier::sockjs(addr, "/ws", &options)?,
            Wire::Tcp => Carrier::Tcp(Socket::connect_sized(addr, PATIENCE, receive_bytes)?),
            Wire::Native => return Session::native(addr, "?topics=", receive_bytes),
        };
        StompClient::connect(carrier, &StompOptions::default()).map(Session::Stomp)
    }

    /// Connects to the native JSON with this query.
    pub(crate) fn native(addr: SocketAddr, query: &str, receive_bytes: Option<usize>) -> Result<Session> {
        let options = WsOptions { deadline: PATIENCE, receive_bytes, ..WsOptions::default() };
        WsClient::connect(addr, &format!("/ws/positions{query}"), &options).map(Session::Native)
    }

    /// Connects and subscribes to this alone.
    pub(crate) fn to(addr: SocketAddr, wire: Wire, topic: Topic, options: &Options) -> Session {
        let mut session = Session::open(addr, wire, None).unwrap();
        session.subscribe(topic, options).unwrap();
        session
    }

    /// Asks for a topic, and doesn't wait.
    pub(crate) fn subscribe(&mut self, topic: Topic, options: &Options) -> Result<()> {
        match self {
            Session::Native(ws) => ws.send_json(&options.request(topic)),
            Session::Stomp(client) => {
                let pairs = options.pairs();
                let headers: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
                client.subscribe(topic.name(), topic.destination(), &headers)
            }
        }
    }

    /// The next message; what is none (a receipt, an answer) is passed over.
    pub(crate) fn next(&mut self) -> Result<Update> {
        loop {
            let update = match self {
                Session::Stomp(client) => of_frame(&client.next_frame()?),
                Session::Native(ws) => of_text(&ws.next_text()?),
            };
            if let Some(update) = update {
                return Ok(update);
            }
        }
    }

    /// The next message of this topic alone: another one's is a fault.
    pub(crate) fn next_of(&mut self, topic: Topic) -> Update {
        let update = self.next().unwrap();
        assert_eq!(update.topic, topic, "{update:?}");
        update
    }

    /// Reads until the topic stands at this offset or beyond.
    pub(crate) fn read_to(&mut self, topic: Topic, wanted: u64) {
        while self.next_of(topic).resume.is_none_or(|resume| offset(&resume) < wanted) {}
    }

    /// What the hub had written before it answered this, in order: proves that something was *not* sent.
    /// Twice, for what was asked for together is answered before what follows from it.
    pub(crate) fn fence(&mut self) -> Vec<Update> {
        let mut before = self.round_trip();
        before.extend(self.round_trip());
        before
    }

    fn round_trip(&mut self) -> Vec<Update> {
        match self {
            Session::Stomp(client) => super::fence(client).iter().filter_map(of_frame).collect(),
            Session::Native(ws) => {
                let texts = ws.fence().unwrap().into_iter();
                let texts = texts.filter(|message| !matches!(message, Message::Ping(_) | Message::Pong(_)));
                texts.filter_map(|message| of_text(message.text().unwrap())).collect()
            }
        }
    }
}

impl OverSocket for Session {
    fn socket(&self) -> &Socket {
        match self {
            Session::Stomp(client) => client.socket(),
            Session::Native(ws) => ws.socket(),
        }
    }

    fn socket_mut(&mut self) -> &mut Socket {
        match self {
            Session::Stomp(client) => client.socket_mut(),
            Session::Native(ws) => ws.socket_mut(),
        }
    }
}

/// A MESSAGE; `None` for a RECEIPT.
pub(crate) fn of_frame(frame: &Frame) -> Option<Update> {
    if frame.command == "RECEIPT" {
        return None;
    }
    assert_eq!(frame.command, "MESSAGE", "{frame}");
    let header = |name: &str| frame.header(name).map(ToOwned::to_owned);
    let offset = frame.require("message-id").unwrap().split('-').nth(1).unwrap().parse().unwrap();
    let (is_array, elements) = elements(frame.text().unwrap());
    Some(Update {
        topic: Topic::named(frame.require("subscription").unwrap()),
        offset: Some(offset),
        is_array,
        elements,
        resume: header("resume"),
        snapshot: header("snapshot"),
    })
}

/// A native socket's message; `None` for an answer to a request.
pub(crate) fn of_text(text: &str) -> Option<Update> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
    let member = |name: &str| -> Option<String> {
        let raw = members.get(name)?.get();
        Some(serde_json::from_str(raw).unwrap_or_else(|error| panic!("{name}: {error} in {text}")))
    };
    let kind = member("type").unwrap();
    if matches!(kind.as_str(), "subscribed" | "unsubscribed" | "pong") {
        return None;
    }
    let (is_array, elements) = elements(members.get("data").unwrap_or_else(|| panic!("{text}")).get());
    let topic = Topic::named(&kind);
    Some(Update {
        topic,
        offset: None,
        is_array,
        elements,
        resume: member("resume"),
        snapshot: member("snapshot"),
    })
}

/// The elements of a body, each as its text: of an array all, else the one.
fn elements(body: &str) -> (bool, Vec<String>) {
    if !body.starts_with('[') {
        return (false, vec![body.to_owned()]);
    }
    let array: Vec<Box<RawValue>> = serde_json::from_str(body).unwrap();
    (true, array.into_iter().map(|raw| raw.get().to_owned()).collect())
}

/// The offset in `<epoch>-<offset>`.
pub(crate) fn offset(position: &str) -> u64 {
    let (_, offset) = position.split_once('-').unwrap_or_else(|| panic!("no position: {position}"));
    offset.parse().unwrap()
}

/// The offsets of items that were ingested, in their order.
pub(crate) fn offsets(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().unwrap_or_else(|| panic!("no results: {answer}")).iter();
    results.map(|result| offset(result["position"].as_str().unwrap())).collect()
}

/// Ingests; where the last item stands in the log.
pub(crate) fn position(addr: SocketAddr, kind: &str, items: &Value) -> String {
    let answer = super::ingest(addr, kind, items);
    let last = answer["results"].as_array().unwrap().last().unwrap();
    last["position"].as_str().unwrap().to_owned()
}

/// Ingests what changes the topic, and waits until it is published; where it stands in the log.
pub(crate) fn publish_change(addr: SocketAddr, topic: Topic, kind: &str, items: &Value) -> String {
    let position = position(addr, kind, items);
    // Connections go to the two workers in turn, and either may publish later than the other.
    for _ in 0..2 {
        Session::to(addr, Wire::WebSocket, topic, &Options::default()).read_to(topic, offset(&position));
    }
    position
}
