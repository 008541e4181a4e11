//! `/env.js`: where the frontend finds everything (FE-5).

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, FORWARDED};
use actix_web::{HttpRequest, HttpResponse, web};

/// The gateway's own URL: configured, or as the request has it.
#[derive(Clone)]
pub(super) struct Origin {
    configured: Option<String>,
    /// Whether requests come over TLS.
    tls: bool,
}

impl Origin {
    pub(super) fn new(public_url: &str, tls: bool) -> Origin {
        let configured = public_url.trim_end_matches('/');
        Origin { configured: (!configured.is_empty()).then(|| configured.to_owned()), tls }
    }

    /// `http(s)://host[:port]`. What a request says is taken only if it can be
    /// nothing else than a host: it ends up in a script.
    fn of(&self, request: &HttpRequest) -> Option<String> {
        if let Some(configured) = &self.configured {
            return Some(configured.clone());
        }
        let connection = request.connection_info();
        // Actix does not know of TLS below it; a proxy's word counts more.
        let scheme = if self.tls && !names_scheme(request) { "https" } else { connection.scheme() };
        let host = connection.host();
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
        let sound = matches!(scheme, "http" | "https") && !host.is_empty() && host.bytes().all(is_host);
        sound.then(|| format!("{scheme}://{host}"))
    }
}

/// Whether a proxy says how it was asked.
fn names_scheme(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let forwarded = headers.get(FORWARDED).and_then(|value| value.to_str().ok()).unwrap_or_default();
    headers.contains_key("x-forwarded-proto") || forwarded.to_ascii_lowercase().contains("proto=")
}

/// The flat keys that the frontend reads. Those of analytics are HTTP URLs
/// for sockets, too: `SockJS` needs them so (BUG-F5).
pub(super) async fn script(request: HttpRequest, origin: web::Data<Origin>) -> HttpResponse {
    let http = origin.of(&request).unwrap_or_default();
    let ws = http.replacen("http", "ws", 1);
    let keys = [
        ("API_GATEWAY_HTTP", &http),
        ("API_GATEWAY_WS", &ws),
        ("AUTH_HTTP", &http),
        ("ANALYTICS_HTTP", &http),
        ("ANALYTICS_WS", &http),
        ("LEADERBOARD_HTTP", &http),
        ("LEADERBOARD_WS", &ws),
        ("RTTM_HTTP", &http),
        ("RTTM_WS", &ws),
        ("PORTFOLIO_HTTP", &http),
    ];
    let members: Vec<String> =
        keys.iter().map(|(key, url)| format!("  {key}: {}", serde_json::json!(url))).collect();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/javascript; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(format!("window.__ENV__ = {{\n{}\n}};\n", members.join(",\n")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_a_host_gets_into_the_script() {
        let origin = Origin::new("", false);
        let of =
            |host: &str| origin.of(&TestRequest::default().insert_header(("Host", host)).to_http_request());
        assert_eq!(of("localhost:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(of("[::1]:8080").as_deref(), Some("http://[::1]:8080"));
        assert_eq!(of("x\";alert(1)//"), None);
        assert_eq!(of("</script>"), None);
        let configured = Origin::new("https://pms.example/", false);
        assert_eq!(
            configured.of(&TestRequest::default().to_http_request()).as_deref(),
            Some("https://pms.example")
        );
    }

    #[test]
    fn over_tls_it_is_https_unless_a_proxy_says_otherwise() {
        let of = |name: &'static str, value: &str| {
            let request = TestRequest::default().insert_header(("Host", "pms.example"));
            Origin::new("", true).of(&request.insert_header((name, value)).to_http_request())
        };
        for (name, value, origin) in [
            ("Accept", "*/*", "https://pms.example"),
            ("X-Forwarded-Proto", "http", "http://pms.example"),
            ("Forwarded", "for=10.0.0.1;Proto=http", "http://pms.example"),
            ("Forwarded", "for=10.0.0.1", "https://pms.example"),
        ] {
            assert_eq!(of(name, value).as_deref(), Some(origin), "{name}: {value}");
        }
    }
}
