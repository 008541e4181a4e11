//! Long arrays, a chunk at a time.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream;
use hub_core::Expired;

/// Bytes of a body that are put together at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Answers with a JSON array, of which a chunk at a time is in memory however long it is.
/// `write_next` appends the next element and gives true, or false where there is none.
pub fn array(mut write_next: impl FnMut(&mut Vec<u8>) -> bool + 'static) -> HttpResponse {
    let chunks = chunks(move |out| Ok::<bool, Infallible>(write_next(out)));
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// As [`array()`], of a state that is not kept for longer than `time`, nor while very much changes: a body that is not
/// taken until then ends without its last chunk, so that nobody takes it for the whole.
pub fn array_within(
    time: Duration,
    mut write_next: impl FnMut(&mut Vec<u8>) -> Result<bool, Expired> + 'static,
) -> HttpResponse {
    let chunks = within(time, chunks(move |out| Ok(write_next(out)?)));
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// A body took too long: the state that it is of is kept no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum Late {
    #[error("the answer was not taken within {} ms (limits.view_ms)", .0.as_millis())]
    Taken(Duration),
    #[error(transparent)]
    Read(#[from] Expired),
}

fn within(
    time: Duration,
    chunks: impl Iterator<Item = Result<Bytes, Late>>,
) -> impl Iterator<Item = Result<Bytes, Late>> {
    let begun = Instant::now();
    chunks.map(move |chunk| if begun.elapsed() < time { chunk } else { Err(Late::Taken(time)) })
}

fn chunks<E>(
    mut write_next: impl FnMut(&mut Vec<u8>) -> Result<bool, E>,
) -> impl Iterator<Item = Result<Bytes, E>> {
    let (mut begun, mut ended) = (false, false);
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + 1024);
        while out.len() < CHUNK_BYTES {
            let start = out.len();
            out.push(if begun { b',' } else { b'[' });
            let is_written = match write_next(&mut out) {
                Ok(is_written) => is_written,
                Err(error) => {
                    ended = true;
                    return Some(Err(error));
                }
            };
            if !is_written {
                // Of an empty array the bracket stays.
                out.truncate(if begun { start } else { start + 1 });
                out.push(b']');
                ended = true;
                break;
            }
            begun = true;
        }
        Some(Ok(out.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(elements: usize, size: usize) -> Vec<Bytes> {
        let mut left = elements;
        let write_next = move |out: &mut Vec<u8>| {
            let more = left > 0;
            if more {
                left -= 1;
                out.extend(std::iter::repeat_n(b'1', size));
            }
            Ok::<bool, Infallible>(more)
        };
        chunks(write_next).map(|Ok(chunk)| chunk).collect()
    }

    #[test]
    fn a_body_that_takes_too_long_ends_by_an_error_that_names_the_limit() {
        let all = || [Bytes::from_static(b"[1"), Bytes::from_static(b",2]")].into_iter().map(Ok);
        let taken: Vec<_> = within(Duration::MAX, all()).collect();
        assert_eq!(taken, all().collect::<Vec<_>>());
        let mut late = within(Duration::ZERO, all());
        let expired = late.next().unwrap().unwrap_err();
        assert_eq!(expired.to_string(), "the answer was not taken within 0 ms (limits.view_ms)");
    }

    #[test]
    fn a_body_whose_state_has_expired_ends_by_an_error_that_names_the_limit() {
        let (mut left, element) = (100_000, |out: &mut Vec<u8>| out.push(b'1'));
        let mut body = chunks(|out: &mut Vec<u8>| {
            left -= 1;
            element(out);
            if left > 0 { Ok(true) } else { Err(Late::from(Expired)) }
        });
        let ended = body.find_map(Result::err).unwrap();
        assert_eq!(
            ended.to_string(),
            "more has changed since this position than is kept (limits.view_bytes)"
        );
        assert_eq!(body.next(), None);
    }

    #[test]
    fn elements_are_separated_within_and_between_chunks() {
        assert_eq!(of(0, 1), ["[]"]);
        assert_eq!(of(1, 1), ["[1]"]);
        assert_eq!(of(3, 2), ["[11,11,11]"]);
        for (elements, size) in [(3, CHUNK_BYTES), (2, CHUNK_BYTES - 1), (100_000, 3)] {
            let found = of(elements, size);
            assert!(found.iter().all(|chunk| chunk.len() <= CHUNK_BYTES + size + 1));
            let text = found.concat();
            let expected = vec!["1".repeat(size); elements].join(",");
            assert!(text == format!("[{expected}]").into_bytes(), "{elements} of {size}");
        }
    }
}
