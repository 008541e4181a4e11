//! Request bodies, bounded.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use hub_core::limits::Limits;
use tokio::time::timeout;

use super::problem::Problem;
use crate::hang_up::HangUp;

/// Reads a body of at most `limits.message_bytes`, within `limits.body_ms`; a
/// declared length beyond is refused before a byte is read.
///
/// A body that is refused is not read to its end: its connection is.
pub async fn read(request: &HttpRequest, payload: Payload, limits: &Limits) -> Result<Bytes, Problem> {
    let deadline = Duration::from_millis(limits.body_ms);
    let hang_up = request.conn_data::<HangUp>();
    let is_broken = || hang_up.is_some_and(HangUp::has_body_broken);
    let read = timeout(deadline, read_all(request.headers(), payload, limits.message_bytes, is_broken))
        .await
        .unwrap_or_else(|_| Err(late(limits.body_ms)));
    if let (Err(_), Some(hang_up)) = (&read, hang_up) {
        hang_up.ask();
    }
    read
}

/// The body is not what its head announced.
fn unreadable(error: &PayloadError, is_broken: bool) -> Problem {
    let detail = match error {
        _ if is_broken => "its chunks are none (RFC 9112, section 7.1)".to_owned(),
        PayloadError::Incomplete(_) => "it ended before it was whole".to_owned(),
        error => error.to_string(),
    };
    Problem::bad_request(format!("the body can't be read: {detail}")).last()
}

fn late(body_ms: u64) -> Problem {
    Problem::new(408, format!("the body did not come within limits.body_ms = {body_ms}"))
}

/// The name of a coding is the same in any case (RFC 9110, 8.4.1).
fn is_identity(encoding: &HeaderValue) -> bool {
    encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")
}

async fn read_all(
    headers: &HeaderMap,
    mut payload: Payload,
    max_bytes: usize,
    is_broken: impl Fn() -> bool,
) -> Result<Bytes, Problem> {
    if !headers.get_all(CONTENT_ENCODING).all(is_identity) {
        return Err(Problem::new(415, "Content-Encoding is not supported; send the body as it is"));
    }
    let declared = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > max_bytes as u64) {
        return Err(Problem::too_large(max_bytes));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| unreadable(&error, is_broken()))?;
        if body.len() + chunk.len() > max_bytes {
            return Err(Problem::too_large(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
