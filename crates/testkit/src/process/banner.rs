//! The addresses that a starting hub prints.

use std::net::SocketAddr;

/// The service and the address in a line `<name> http(s)://<ip>:<port>...`; `None` for any other line.
pub(crate) fn parse(line: &str) -> Option<(String, SocketAddr)> {
    let mut words = line.split_whitespace();
    let (name, url) = (words.next()?, words.next()?);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(is_word) || !name.chars().all(|c| is_word(c) || c == '-') {
        return None;
    }
    let (_, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let authority = rest.split('/').next()?;
    Some((name.to_owned(), authority.parse().ok()?))
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
        for line in [
            "",
            "analytics",
            "analytics: http://127.0.0.1:1",
            "-a http://127.0.0.1:1",
            "a 127.0.0.1:1",
            "a ws://127.0.0.1:1",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
