//! Errors of HTTP as `application/problem+json` (RFC 9457).

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use bytes::{BufMut as _, BytesMut};
use serde::Serialize;

/// The media type.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One error: what it is in general (`title`) and in this case (`detail`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{status} {title}: {detail}")]
pub struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    /// In metrics.
    #[serde(skip)]
    reason: &'static str,
    /// True if the connection ends with it.
    #[serde(skip)]
    is_last: bool,
}

/// Reason and detail of an error response, as metrics count it and the log tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Details {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Problem {
    /// An error with the HTTP status it is answered by; the title is the
    /// status's name, and so is the reason in metrics.
    pub fn new(status: u16, detail: impl Into<String>) -> Problem {
        let title =
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
        Problem {
            title,
            status,
            detail: detail.into(),
            reason: reason(status),
            is_last: matches!(status, 408 | 413 | 415),
        }
    }

    /// The same, with a reason of its own in metrics, such as `origin`.
    #[must_use]
    pub fn because(self, reason: &'static str) -> Problem {
        Problem { reason, ..self }
    }

    /// The same, with which the connection ends: the rest of a body is not
    /// wanted, or there is none.
    #[must_use]
    pub fn last(self) -> Problem {
        Problem { is_last: true, ..self }
    }

    /// 403, told the page's origin and the key of those that may.
    pub(crate) fn foreign_origin(origin: &str) -> Problem {
        let detail = format!("Origin not allowed: {origin} is not in server.allowed_origins");
        Problem::new(403, detail).because("origin")
    }

    pub(crate) fn details(&self) -> Details {
        Details { reason: self.reason, detail: self.detail.clone() }
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(400, detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(404, detail)
    }

    /// 413: the body is larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Problem {
        Problem::new(413, format!("the body is larger than limits.message_bytes ({limit} bytes)"))
    }

    /// 503.
    pub fn unavailable(detail: impl Into<String>) -> Problem {
        Problem::new(503, detail)
    }

    /// The whole response, for a connection that has left the HTTP server and
    /// is closed after it.
    pub fn write_response(&self, out: &mut BytesMut, headers: &[(&str, &str)]) {
        let body = self.body();
        out.put_slice(format!("HTTP/1.1 {} {}\r\n", self.status, self.title).as_bytes());
        for (name, value) in headers {
            out.put_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        let length = body.len();
        out.put_slice(
            format!(
                "Content-Type: {PROBLEM_JSON}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            )
            .as_bytes(),
        );
    }

    pub(crate) fn into_body(self) -> BoxBody {
        BoxBody::new(self.body())
    }

    fn body(&self) -> String {
        // Two strings and a number always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The reason in metrics of a status whose answer gives none.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        400 => "bad_request",
        403 => "forbidden",
        404 => "not_found",
        405 => "method",
        408 => "timeout",
        413 | 414 => "too_large",
        415 => "media_type",
        422 => "rejected",
        421 => "host",
        426 => "no_upgrade",
        431 => "head_too_large",
        503 => "unavailable",
        500.. => "server_error",
        _ => "client_error",
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.status == 503 {
            response.insert_header(("Retry-After", "1"));
        }
        if self.is_last {
            // Without this the server would wait for the rest of a body,
            // however long it takes, to reuse the connection.
            response.force_close();
        }
        let mut response = response.content_type(PROBLEM_JSON).body(self.body());
        response.extensions_mut().insert(self.details());
        response
    }
}
