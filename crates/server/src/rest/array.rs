//! Long arrays, a chunk at a time.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream;

/// Bytes of a body that are put together at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Answers with a JSON array, of which a chunk at a time is in memory however long it is.
/// `write_next` appends the next element and gives true, or false where there is none.
pub fn array(write_next: impl FnMut(&mut Vec<u8>) -> bool + 'static) -> HttpResponse {
    let chunks = chunks(write_next).map(Ok::<Bytes, Infallible>);
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// As [`array()`], of a state that is not kept for longer than `time`: a body that is not taken until then ends without its
/// last chunk, so that nobody takes it for the whole.
pub fn array_within(time: Duration, write_next: impl FnMut(&mut Vec<u8>) -> bool + 'static) -> HttpResponse {
    let chunks = within(time, chunks(write_next));
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// A body took too long: the state that it is of is kept no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer was not taken within {} ms (limits.view_ms)", .0.as_millis())]
struct Expired(Duration);

fn within(
    time: Duration,
    chunks: impl Iterator<Item = Bytes>,
) -> impl Iterator<Item = Result<Bytes, Expired>> {
    let begun = Instant::now();
    chunks.map(move |chunk| if begun.elapsed() < time { Ok(chunk) } else { Err(Expired(time)) })
}

fn chunks(mut write_next: impl FnMut(&mut Vec<u8>) -> bool) -> impl Iterator<Item = Bytes> {
    let (mut begun, mut ended) = (false, false);
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + 1024);
        while out.len() < CHUNK_BYTES {
            let start = out.len();
            out.push(if begun { b',' } else { b'[' });
            if !write_next(&mut out) {
                // Of an empty array the bracket stays.
                out.truncate(if begun { start } else { start + 1 });
                out.push(b']');
                ended = true;
                break;
            }
            begun = true;
        }
        Some(out.into())
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
            more
        };
        chunks(write_next).collect()
    }

    #[test]
    fn a_body_that_takes_too_long_ends_by_an_error_that_names_the_limit() {
        let all = || [Bytes::from_static(b"[1"), Bytes::from_static(b",2]")].into_iter();
        let taken: Vec<_> = within(Duration::MAX, all()).collect();
        assert_eq!(taken, all().map(Ok).collect::<Vec<_>>());
        let mut late = within(Duration::ZERO, all());
        let expired = late.next().unwrap().unwrap_err();
        assert_eq!(expired.to_string(), "the answer was not taken within 0 ms (limits.view_ms)");
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
