//! Which names the hub is asked for by.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Uri;
use actix_web::http::uri::Authority;

use super::problem::Problem;

/// The hosts that a listener on loopback answers to.
///
/// A page from elsewhere can have its own name resolve to this machine and
/// then reads, as a page of the same origin, whatever it finds there (DNS
/// rebinding). It can't choose the `Host` that its browser sends, so a host
/// that is neither this machine's nor configured is refused.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<[String]>);

impl Hosts {
    /// This machine's names and addresses, and these: in lower case, without
    /// ports; IPv6 addresses in brackets or without.
    pub fn new(allowed: Vec<String>) -> Hosts {
        Hosts(allowed.into())
    }

    /// The host a request is for, if it is foreign. A request without one
    /// comes from no browser.
    pub(crate) fn foreign<'r>(&self, target: &'r Uri, header: Option<&'r str>) -> Option<&'r str> {
        [target.authority().map(Authority::as_str), header].into_iter().flatten().find(|host| {
            let host = without_port(host);
            !host.is_empty() && !is_local(host) && !self.allow(host)
        })
    }

    /// 421, with the keys by which a host is none.
    pub(crate) fn refusal(host: &str) -> Problem {
        let detail = format!(
            "{host} is not a host of this hub, which is bound to loopback: list it in server.allowed_hosts, \
             or its pages in server.allowed_origins, or set gateway.public_url"
        );
        Problem::new(421, detail)
    }

    fn allow(&self, host: &str) -> bool {
        let plain = |host: &str| host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let host = plain(host);
        self.0.iter().any(|allowed| plain(allowed) == host)
    }
}

/// The host without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address are within brackets.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    }
}

/// True for a host that can only be this machine: browsers resolve `localhost` and what is below it without
/// asking anybody (RFC 6761, section 6.3).
fn is_local(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(hosts: &Hosts, host: &str) -> bool {
        hosts.foreign(&Uri::from_static("/"), Some(host)).is_some()
    }

    #[test]
    fn this_machine_is_not_foreign_whatever_the_port() {
        let hosts = Hosts::new(Vec::new());
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST",
            "localhost.",
            "a.b.localhost:1",
            "127.0.0.1:8086",
            "127.9.9.9",
            "[::1]",
            "[::1]:8086",
            "[::ffff:127.0.0.1]:1",
            "",
            ":80",
        ] {
            assert!(!foreign(&hosts, host), "{host}");
        }
        assert!(hosts.foreign(&Uri::from_static("/"), None).is_none());
    }

    #[test]
    fn every_other_host_is_unless_it_is_listed() {
        let hosts = Hosts::new(vec!["pms.example.com".into(), "10.0.0.7".into(), "[fd00::1]".into()]);
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8086",
            "10.0.0.8",
            "[fd00::2]",
            "localhost:evil.example",
            "0.0.0.0",
            "[::]",
            "128.0.0.1",
            "xlocalhost",
            "a.pms.example.com",
            "2130706433",
            "localhost:80:90",
        ] {
            assert!(foreign(&hosts, host), "{host}");
        }
        for host in ["pms.example.com", "PMS.example.com.:443", "10.0.0.7:8086", "[fd00::1]:1"] {
            assert!(!foreign(&hosts, host), "{host}");
        }
    }

    #[test]
    fn a_target_that_names_its_host_is_looked_at_too() {
        let hosts = Hosts::new(Vec::new());
        let target = Uri::from_static("http://evil.example/api");
        assert_eq!(hosts.foreign(&target, Some("localhost")), Some("evil.example"));
        let target = Uri::from_static("http://localhost:8086/api");
        assert_eq!(hosts.foreign(&target, Some("localhost")), None);
        assert_eq!(hosts.foreign(&target, Some("evil.example")), Some("evil.example"));
    }
}
