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
    /// this is, without those that it can't tell: one wrong source and a browser
    /// may drop more than that.
    pub fn source_list(&self) -> String {
        let sources: Vec<&str> =
            self.0.iter().map(String::as_str).filter(|origin| is_source(origin)).collect();
        if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") }
    }

    /// True if a page of `origin` may connect.
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| match allowed.strip_suffix(":*") {
            Some(host) => origin.strip_prefix(host).is_some_and(is_port),
            None => allowed == origin,
        })
    }
}

/// True for a `host-source`: its host has letters, digits and `-` between dots, which no IPv6 address has (CSP
/// 3, section 2.3.1).
fn is_source(origin: &str) -> bool {
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(label)
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

    #[test]
    fn an_app_is_an_origin_by_its_own_scheme() {
        let apps = ["capacitor://localhost", "ionic://localhost", "tauri://localhost"];
        let list = Origins::new(apps.map(str::to_owned).to_vec());
        for origin in apps {
            assert!(list.allow(origin), "{origin}");
        }
        for origin in ["http://localhost", "capacitor://localhost:80", "capacitor://localhost.evil", "null"] {
            assert!(!list.allow(origin), "{origin}");
        }
        assert_eq!(list.source_list(), "capacitor://localhost ionic://localhost tauri://localhost");
    }

    #[test]
    fn a_policy_names_only_what_it_can_tell() {
        let list = |origins: &[&str]| Origins::new(origins.iter().map(|&origin| origin.to_owned()).collect());
        let local = list(&["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*", "http://a_b:1"]);
        assert_eq!(local.source_list(), "http://localhost:* http://127.0.0.1:*");
        assert!(local.allow("http://[::1]:4200"));
        assert_eq!(list(&["http://[::1]"]).source_list(), "'none'");
    }
}
