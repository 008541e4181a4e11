//! One idea of a path, for REST, upgrades and `SockJS` alike: normalised as
//! RFC 3986, section 6.2.2, has it.

use std::borrow::Cow;

use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;

/// Normalises the path of a request's target.
pub(crate) fn normalize(uri: &mut Uri) {
    let Cow::Owned(path) = normalized(uri.path()) else { return };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    if parts.path_and_query.is_some()
        && let Ok(normal) = Uri::from_parts(parts)
    {
        *uri = normal;
    }
}

/// A socket's path is the same with a slash behind it.
pub(crate) fn without_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        None | Some("") => path,
        Some(path) => path,
    }
}

/// A path without `.` and `..`, in which nothing is percent-encoded that need
/// not be, and what is, is in upper case.
fn normalized(path: &str) -> Cow<'_, str> {
    if !path.contains('%') && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let path = decoded(path);
    let Some(segments) = path.strip_prefix('/') else { return Cow::Owned(path) };
    let mut kept = Vec::new();
    let mut ends_in_dots = false;
    for segment in segments.split('/') {
        ends_in_dots = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if ends_in_dots {
        kept.push("");
    }
    Cow::Owned(format!("/{}", kept.join("/")))
}

/// Percent-encoding that stands for an unreserved character (section 2.3) is
/// undone, all other is in upper case. A `%` without two digits is one.
fn decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|digits| Some((digits, octet(digits)?))) {
            Some((_, octet)) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                out.push(char::from(octet));
                out.push_str(&part[2..]);
            }
            Some((digits, _)) => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
                out.push_str(&part[2..]);
            }
            // Else what follows could make one of it yet.
            None => {
                out.push_str("%25");
                out.push_str(part);
            }
        }
    }
    out
}

fn octet(digits: &str) -> Option<u8> {
    // A sign would do for the parser.
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_a_path_are_one() {
        for (spelling, path) in [
            ("/ws", "/ws"),
            ("/%77s", "/ws"),
            ("/%77%73", "/ws"),
            ("/api/../ws", "/ws"),
            ("/../../ws", "/ws"),
            ("/./ws/.", "/ws/"),
            ("/ws/x/%2e%2E", "/ws/"),
            ("/ws/0/a%2Eb/xhr", "/ws/0/a.b/xhr"),
            ("/a%2fb%20c", "/a%2Fb%20c"),
            ("/%7euser/%e2%82%ac", "/~user/%E2%82%AC"),
            ("/100%/%+1/%4", "/100%25/%25+1/%254"),
            ("/%%37%37s", "/%2577s"),
            ("/.well-known/a..b", "/.well-known/a..b"),
            ("//a/", "//a/"),
            ("*", "*"),
        ] {
            assert_eq!(normalized(spelling), path, "{spelling}");
        }
    }

    #[test]
    fn a_query_is_no_path() {
        for (target, normal) in [
            ("/%77s?a=%77&b=/./", "/ws?a=%77&b=/./"),
            ("http://localhost:8086/a/../%77s", "http://localhost:8086/ws"),
            ("/ws?", "/ws?"),
            ("*", "*"),
        ] {
            let mut uri = target.parse().unwrap();
            normalize(&mut uri);
            assert_eq!(uri.to_string(), normal);
        }
    }

    proptest! {
        #[test]
        fn what_is_normal_stays(path in "(/(%[0-9a-fA-F]{2}|\\.|[a-z%+]){0,4}){1,5}") {
            let once = normalized(&path).into_owned();
            prop_assert_eq!(&*normalized(&once), &once);
            prop_assert!(once.starts_with('/'));
        }
    }
}
