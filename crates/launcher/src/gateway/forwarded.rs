//! The scheme and host that proxies say a request was sent to: `Forwarded` (RFC 7239) or, if it does not tell,
//! `X-Forwarded-Proto` and `X-Forwarded-Host`.
//!
//! A proxy adds its word behind those of the proxies before it, so the first
//! one is nearest to the browser. What is not understood counts as not said.

use actix_web::http::header::{FORWARDED, HeaderMap};
use actix_web::http::uri::Authority;

/// The scheme of the browser's request, `http` or `https`.
pub(super) fn scheme(headers: &HeaderMap) -> Option<&'static str> {
    let forwarded = parameter(headers, "proto");
    let scheme = forwarded.as_deref().and_then(known_scheme);
    scheme.or_else(|| known_scheme(&first(headers, "x-forwarded-proto")?))
}

/// The `host[:port]` that the browser asked for.
pub(super) fn host(headers: &HeaderMap) -> Option<String> {
    let forwarded = parameter(headers, "host").filter(|host| is_host(host));
    forwarded.or_else(|| first(headers, "x-forwarded-host").filter(|host| is_host(host)))
}

/// True for a text that can be nothing else than `host[:port]`: it ends up in a script.
pub(super) fn is_host(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
    text.bytes().all(plain)
        && text.parse::<Authority>().is_ok_and(|authority| {
            let port = text.strip_prefix(authority.host()).unwrap_or_default();
            !authority.host().is_empty() && (port.is_empty() || authority.port_u16().is_some())
        })
}

/// Sockets are asked for by HTTP.
fn known_scheme(text: &str) -> Option<&'static str> {
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if is("https") || is("wss") {
        Some("https")
    } else if is("http") || is("ws") {
        Some("http")
    } else {
        None
    }
}

/// The first element of a list (RFC 9110 section 5.6.1), which some write in
/// quotes.
fn first(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    let mut elements = lines.flat_map(|line| split(line, ','));
    elements.find(|element| !element.is_empty()).map(unquoted)
}

/// A parameter of `Forwarded`, from the first element that has it.
fn parameter(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(FORWARDED).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| split(line, ',')).flat_map(|element| split(element, ';'));
    let mut named = pairs.filter_map(|pair| pair.split_once('='));
    named.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| unquoted(value.trim()))
}

/// The parts between separators that are not within quotes, without the blanks
/// around them.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |c: char| {
        let within = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == separator && !within
    });
    parts.map(str::trim)
}

/// A quoted string's content (RFC 9110 section 5.6.4), or the text as it is.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut escaped = false;
    let kept = |c: &char| {
        escaped = *c == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(kept).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// `scheme://host` as far as the headers tell.
    fn said(headers: &[(&str, &str)]) -> String {
        let request =
            headers.iter().fold(TestRequest::default(), |request, pair| request.append_header(*pair));
        let request = request.to_http_request();
        let scheme = scheme(request.headers()).unwrap_or("-");
        format!("{scheme}://{}", host(request.headers()).unwrap_or("-".into()))
    }

    #[test]
    fn the_proxy_nearest_to_the_browser_is_believed_in_every_spelling() {
        const PROTO: &str = "X-Forwarded-Proto";
        const HOST: &str = "X-Forwarded-Host";
        for (name, value, wanted) in [
            (PROTO, "https", "https://-"),
            (PROTO, "HTTPS", "https://-"),
            (PROTO, "wss", "https://-"),
            (PROTO, "Ws", "http://-"),
            (PROTO, "https, http", "https://-"),
            (PROTO, "http,https", "http://-"),
            (PROTO, " , https", "https://-"),
            (PROTO, "\"https\"", "https://-"),
            (HOST, "pms.example", "-://pms.example"),
            (HOST, "PMS.example:8443, inner:80", "-://PMS.example:8443"),
            (HOST, "[2001:db8::1]:8080", "-://[2001:db8::1]:8080"),
            ("Forwarded", "for=10.0.0.1;proto=https;host=pms.example", "https://pms.example"),
            ("Forwarded", "For=\"[2001:db8::1]:4711\" ; PROTO = \"HTTPS\" ;Host=\"a:81\"", "https://a:81"),
            ("Forwarded", "proto=https;host=a, proto=http;host=b", "https://a"),
            ("Forwarded", "for=10.0.0.1, proto=https;host=b", "https://b"),
            ("Forwarded", "for=\"x,proto=http;\\\"host=c\";proto=https;host=a", "https://a"),
            ("Forwarded", "proto=\"ht\\tps\"", "https://-"),
        ] {
            assert_eq!(said(&[(name, value)]), wanted, "{name}: {value}");
        }
        assert_eq!(said(&[(PROTO, "https"), (PROTO, "http"), (HOST, "a"), (HOST, "b")]), "https://a");
        assert_eq!(said(&[("Forwarded", "proto=https;host=a"), (PROTO, "http"), (HOST, "b")]), "https://a");
        assert_eq!(
            said(&[("Forwarded", "proto=gopher;host=\"\""), (PROTO, "https"), (HOST, "b")]),
            "https://b"
        );
    }

    #[test]
    fn what_is_not_understood_is_not_said() {
        for value in ["", " ", ",", "gopher", "https;", "https http", "\"https", "é"] {
            assert_eq!(said(&[("X-Forwarded-Proto", value)]), "-://-", "{value:?}");
        }
        for value in [
            "",
            ",",
            "a b",
            "a/b",
            "a@b",
            "\"",
            "x\";alert(1)//",
            "</script>",
            ":80",
            "a:b",
            "a:99999",
            "[::1",
        ] {
            assert_eq!(said(&[("X-Forwarded-Host", value)]), "-://-", "{value:?}");
        }
        for value in ["", "proto", "proto=", "=https", "proto=\"https", "host=\"a b\"", "for=x;proto;host"] {
            assert_eq!(said(&[("Forwarded", value)]), "-://-", "{value:?}");
        }
    }
}
