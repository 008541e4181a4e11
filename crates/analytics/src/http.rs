//! REST of analytics (AN-REST): what has been applied, read at one position.

use std::convert::Infallible;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use hub_server::Routes;
use hub_server::query::reading;

use crate::reads::AnalyticsReads;
use crate::row::Row;

/// How much of a body is put together at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// The routes of this service.
pub fn routes(reads: AnalyticsReads) -> Routes {
    Arc::new(move |config| {
        config.app_data(web::Data::new(reads.clone()));
        config.service(reading("/api/analysis/all", &[], all));
    })
}

/// `GET /api/analysis/all`: every position (AN-WS-1 elements), those that were
/// closed with zeros. The rows are encoded once and shared with the topic;
/// however many they are, a chunk at a time is in memory.
async fn all(reads: web::Data<AnalyticsReads>) -> HttpResponse {
    let state = reads.settled();
    let mut next = Some(0);
    let chunks = std::iter::from_fn(move || {
        let from = next?;
        let (chunk, more) = chunk(from, |key| state.position(key));
        next = more;
        Some(Ok::<Bytes, Infallible>(chunk))
    });
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(chunks))
}

/// A part of a JSON array, from row `from` on, and where the next part begins.
fn chunk(from: u32, row: impl Fn(u32) -> Option<Arc<Row>>) -> (Bytes, Option<u32>) {
    let mut out = BytesMut::with_capacity(CHUNK_BYTES + 1024);
    let mut key = from;
    if key == 0 {
        out.put_u8(b'[');
    }
    while out.len() < CHUNK_BYTES {
        let Some(row) = row(key) else {
            out.put_u8(b']');
            return (out.freeze(), None);
        };
        if key > 0 {
            out.put_u8(b',');
        }
        out.put_slice(&row.json());
        key += 1;
    }
    (out.freeze(), Some(key))
}
