//! The addresses that a starting hub prints.

use std::net::{Ipv4Addr, SocketAddr};

/// The service and the address in a line `<name> http(s)://<ip>:<port>...`, where `localhost` is 127.0.0.1;
/// `None` for any other line.
pub(crate) fn parse(line: &str) -> Option<(String, SocketAddr)> {
    let mut words = line.split_whitespace();
    let (name, url) = (words.next()?, words.next()?);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(is_word) || !name.chars().all(|c| is_word(c) || c == '-') {
        return None;
    }
    let (_, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let authority = rest.split('/').next()?;
    let address = match authority.strip_prefix("localhost:") {
        Some(port) => (Ipv4Addr::LOCALHOST, port.parse().ok()?).into(),
        None => authority.parse().ok()?,
    };
    Some((name.to_owned(), address))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_a_name_and_an_http_address_are_an_announcement() {
        let found = parse("\tauto-trader  http://127.0.0.1:4025/ws  and more").unwrap();
        assert_eq!(found, ("auto-trader".to_owned(), "127.0.0.1:4025".parse().unwrap()));
        assert_eq!(
            parse("  rttm  https://[::1]:8087"),
            Some(("rttm".to_owned(), "[::1]:8087".parse().unwrap()))
        );
        let found = parse("  gateway      http://localhost:8080  (all interfaces)").unwrap();
        assert_eq!(found, ("gateway".to_owned(), "127.0.0.1:8080".parse().unwrap()));
        for line in [
            "",
            "analytics",
            "analytics: http://127.0.0.1:1",
            "-a http://127.0.0.1:1",
            "a 127.0.0.1:1",
            "a ws://127.0.0.1:1",
            "a http://localhost:x",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
