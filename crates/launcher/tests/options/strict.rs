//! An option that is not understood changes nothing in silence: every spelling is read at every channel, and
//! what nobody reads, or is given twice, is refused by name.

use std::net::SocketAddr;

use hub_core::Parameter;
use hub_server::SocketRoute;
use hub_server::http::every_port;
use hub_server::rest::QueryParameters;
use hub_testkit::http;
use hub_testkit::stomp::{StompClient, StompOptions};
use hub_testkit::ws::{Message, WsClient, WsOptions};
use serde_json::{Value, json};

use crate::fill;
use crate::native::{before_pong, socket};
use crate::support::carriers::{sockjs, tcp, websocket};
use crate::support::described::described;
use crate::support::session::of_frame;
use crate::support::{MARKS, PATIENCE, POSITIONS, address, fence, hub, problem, uuid};

const SPELLINGS: [&str; 7] = [
    "portfolio-ids",
    "portfolioIds",
    "portfolio_ids",
    "PORTFOLIO-IDS",
    "portfolioId",
    "portfolio-id",
    "portfolio_id",
];

/// How an option is given to whom.
#[derive(Clone, Copy, Debug)]
enum Channel {
    Query,
    Command,
    Packed,
    WebSocket,
    SockJs,
    Tcp,
}

const CHANNELS: [Channel; 6] =
    [Channel::Query, Channel::Command, Channel::Packed, Channel::WebSocket, Channel::SockJs, Channel::Tcp];

/// All that comes of a subscription to both topics with this option.
fn heard(addr: SocketAddr, channel: Channel, name: &str, value: &str) -> Vec<String> {
    let texts = |messages: Vec<Value>| messages.iter().map(Value::to_string).collect();
    match channel {
        Channel::Query => texts(before_pong(&mut socket(addr, &format!("?{name}={value}")))),
        Channel::Command => {
            let mut ws = socket(addr, "?topics=");
            ws.send_json(&json!({"type": "subscribe", name: [value]})).unwrap();
            texts(before_pong(&mut ws))
        }
        Channel::Packed => packed(addr, name, value),
        Channel::WebSocket => by_stomp(addr, websocket, name, value),
        Channel::SockJs => by_stomp(addr, sockjs, name, value),
        Channel::Tcp => by_stomp(addr, tcp, name, value),
    }
}

