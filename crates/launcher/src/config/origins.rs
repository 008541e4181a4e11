//! Rules for what names pages and hosts: origins, host names, URLs.

use std::net::Ipv6Addr;

use super::fault::Fault;

/// The ports that browsers leave out of an origin.
const OWN_PORTS: [(&str, &str); 2] = [("http", "80"), ("https", "443")];

/// An origin is what a browser sends: scheme, host, and a port unless it is
/// the scheme's own (RFC 6454 section 6.2); here the port may be `*`. Pages of
/// apps have schemes of their own (`capacitor://localhost`).
pub(super) fn check_origins(origins: &[String]) -> Result<(), Fault> {
    if origins.iter().all(|origin| is_origin(origin)) {
        return Ok(());
    }
    Err(Fault::new(
        "server.allowed_origins",
        "each must be an origin as browsers send it, in lower case, without a path and without \
         the port 80 of http or 443 of https, such as https://pms.example.com, http://localhost:* or \
         capacitor://localhost",
    ))
}

fn is_origin(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let (host, port) = split_port(authority);
    let right_port = port.is_none_or(|port| {
        let own = OWN_PORTS.contains(&(scheme, port));
        port == "*" || !own && port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
    });
    is_scheme(scheme) && is_host(host) && host == host.to_ascii_lowercase() && right_port
}

/// Hosts as the header of that name has them.
pub(super) fn check_hosts(hosts: &[String]) -> Result<(), Fault> {
    if hosts.iter().all(|host| is_host(host)) {
        return Ok(());
    }
    Err(Fault::new(
        "server.allowed_hosts",
        "each must be a host name or an IP address, without a scheme, a port or a path, \
         such as pms.example.com or [2001:db8::1]",
    ))
}

/// It ends up in a script that browsers run.
pub(super) fn check_public_url(url: &str) -> Result<(), Fault> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]".contains(&b);
    let rest = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    if url.is_empty() || rest.is_some_and(|rest| !rest.is_empty()) && url.bytes().all(plain) {
        return Ok(());
    }
    Err(Fault::new("gateway.public_url", "must be a URL such as https://pms.example.com"))
}

/// The host of an origin or a URL, without its port.
pub(super) fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let (host, _) = split_port(authority);
    (!host.is_empty()).then_some(host)
}

/// The colons of an IPv6 address are within brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// RFC 3986 section 3.1, in lower case.
fn is_scheme(text: &str) -> bool {
    let more = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(more)
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    }
}
