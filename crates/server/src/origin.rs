//! Which pages may connect.

/// The list of allowed origins (`server.allowed_origins`): it guards every
/// upgrade and answers CORS preflights.
///
/// An entry is an origin as browsers send it (scheme, host and port, in lower
/// case, no path), or one whose port is `*`: any port, or none. A request
/// without an `Origin` header comes from no browser page and is let through to
/// authentication.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Allows these.
    pub fn new(list: Vec<String>) -> Origins {
        Origins(list)
    }

    /// The list as a source list of Content Security Policy, whose notation
    /// this is.
    pub fn source_list(&self) -> String {
        if self.0.is_empty() { "'none'".to_owned() } else { self.0.join(" ") }
    }

    /// Whether a page of `origin` may connect.
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| match allowed.strip_suffix(":*") {
            Some(host) => origin.strip_prefix(host).is_some_and(is_port),
            None => allowed == origin,
        })
    }
}

/// Nothing, or `:` and digits.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty()
        || digits.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_alike_of_localhost_is_another_origin() {
        let local = Origins::new(vec!["http://localhost:*".into(), "http://127.0.0.1:*".into()]);
        for origin in ["http://localhost", "http://localhost:4200", "http://127.0.0.1:8080"] {
            assert!(local.allow(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "https://localhost:4200",
            "http://localhost.evil.example",
            "http://localhost:4200.evil.example",
            "http://localhost:",
            "http://127.0.0.1:80@evil.example",
        ] {
            assert!(!local.allow(origin), "{origin}");
        }
    }

    #[test]
    fn a_list_allows_exactly_what_it_names() {
        let list = Origins::new(vec!["https://pms.example".into()]);
        assert!(list.allow("https://pms.example"));
        assert!(!list.allow("http://pms.example"));
        assert!(!list.allow("http://localhost:4200"));
        assert_eq!(list.source_list(), "https://pms.example");
        assert_eq!(Origins::default().source_list(), "'none'");
    }
}
