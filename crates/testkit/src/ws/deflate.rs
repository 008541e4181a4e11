//! Compressed messages (RFC 7692), without context takeover.

use std::io::Read as _;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress};

use crate::error::excerpt;
use crate::{Error, Result};

/// Octets that the wire leaves out of a message (section 7.2.1), and an empty last block that ends the stream.
const END: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

/// Compressed form of a message.
///
/// # Panics
/// Never: there is room for whatever comes of it.
pub fn deflate(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 8 + 64);
    let mut stream = Compress::new(Compression::best(), false);
    stream.compress_vec(message, &mut out, FlushCompress::Sync).expect("there is room");
    out.truncate(out.len() - 4);
    out
}

/// Message of the server; it may not point back to messages before.
pub(crate) fn inflate(payload: &[u8]) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    let stream = [payload, &END].concat();
    match DeflateDecoder::new(stream.as_slice()).read_to_end(&mut message) {
        Ok(_) => Ok(message),
        Err(error) => {
            Err(Error::unexpected("a compressed message", format!("{error}: {}", excerpt(payload))))
        }
    }
}
