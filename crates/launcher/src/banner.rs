//! Banner of the hub on standard output: every URL, once it is ready.

use std::fmt::Write as _;
use std::net::SocketAddr;

use hub_server::rest::Route;
use hub_server::{Service, StompMounts, http};

use crate::address::ServiceAddress;

/// A line per service with its base URL, as it can be opened on this machine,
/// and where other machines reach it, if they do; then its paths, of the gateway those that no
/// other service has; then what every port answers, and `ready`.
pub fn text<'s>(services: impl IntoIterator<Item = (&'s Service, &'s ServiceAddress)>) -> String {
    let mut text = format!("pms-hub {}\n", env!("CARGO_PKG_VERSION"));
    let mut told = Vec::new();
    for (service, address) in services {
        let (authority, reach) = (address.authority(), reach(address));
        let scheme = if address.tls { "https" } else { "http" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:<12} {scheme}://{authority}{reach}", service.name);
        for Line { what, scheme, paths, also } in lines(service, &told) {
            let tls = if address.tls { "s" } else { "" };
            let mut words = paths;
            if let Some(first) = words.first_mut() {
                *first = format!("{scheme}{tls}://{authority}{first}");
            }
            words.extend(in_brackets(also));
            put(&mut text, &format!("    {what:<8} "), words);
        }
        told.push(service);
    }
    put(&mut text, "  every port   ", calls(&http::every_port()));
    text.push_str("ready\n");
    text
}

/// Columns of a line, unless a word is longer.
const WIDTH: usize = 100;

/// Adds a line that begins with `head`; words that do not fit stand below the first.
fn put(text: &mut String, head: &str, words: Vec<String>) {
    let mut line = head.to_owned();
    for word in words {
        let gap = if line.trim_end().len() <= head.trim_end().len() { "" } else { "  " };
        if !gap.is_empty() && line.len() + gap.len() + word.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(head.len());
            line.push_str(&word);
        } else {
            line.push_str(gap);
            line.push_str(&word);
        }
    }
    text.push_str(&line);
    text.push('\n');
}

/// `(also a,`, `b,`, `c)`.
fn in_brackets(words: Vec<String>) -> Vec<String> {
    let last = words.len().saturating_sub(1);
    let of = |(index, word): (usize, String)| {
        let (open, close) = (if index == 0 { "(also " } else { "" }, if index == last { ")" } else { "," });
        format!("{open}{word}{close}")
    };
    words.into_iter().enumerate().map(of).collect()
}

/// Paths of one kind.
struct Line {
    what: &'static str,
    scheme: &'static str,
    paths: Vec<String>,
    also: Vec<String>,
}

/// The lines of a service, less what is told of others.
fn lines(service: &Service, told: &[&Service]) -> Vec<Line> {
    let mut lines = stomp(&service.stomp, told);
    let is_new =
        |path: &str| !told.iter().any(|other| other.sockets.iter().any(|socket| socket.path == path));
    let sockets: Vec<_> = service.sockets.iter().filter(|socket| is_new(socket.path)).collect();
    lines.push(Line {
        what: "JSON",
        scheme: "ws",
        paths: sockets.iter().map(|socket| socket.path.to_owned()).collect(),
        also: sockets.iter().flat_map(|socket| socket.aliases).map(|&path| path.to_owned()).collect(),
    });
    let is_new = |path: &str| !told.iter().any(|other| other.routes.iter().any(|route| route.path == path));
    let routes: Vec<Route> = service.routes.iter().filter(|route| is_new(route.path)).cloned().collect();
    lines.push(Line { what: "REST", scheme: "http", paths: calls(&routes), also: Vec::new() });
    lines.retain(|line| !line.paths.is_empty());
    lines
}

fn stomp(mounts: &StompMounts, told: &[&Service]) -> Vec<Line> {
    if told.iter().any(|other| other.stomp == *mounts) {
        return Vec::new();
    }
    let shown = |path: &str| if path.is_empty() { "/" } else { path }.to_owned();
    // The one that most want first.
    let mut prefixes: Vec<_> = mounts.sockjs.iter().map(|mount| mount.path).collect();
    prefixes.sort_by_key(|path| (path.is_empty(), path.len()));
    let mut sockjs = prefixes.iter().map(|path| shown(path));
    let raw = prefixes.iter().map(|path| format!("{path}/websocket"));
    let mut plain = mounts.websocket.iter().map(|mount| mount.path.to_owned()).chain(raw);
    let of = |what, scheme, first: Option<String>, also| Line {
        what,
        scheme,
        paths: first.into_iter().collect(),
        also,
    };
    let tcp = mounts.tcp.then(|| "STOMP over TCP".to_owned());
    vec![
        of("SockJS", "http", sockjs.next(), sockjs.collect()),
        of("STOMP", "ws", plain.next(), plain.chain(tcp).collect()),
    ]
}

/// The paths of REST calls, each once; with its method where it is not read.
fn calls(routes: &[Route]) -> Vec<String> {
    let mut calls: Vec<String> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        if routes[..index].iter().all(|other| other.path != route.path) {
            let method = if route.method == "GET" { String::new() } else { format!(" ({})", route.method) };
            calls.push(format!("{}{method}", route.shown_path()));
        }
    }
    calls
}

/// By which addresses other machines reach a service.
fn reach(service: &ServiceAddress) -> String {
    let open: Vec<SocketAddr> = service.open().collect();
    if open.iter().any(|address| address.ip().is_unspecified()) {
        return "  (all interfaces)".to_owned();
    }
    let own = service.authority();
    let others: Vec<String> = open.iter().map(SocketAddr::to_string).filter(|other| *other != own).collect();
    if others.is_empty() { String::new() } else { format!("  (also {})", others.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub_server::Bind;

    #[test]
    fn what_does_not_fit_a_line_stands_below_its_first_word() {
        let mut text = String::new();
        put(&mut text, "  REST  ", (0..12).map(|n| format!("/api/{n:0>12}")).collect());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with("  REST  /api/000000000000  /api/"), "{text}");
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[1..].iter().all(|line| line.starts_with("        /api/")), "{text}");
    }

    #[test]
    fn the_banner_names_what_can_be_opened_on_this_machine() {
        for (texts, line) in [
            (&["localhost:8086"][..], "http://localhost:8086"),
            (&["127.0.0.1:8086"], "http://127.0.0.1:8086"),
            (&["[::1]:8086"], "http://[::1]:8086"),
            (&["0.0.0.0:8086"], "http://127.0.0.1:8086  (all interfaces)"),
            (&["[::]:8086"], "http://localhost:8086  (all interfaces)"),
            (&["192.168.1.1:8086"], "http://192.168.1.1:8086"),
            (&["localhost:8086", "192.168.1.1:8086"], "http://localhost:8086  (also 192.168.1.1:8086)"),
        ] {
            let bind = Bind::parse(texts.iter().copied()).unwrap();
            let bound = bind.listen_addresses().iter().map(|at| at.address).collect();
            let (host, port) = (bind.host(), bind.port());
            let address = ServiceAddress { name: "rttm", host, port, bound, tls: false };
            let service = Service::new("rttm", "rttm", bind, false);
            let text = text([(&service, &address)]);
            assert_eq!(text.lines().nth(1), Some(&*format!("  rttm         {line}")), "{texts:?}");
        }
    }
}
