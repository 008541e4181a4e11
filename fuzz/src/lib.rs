//! Fuzz targets: what is read from strangers, fed with anything.
//!
//! Each target is a function that takes any bytes and panics when a promise is broken. That nothing
//! panics by itself is the least of them: what comes out must not depend on how a stream was cut into
//! reads, must be what a second, plain reader finds, must come back the same when it is written and
//! read again, and must not cost more memory than was received.
//!
//! They run in two ways: as tests, for a bounded time, by `tests/bounded.rs`, and with libFuzzer,
//! guided by coverage, by `libfuzzer/` (`make fuzz TARGET=ws_decoder SECONDS=60`).
//!
//! To add a target: a file here, a line in [`TARGETS`], a test in `tests/bounded.rs`, a file in
//! `libfuzzer/fuzz_targets`, a folder in `seeds` and a list of words in
//! `dictionaries`.

#![allow(clippy::missing_panics_doc, reason = "to panic is how a target tells what it found")]

mod cut;
pub mod inflate;
pub mod messagepack;
pub mod negotiation;
pub mod normalize;
pub mod sockjs_frames;
pub mod sockjs_urls;
pub mod stomp_codec;
pub mod stomp_session;
pub mod ws_decoder;

/// A target: any bytes go in, and it panics if a promise is broken.
pub type Target = fn(&[u8]);

/// All targets by their names, which are those of their folders, too.
pub const TARGETS: [(&str, Target); 9] = [
    ("inflate", inflate::run),
    ("messagepack", messagepack::run),
    ("negotiation", negotiation::run),
    ("normalize", normalize::run),
    ("sockjs_frames", sockjs_frames::run),
    ("sockjs_urls", sockjs_urls::run),
    ("stomp_codec", stomp_codec::run),
    ("stomp_session", stomp_session::run),
    ("ws_decoder", ws_decoder::run),
];