/// `MessagePack`: what comes is JSON as far as texts go.
fn packed(addr: SocketAddr, name: &str, value: &str) -> Vec<String> {
    let options = WsOptions { deadline: PATIENCE, ..WsOptions::offering(&["hub.msgpack"]) };
    let mut ws = WsClient::connect(addr, "/ws/positions?topics=", &options).unwrap();
    let text = |text: &str| [&[0xd9, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let command = [vec![0x82], text("type"), text("subscribe"), text(name), vec![0x91], text(value)];
    ws.send_binary(&command.concat()).unwrap();
    let messages = ws.fence().unwrap().into_iter().chain(ws.fence().unwrap());
    let text = |message| match message {
        Message::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    };
    messages.map(text).collect()
}

fn by_stomp(
    addr: SocketAddr,
    carrier: fn(SocketAddr) -> hub_testkit::stomp::Carrier,
    name: &str,
    value: &str,
) -> Vec<String> {
    let mut client = StompClient::connect(carrier(addr), &StompOptions::default()).unwrap();
    for (id, topic) in [("position-update", POSITIONS), ("unrealized-pnl", MARKS)] {
        client.subscribe(id, topic, &[(name, value)]).unwrap();
    }
    let frames: Vec<_> = (0..2).flat_map(|_| fence(&mut client)).collect();
    frames.iter().filter_map(of_frame).flat_map(|update| update.elements).collect()
}

#[test]
fn every_spelling_of_a_filter_is_read_at_every_door() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    for channel in CHANNELS {
        for spelling in SPELLINGS {
            let heard = heard(addr, channel, spelling, &uuid(1)).concat();
            assert!(heard.contains("ACME"), "{channel:?} {spelling}: {heard}");
            assert!(
                !heard.contains(&uuid(2)) && !heard.contains(&uuid(3)),
                "{channel:?} {spelling}: {heard}"
            );
        }
    }
}

/// Every native socket at each of its paths, with what it needs.
fn sockets() -> Vec<(&'static str, String)> {
    let (_, services) = described();
    let paths = services.iter().flat_map(|service| {
        service.sockets.iter().flat_map(SocketRoute::paths).map(|path| (service.name, path))
    });
    let asked = |(service, path): (_, &str)| match path {
        path if path.ends_with("/around") => (service, format!("{path}?portfolioId={}", uuid(1))),
        path => (service, path.to_owned()),
    };
    paths.map(asked).chain([("leaderboard", "/ws/updates?dialect=pms".to_owned())]).collect()
}

#[test]
fn a_socket_whose_query_is_not_understood_says_so_and_sends_nothing_else() {
    let hub = hub(&[]);
    fill(address(&hub));
    let gateway = hub.addr("gateway").unwrap();
    for (service, path) in sockets() {
        let glue = if path.contains('?') { '&' } else { '?' };
        for addr in [hub.addr(service).unwrap(), gateway] {
            for (wrong, named) in [
                ("colour=blue", "colour: is no parameter here; there "),
                ("portfolioIDS=x&portfolio-ids=y", "portfolio"),
            ] {
                let options = WsOptions { deadline: PATIENCE, ..WsOptions::default() };
                let mut ws = WsClient::connect(addr, &format!("{path}{glue}{wrong}"), &options).unwrap();
                let messages = before_pong(&mut ws);
                let [error] = messages.as_slice() else { panic!("{path} {wrong}: {messages:?}") };
                let told = error["message"].as_str().unwrap();
                assert!(error["type"] == "error" && told.starts_with(named), "{path} {wrong}: {told}");
            }
        }
    }
}

#[test]
fn what_pages_and_caches_add_is_let_be() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?t=1700000000000&_=1&token=secret&access_token=x&ticket=y&t=2");
    assert!(before_pong(&mut ws).iter().all(|message| message["type"] != "error"));
    ws.send_json(&json!({"type": "auth", "token": "secret", "scheme": "Bearer"})).unwrap();
    ws.send_json(&json!({"type": "unsubscribe", "token": "secret"})).unwrap();
    assert!(before_pong(&mut ws).iter().all(|message| message["type"] != "error"));
}

#[test]
fn a_command_with_a_member_that_nobody_reads_is_refused_by_name_and_changes_nothing() {
    let hub = hub(&[]);
    let addr = address(&hub);
    fill(addr);
    let mut ws = socket(addr, "?topics=");
    for (command, named) in [
        (json!({"type": "subscribe", "portfolio": [uuid(1)]}), "portfolio: "),
        (
            json!({"type": "subscribe", "portfolioIds": [uuid(1)], "portfolio-ids": [uuid(2)]}),
            "portfolio-ids: ",
        ),
        (json!({"type": "unsubscribe", "portfolioIds": [uuid(1)]}), "portfolioIds: "),
        (json!({"type": "ping", "colour": "blue"}), "colour: "),
    ] {
        ws.send_json(&command).unwrap();
        let messages = before_pong(&mut ws);
        let [error] = messages.as_slice() else { panic!("{command}: {messages:?}") };
        assert!(error["message"].as_str().unwrap().starts_with(named), "{command}: {error}");
    }
}

/// Every call that reads its query, with the parameters it has.
fn calls() -> Vec<(String, String, Vec<&'static str>)> {
    let own = described().1.into_iter().flat_map(|service| service.routes);
    let mut calls = Vec::new();
    for route in own.chain(every_port()) {
        let QueryParameters::Declared(parameters) = route.query else { continue };
        let path = route.path.replace("{id}", "1").replace("{kind}", "prices");
        let path = path.replace("{destination:.*}", "topic/relay/x");
        let known: Vec<&str> = parameters.iter().map(Parameter::name).collect();
        if route.method == "GET" {
            calls.push(("HEAD".to_owned(), path.clone(), known.clone()));
        }
        calls.push((route.method.to_string(), path, known));
    }
    assert!(calls.len() > 30);
    calls
}

