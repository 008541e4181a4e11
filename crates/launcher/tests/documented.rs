//! What the documents say of services is what the services are.
//!
//! A table that differs is printed as it should be; `UPDATE_GOLDEN=1` writes it.

#[path = "support/described.rs"]
mod described;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use described::described;
use hub_core::normalize::{self, Kind};
use hub_core::{CloseReason, Parameter};
use hub_server::rest::{QueryParameters, Route};
use hub_server::{SocketRoute, http};
use pms_hub::address::ServiceAddress;
use pms_hub::{banner, gateway};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Whoever reads or writes a document holds it: tests run at the same time, and a table is written by writing its
/// whole document.
fn documents() -> MutexGuard<'static, ()> {
    static DOCUMENTS: Mutex<()> = Mutex::new(());
    DOCUMENTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn query(parameters: &[Parameter]) -> String {
    let names: Vec<String> = parameters.iter().map(|parameter| format!("{}=", parameter.name())).collect();
    if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) }
}

fn call(route: &Route) -> String {
    let query = match route.query {
        QueryParameters::Declared(parameters) => query(parameters),
        QueryParameters::Ignored => String::new(),
    };
    format!("`{} {}{query}`", route.method, route.shown_path())
}

fn calls() -> String {
    let (_, services) = described();
    let mut table = "| Service | Call | |\n|---|---|---|\n".to_owned();
    let mut row = |service: &str, route: &Route| {
        writeln!(table, "| {service} | {} | {} |", call(route), route.summary).unwrap();
    };
    for service in &services {
        for route in &service.routes {
            row(service.name, route);
        }
    }
    for route in gateway::pages(&services, Vec::new(), "") {
        row("gateway", &route);
    }
    for route in http::every_port() {
        row("every port", &route);
    }
    table
}

fn sockets() -> String {
    let (_, services) = described();
    let mut table = "| Service | Socket | Also at | |\n|---|---|---|---|\n".to_owned();
    for service in &services {
        for socket in &service.sockets {
            let SocketRoute { path, aliases, summary, .. } = socket;
            let aliases: Vec<String> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
            let (also, query) = (aliases.join(", "), query(socket.parameters()));
            writeln!(table, "| {} | `{path}{query}` | {also} | {summary} |", service.name).unwrap();
        }
    }
    table
}

fn topics() -> String {
    let (wiring, _) = described();
    let states = wiring.catalog.states().iter().map(|state| ("state", &state.topic));
    let feeds = wiring.catalog.feeds().iter().map(|feed| ("feed", &feed.topic));
    let mut table = "| Topic | Kind | |\n|---|---|---|\n".to_owned();
    for (kind, topic) in states.chain(feeds) {
        writeln!(table, "| `{}` | {kind} | {} |", topic.name, topic.summary).unwrap();
    }
    table
}

fn items() -> String {
    let mut table = "| Kind | Members |\n|---|---|\n".to_owned();
    for kind in Kind::ALL {
        let members = normalize::names(kind).map(|(name, others)| {
            let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
            let others =
                if others.is_empty() { String::new() } else { format!(" (or {})", others.join(", ")) };
            format!("`{name}`{others}")
        });
        writeln!(table, "| `{}` | {} |", kind.as_str(), members.collect::<Vec<_>>().join(", ")).unwrap();
    }
    table
}

/// Compares a table with what stands between its markers in a document.
fn is_documented(document: &str, name: &str, table: &str) {
    let path = Path::new(ROOT).join(document);
    let _documents = documents();
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("no {begin} in {document}")) + begin.len();
    let upto = from + text[from..].find(&end).unwrap_or_else(|| panic!("no {end} in {document}"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, format!("{}{table}{}", &text[..from], &text[upto..])).unwrap();
        return;
    }
    assert!(
        text[from..upto] == *table,
        "{document}, {name}, should be (UPDATE_GOLDEN=1 writes it):\n{table}"
    );
}

#[test]
fn every_rest_call_is_in_the_table() {
    is_documented("README.md", "calls", &calls());
}

#[test]
fn every_socket_is_in_the_table() {
    is_documented("docs/services.md", "sockets", &sockets());
}

#[test]
fn every_topic_is_in_the_table() {
    is_documented("docs/services.md", "topics", &topics());
}

#[test]
fn every_member_is_in_the_table() {
    is_documented("docs/services.md", "items", &items());
}

/// The README says which members may be absent, so that its rows are written by hand.
#[test]
fn the_readme_has_the_members_of_every_item() {
    let _documents = documents();
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    for kind in Kind::ALL {
        let begin = format!("| `{}` | `{{", kind.as_str());
        let row = readme.split_once(&begin).and_then(|(_, rest)| rest.split_once("}`"));
        let (item, _) = row.unwrap_or_else(|| panic!("README.md, Ingest: no row of {}", kind.as_str()));
        let mut shown: Vec<&str> =
            item.split(", ").map(|member| member.split(['?', ':']).next().unwrap_or(member)).collect();
        let mut names: Vec<&str> = normalize::names(kind).map(|(name, _)| name).collect();
        shown.sort_unstable();
        names.sort_unstable();
        assert_eq!(shown, names, "README.md, Ingest, {}", kind.as_str());
    }
}

#[test]
fn every_reason_to_close_is_in_the_table() {
    let _reading = documents();
    let limits = std::fs::read_to_string(Path::new(ROOT).join("docs/limits.md")).unwrap();
    for reason in CloseReason::ALL {
        let code = reason.code.to_string();
        let is_row = |line: &str| line.split('|').nth(1).is_some_and(|codes| codes.contains(&code));
        assert!(limits.lines().any(is_row), "docs/limits.md, close codes: {code} {}", reason.text);
    }
}

#[test]
fn no_path_leads_to_two_things() {
    let (_, services) = described();
    let (mut calls, mut paths) = (Vec::new(), Vec::new());
    for service in &services {
        calls.extend(service.routes.iter().map(|route| (route.method.clone(), route.path)));
        paths.extend(service.sockets.iter().flat_map(SocketRoute::paths));
    }
    calls.extend(http::every_port().iter().map(|route| (route.method.clone(), route.path)));
    for (index, call) in calls.iter().enumerate() {
        assert!(!calls[..index].contains(call), "{call:?} is there twice");
    }
    for (index, path) in paths.iter().enumerate() {
        assert!(!paths[..index].contains(path), "{path} is there twice");
    }
}

#[test]
fn the_readme_shows_the_banner_as_it_is() {
    let (_, services) = described();
    let address = |service: &hub_server::Service| ServiceAddress {
        name: service.name,
        host: "localhost".to_owned(),
        port: service.bind.port(),
        bound: Vec::new(),
        tls: false,
    };
    let addresses: Vec<ServiceAddress> = services.iter().map(address).collect();
    let banner = banner::text(services.iter().zip(&addresses));
    let _documents = documents();
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let from = readme.find("```\npms-hub ").expect("a banner in the README") + 4;
    let shown = &readme[from..from + readme[from..].find("    ...").unwrap()];
    assert!(banner.starts_with(shown), "README.md shows\n{shown}\nand the banner is\n{banner}");
    assert!(shown.lines().count() >= 4);
}
