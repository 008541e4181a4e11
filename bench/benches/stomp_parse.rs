//! Parsing of typical client frames, beside the `stomp-parser` crate in the same run.
//!
//! Both are given whole frames that were just copied to where they lie, as after a read from a
//! socket; both read the destination and the body. Neither is charged for the copy (`stomp-parser`
//! takes a `Vec` of its own for each frame) nor for what is freed.
//! Criterion prints the throughput of each; after it, rounds that alternate between the two give
//! the ratio, which is what may be compared on a shared machine.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use hub_bench::stats::median;
use hub_stomp::{Decoder, Frame, Item, Limits, Version};
use stomp_parser::client::ClientFrame;

/// Frames that are made ready at a time: about what one read brings.
const BATCH_FRAMES: usize = 64;

/// Batches parsed in one round of one parser.
const ROUND_BATCHES: usize = 500;

/// Rounds of each parser.
const ROUNDS: usize = 15;

/// A frame and its name.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
}

fn send(name: &'static str, body: &str) -> Case {
    let length = body.len();
    let text = format!(
        "SEND\ndestination:/app/prices\ncontent-type:application/json\nreceipt:r-17\ncontent-length:{length}\n\n{body}\0"
    );
    Case { name, bytes: text.into_bytes() }
}

fn cases() -> Vec<Case> {
    let price = r#"{"symbol":"AAPL","price":189.25,"timestamp":"2026-11-24T12:00:00.000Z"}"#;
    let many = format!("[{}]", [price; 16].join(","));
    let subscribe = "SUBSCRIBE\nid:sub-0\ndestination:/topic/position-update\nack:auto\nreceipt:r-1\n\
        portfolio-ids:6f1f7a0e-3a55-4bb1-9b39-0d9d3e3f7a11\ninterval:500\n\n\0";
    vec![
        send("SEND, one price", price),
        send("SEND, 16 prices", &many),
        Case { name: "SUBSCRIBE", bytes: subscribe.as_bytes().to_vec() },
    ]
}

/// A decoder in the state of an open session.
fn decoder() -> Decoder {
    let mut decoder = Decoder::new(Limits::default());
    decoder.set_version(Version::V1_2);
    decoder
}

/// Octets of destination and body, so that both are looked up.
fn with_ours(decoder: &mut Decoder, mut bytes: &[u8]) -> usize {
    match decoder.next(&mut bytes) {
        Ok(Some(Item::Frame(Frame { headers, body, .. }))) => {
            body.len() + headers.get("destination").map_or(0, |destination| destination.len())
        }
        _ => 0,
    }
}

/// The same, and the frame, which keeps what was read alive.
fn with_theirs(bytes: Vec<u8>) -> (usize, Option<ClientFrame>) {
    let frame = ClientFrame::try_from(bytes).ok();
    let octets = match &frame {
        Some(ClientFrame::Send(send)) => {
            send.destination().value().len() + send.body().map_or(0, <[u8]>::len)
        }
        Some(ClientFrame::Subscribe(subscribe)) => subscribe.destination().value().len(),
        _ => 0,
    };
    (octets, frame)
}

fn parse(criterion: &mut Criterion) {
    for Case { name, bytes } in cases() {
        let (ours, theirs) = (with_ours(&mut decoder(), &bytes), with_theirs(bytes.clone()).0);
        assert!(ours == theirs && ours > 0, "{name}: the parsers read different frames");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("hub-stomp", |bencher| {
            let mut decoder = decoder();
            let read = |bytes: &mut Vec<u8>| with_ours(&mut decoder, bytes);
            bencher.iter_batched_ref(|| bytes.clone(), read, BatchSize::NumIterations(BATCH_FRAMES as u64));
        });
        group.bench_function("stomp-parser", |bencher| {
            bencher.iter_batched(
                || bytes.clone(),
                with_theirs,
                BatchSize::NumIterations(BATCH_FRAMES as u64),
            );
        });
        group.finish();
    }
}

/// The time that `parse` takes for all batches of a round.
fn round(bytes: &[u8], mut parse: impl FnMut(Vec<Vec<u8>>) -> Duration) -> Duration {
    (0..ROUND_BATCHES).map(|_| parse(vec![bytes.to_vec(); BATCH_FRAMES])).sum()
}

fn round_of_ours(bytes: &[u8]) -> Duration {
    let mut decoder = decoder();
    round(bytes, |inputs| {
        let start = Instant::now();
        for input in &inputs {
            black_box(with_ours(&mut decoder, black_box(input)));
        }
        start.elapsed()
    })
}

fn round_of_theirs(bytes: &[u8]) -> Duration {
    round(bytes, |inputs| {
        let mut kept = Vec::with_capacity(BATCH_FRAMES);
        let start = Instant::now();
        for input in inputs {
            kept.push(with_theirs(black_box(input)));
        }
        start.elapsed()
    })
}

/// Alternating rounds: medians of both and of their paired ratios.
fn compare() {
    println!(
        "{:<16} {:>6} {:>16} {:>20} {:>6}",
        "frame", "octets", "hub-stomp MB/s", "stomp-parser MB/s", "ratio"
    );
    for Case { name, bytes } in cases() {
        let rounds: Vec<_> = (0..ROUNDS).map(|_| (round_of_ours(&bytes), round_of_theirs(&bytes))).collect();
        let octets = (bytes.len() * BATCH_FRAMES * ROUND_BATCHES) as f64;
        let rate = |taken: Duration| octets / taken.as_secs_f64() / 1e6;
        let ours: Vec<_> = rounds.iter().map(|(ours, _)| rate(*ours)).collect();
        let theirs: Vec<_> = rounds.iter().map(|(_, theirs)| rate(*theirs)).collect();
        let ratios: Vec<_> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
        let (ours, theirs, ratio) = (median(&ours), median(&theirs), median(&ratios));
        println!("{name:<16} {:>6} {ours:>16.0} {theirs:>20.1} {ratio:>6.1}", bytes.len());
    }
}

criterion_group!(benches, parse);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    compare();
}
