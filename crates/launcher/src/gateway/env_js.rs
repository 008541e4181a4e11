//! `/env.js`: where the frontend finds everything (FE-5).

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

/// The gateway's own URL: configured, or as the request has it.
#[derive(Clone)]
pub(super) struct Origin {
    configured: Option<String>,
}

impl Origin {
    pub(super) fn new(public_url: &str) -> Origin {
        let configured = public_url.trim_end_matches('/');
        Origin { configured: (!configured.is_empty()).then(|| configured.to_owned()) }
    }

    /// `http(s)://host[:port]`. What a request says is taken only if it can be
    /// nothing else than a host: it ends up in a script.
    fn of(&self, request: &HttpRequest) -> Option<String> {
        if let Some(configured) = &self.configured {
            return Some(configured.clone());
        }
        let connection = request.connection_info();
        let (scheme, host) = (connection.scheme(), connection.host());
        let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
        let sound = matches!(scheme, "http" | "https") && !host.is_empty() && host.bytes().all(is_host);
        sound.then(|| format!("{scheme}://{host}"))
    }
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
        let origin = Origin::new("");
        let of =
            |host: &str| origin.of(&TestRequest::default().insert_header(("Host", host)).to_http_request());
        assert_eq!(of("localhost:8080").as_deref(), Some("http://localhost:8080"));
        assert_eq!(of("[::1]:8080").as_deref(), Some("http://[::1]:8080"));
        assert_eq!(of("x\";alert(1)//"), None);
        assert_eq!(of("</script>"), None);
        let configured = Origin::new("https://pms.example/");
        assert_eq!(
            configured.of(&TestRequest::default().to_http_request()).as_deref(),
            Some("https://pms.example")
        );
    }
}
