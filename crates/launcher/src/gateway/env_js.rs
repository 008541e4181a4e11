//! `/env.js`: where the frontend finds everything (FE-5).

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use actix_web::{HttpRequest, HttpResponse};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::forwarded;
use crate::address::ServiceAddress;

/// The gateway's own URL: configured, or as the request has it.
#[derive(Clone)]
pub(super) struct Origin {
    configured: Option<String>,
    /// Scheme by which it is asked without a proxy: `http` or `https`.
    scheme: &'static str,
    /// Host and port where a request does not name them.
    authority: String,
}

impl Origin {
    pub(super) fn new(public_url: &str, own: Option<&ServiceAddress>) -> Origin {
        let configured = public_url.trim_end_matches('/');
        Origin {
            configured: (!configured.is_empty()).then(|| configured.to_owned()),
            scheme: if own.is_some_and(|own| own.tls) { "https" } else { "http" },
            authority: own.map(ServiceAddress::authority).unwrap_or_default(),
        }
    }

    /// `http(s)://host[:port]`: what a proxy says or, where it says nothing
    /// that is understood, what the request says or, where that is no host,
    /// what is known without it.
    fn of(&self, request: &HttpRequest) -> String {
        if let Some(configured) = &self.configured {
            return configured.clone();
        }
        let headers = request.headers();
        let asked = || headers.get(HOST)?.to_str().ok().map(str::to_owned);
        let asked = || request.uri().authority().map(ToString::to_string).or_else(asked);
        let host = forwarded::host(headers).or_else(|| asked().filter(|host| forwarded::is_host(host)));
        let scheme = forwarded::scheme(headers).unwrap_or(self.scheme);
        format!("{scheme}://{}", host.as_deref().unwrap_or(&self.authority))
    }
}

/// The flat keys that the frontend reads. Those of analytics are HTTP URLs
/// for sockets, too: `SockJS` needs them so (BUG-F5).
pub(super) async fn script(origin: Origin, request: Request) -> Result<HttpResponse, Problem> {
    let http = origin.of(request.http());
    let ws = http.replacen("http", "ws", 1);
    // There the hub speaks as the frontend, which can't ask for it, reads it (LB-WS), and can keep up with (BUG-F7).
    let [pms_http, pms_ws] = [&http, &ws].map(|url| format!("{url}/pms"));
    let keys = [
        ("API_GATEWAY_HTTP", &http),
        ("API_GATEWAY_WS", &ws),
        ("AUTH_HTTP", &http),
        ("ANALYTICS_HTTP", &http),
        ("ANALYTICS_WS", &pms_http),
        ("LEADERBOARD_HTTP", &pms_http),
        ("LEADERBOARD_WS", &pms_ws),
        ("RTTM_HTTP", &http),
        ("RTTM_WS", &ws),
        ("PORTFOLIO_HTTP", &http),
    ];
    let members: Vec<String> =
        keys.iter().map(|(key, url)| format!("  {key}: {}", serde_json::json!(url))).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/javascript; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(format!("window.__ENV__ = {{\n{}\n}};\n", members.join(",\n"))))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn own(tls: bool) -> ServiceAddress {
        ServiceAddress { name: "gateway", host: "localhost".into(), port: 8080, bound: Vec::new(), tls }
    }

    fn of(tls: bool, headers: &[(&str, &str)]) -> String {
        let request =
            headers.iter().fold(TestRequest::default(), |request, pair| request.append_header(*pair));
        Origin::new("", Some(&own(tls))).of(&request.to_http_request())
    }

    #[test]
    fn only_a_host_gets_into_the_script() {
        for (host, url) in [
            ("localhost:81", "http://localhost:81"),
            ("[::1]:81", "http://[::1]:81"),
            ("x\";alert(1)//", "http://localhost:8080"),
            ("</script>", "http://localhost:8080"),
            ("", "http://localhost:8080"),
        ] {
            assert_eq!(of(false, &[("Host", host)]), url, "{host}");
        }
        assert_eq!(of(false, &[]), "http://localhost:8080", "HTTP/1.0 has no Host");
        let configured = Origin::new("https://pms.example/", Some(&own(false)));
        assert_eq!(configured.of(&TestRequest::default().to_http_request()), "https://pms.example");
    }

    #[test]
    fn what_a_proxy_says_counts_and_what_is_not_understood_falls_back_to_the_request() {
        for (name, value, plain, tls) in [
            ("Accept", "*/*", "http://pms.example", "https://pms.example"),
            ("X-Forwarded-Proto", "http", "http://pms.example", "http://pms.example"),
            ("X-Forwarded-Proto", "HTTPS", "https://pms.example", "https://pms.example"),
            ("X-Forwarded-Proto", "wss", "https://pms.example", "https://pms.example"),
            ("X-Forwarded-Proto", "https, http", "https://pms.example", "https://pms.example"),
            ("X-Forwarded-Proto", "gopher", "http://pms.example", "https://pms.example"),
            ("X-Forwarded-Proto", "", "http://pms.example", "https://pms.example"),
            ("X-Forwarded-Host", "", "http://pms.example", "https://pms.example"),
            ("X-Forwarded-Host", "a\";b", "http://pms.example", "https://pms.example"),
            ("X-Forwarded-Host", "front.example", "http://front.example", "https://front.example"),
            ("Forwarded", "for=10.0.0.1;Proto=http", "http://pms.example", "http://pms.example"),
            ("Forwarded", "for=10.0.0.1", "http://pms.example", "https://pms.example"),
            ("Forwarded", "proto=;host=", "http://pms.example", "https://pms.example"),
            ("Forwarded", "host=\"a:81\";proto=https", "https://a:81", "https://a:81"),
        ] {
            let headers = [("Host", "pms.example"), (name, value)];
            assert_eq!([of(false, &headers), of(true, &headers)], [plain, tls], "{name}: {value}");
        }
    }
}
