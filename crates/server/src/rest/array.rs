//! Long arrays, a chunk at a time.

use std::convert::Infallible;

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