#[test]
fn a_query_that_a_route_does_not_read_is_refused_by_name_with_what_there_is() {
    let hub = hub(&[]);
    let gateway = hub.addr("gateway").unwrap();
    for (method, path, known) in calls() {
        let there_is = match known.as_slice() {
            [] => "are none".to_owned(),
            [only] => format!("is only {only}"),
            [others @ .., last] => format!("are {} and {last}", others.join(", ")),
        };
        for query in ["?colour=blue", "?_=1&colour", "?token=x&colour=%20"] {
            let json = [("Content-Type", "application/json")];
            let answer = http::request(gateway, &method, &format!("{path}{query}"), &json, b"").unwrap();
            if method == "HEAD" {
                assert_eq!(answer.status, 400, "{method} {path}{query}");
                continue;
            }
            let wanted = format!("colour: is no parameter here; there {there_is}");
            assert_eq!(problem(&answer, 400), wanted, "{method} {path}{query}");
        }
    }
}

#[test]
fn a_parameter_that_comes_twice_is_refused_by_name_whatever_its_spelling() {
    let hub = hub(&[]);
    let gateway = hub.addr("gateway").unwrap();
    for (method, path, known) in calls() {
        let Some(name) = known.first().filter(|_| method == "GET") else { continue };
        for again in [(*name).to_owned(), name.to_uppercase(), format!("{name}_")] {
            let answer = http::get(gateway, &format!("{path}?{name}=1&{again}=1")).unwrap();
            let wanted = format!("{name}: is given twice, as {name} and {again}");
            assert_eq!(problem(&answer, 400), wanted, "{path}");
        }
    }
}

#[test]
fn health_pages_and_sockjs_are_nobody_s_options() {
    let hub = hub(&[]);
    let gateway = hub.addr("gateway").unwrap();
    for path in
        ["/", "/health", "/ready", "/actuator/health", "/metrics", "/env.js", "/status.json", "/ws/info"]
    {
        let answer = http::get(gateway, &format!("{path}?colour=blue&colour=red&t=1")).unwrap();
        assert_eq!(answer.status, 200, "{path}");
    }
}

#[test]
fn of_an_option_that_is_spelled_twice_neither_counts() {
    let hub = hub(&[]);
    let mut client = StompClient::connect(websocket(address(&hub)), &StompOptions::default()).unwrap();
    let twice = [("portfolioIds", "x"), ("portfolio-ids", "y")];
    client.subscribe("0", POSITIONS, &twice).unwrap();
    let (error, _) = client.expect_error().unwrap();
    let wanted = "portfolio-ids: is given twice, as portfolioIds and portfolio-ids";
    assert!(error.text().unwrap().contains(wanted), "{error}");
}

#[test]
fn a_filter_in_another_spelling_is_refused_on_a_relay_too() {
    let hub = hub(&[]);
    let mut client = StompClient::connect(websocket(address(&hub)), &StompOptions::default()).unwrap();
    client.subscribe("0", "/topic/relay/x", &[("portfolioIds", &uuid(1))]).unwrap();
    let (error, _) = client.expect_error().unwrap();
    assert!(error.text().unwrap().contains("portfolio-ids"), "{error}");
}

/// More than 64 bits hold.
const BEYOND: &str = "99999999999999999999";

#[test]
fn a_number_beyond_all_is_still_a_number() {
    let hub = hub(&[]);
    let gateway = hub.addr("gateway").unwrap();
    for path in [
        "/api/leaderboard/top?top=",
        "/api/leaderboard/portfolios?offset=",
        "/api/rttm/alerts?limit=",
        "/api/rttm/dead-letters?limit=",
        "/api/rttm/dead-letters?before=",
    ] {
        assert_eq!(http::get(gateway, &format!("{path}{BEYOND}")).unwrap().status, 200, "{path}");
    }
    let answer = http::get(gateway, &format!("/api/auto-trader/sessions/{BEYOND}")).unwrap();
    assert!(problem(&answer, 404).contains(BEYOND));
    let mut ws = socket(gateway, &format!("?resume=00000000deadbeef-{BEYOND}"));
    let messages = before_pong(&mut ws);
    assert!(messages.iter().all(|message| message["snapshot"] == "unknown-epoch"), "{messages:?}");
}
