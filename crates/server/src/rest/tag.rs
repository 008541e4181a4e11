//! Entity tags: who has an answer already is not sent it again (RFC 9110, sections 8.8.3 and 13.1.2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use sha2::{Digest as _, Sha256};

/// Answers with `answer`, of which `state` says all that it depends on; 304 without a body if the request names it. It may
/// be kept by who asked, and is asked for each time.
pub fn tagged(asked: &HeaderMap, state: &str, answer: impl FnOnce() -> HttpResponse) -> HttpResponse {
    let tag = format!("\"{state}\"");
    let mut response =
        if is_named(asked, &tag) { HttpResponse::new(StatusCode::NOT_MODIFIED) } else { answer() };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// True if a request has the answer of which `state` says all that it depends on: then it need not be made, and
/// [`tagged`] leaves it out.
pub fn is_known(asked: &HeaderMap, state: &str) -> bool {
    is_named(asked, &format!("\"{state}\""))
}

/// The digest of a body, for one that depends on nothing else: 128 bits, which tell any two apart.
pub fn digest(body: &[u8]) -> String {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(body)[..16]);
    format!("{:032x}", u128::from_be_bytes(first))
}

/// True if a request has an answer with this tag: weak tags count as strong ones, and `*` is any.
fn is_named(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(IF_NONE_MATCH);
    let tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    tags.map(str::trim).any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(named: &[&'static str]) -> u16 {
        let mut asked = HeaderMap::new();
        for tag in named {
            asked.append(IF_NONE_MATCH, HeaderValue::from_static(tag));
        }
        let response = tagged(&asked, "7-42", || HttpResponse::Ok().body("all of it"));
        assert_eq!(response.headers().get(ETAG).unwrap(), "\"7-42\"");
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "private, no-cache");
        response.status().as_u16()
    }

    #[test]
    fn who_has_it_is_not_sent_it_again() {
        for named in
            [&["\"7-42\""][..], &["W/\"7-42\""], &["*"], &["\"1\", \"7-42\""], &["\"1\"", "\"7-42\""]]
        {
            assert_eq!(status(named), 304, "{named:?}");
        }
        for named in [&[][..], &["\"7-43\""], &["7-42"], &["\"7-4\""], &[""], &["\"1\", \"2\""]] {
            assert_eq!(status(named), 200, "{named:?}");
        }
    }

    #[test]
    fn digests_tell_bodies_apart() {
        assert_eq!(digest(b""), "e3b0c44298fc1c149afbf4c8996fb924");
        assert_ne!(digest(b"[1]"), digest(b"[2]"));
    }
}
