//! Which pages may connect.

/// The list of allowed origins (`server.allowed_origins`): it guards every
/// upgrade and answers CORS preflights.
///
/// A request without an `Origin` header comes from no browser page and is let
/// through to authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origins {
    /// Pages of this machine, on any port: `http://localhost:*` and
    /// `http://127.0.0.1:*`. The default while bound to loopback.
    Local,
    /// These, compared as browsers send them: scheme, host and port, in lower
    /// case, no path.
    These(Vec<String>),
}

impl Origins {
    /// Whether a page of `origin` may connect.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Origins::Local => ["http://localhost", "http://127.0.0.1"].iter().any(|host| {
                origin.strip_prefix(host).is_some_and(|port| {
                    port.is_empty()
                        || port.strip_prefix(':').is_some_and(|digits| {
                            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
                        })
                })
            }),
            Origins::These(list) => list.iter().any(|allowed| allowed == origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_alike_of_localhost_is_another_origin() {
        for origin in ["http://localhost", "http://localhost:4200", "http://127.0.0.1:8080"] {
            assert!(Origins::Local.allow(origin), "{origin}");
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
            assert!(!Origins::Local.allow(origin), "{origin}");
        }
    }

    #[test]
    fn a_list_allows_exactly_what_it_names() {
        let list = Origins::These(vec!["https://pms.example".into()]);
        assert!(list.allow("https://pms.example"));
        assert!(!list.allow("http://pms.example"));
        assert!(!list.allow("http://localhost:4200"));
    }
}
