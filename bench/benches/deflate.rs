//! Cost of compressing a message, by size and level, beside a copy of it: the least anybody does.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hub_ws::OpCode;
use hub_ws::deflate::{Deflater, Inflater, Window, WindowBits};

/// Position updates in a MESSAGE, as a subscriber to everything gets them.
fn message(bytes: usize) -> Vec<u8> {
    let mut text = String::from(
        "MESSAGE\nsubscription:sub-0\nmessage-id:6f0c1d7e-4711-1763990000000\n\
         destination:/topic/position-update\ncontent-type:application/json\n\n[",
    );
    let mut n = 1_u64;
    while text.len() < bytes {
        // Digits without a pattern, as prices have them.
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (a, b, c) = (n >> 40, (n >> 20) & 0xffff, n & 0xfff);
        let _ = write!(
            text,
            "{{\"id\":{{\"portfolioId\":\"{n:08x}-{b:04x}-4{c:03x}-8000-{a:012x}\",\"symbol\":\"S{c:03}\"}},\
             \"sectorName\":\"Technology\",\"holdings\":{b},\"totalInvested\":{a}.{c},\"realizedPnl\":-{b}.{c}}},"
        );
    }
    text.truncate(bytes - 2);
    text.push_str("]\0");
    text.into_bytes()
}

fn deflate(c: &mut Criterion) {
    let mut group = c.benchmark_group("deflate");
    for bytes in [1 << 10, 4 << 10, 16 << 10, 64 << 10] {
        let message = message(bytes);
        group.throughput(Throughput::Bytes(bytes as u64));
        let mut out = Vec::with_capacity(2 * bytes);
        for level in [1, 3, 6, 9] {
            let mut deflater = Deflater::new(level);
            let run = |deflater: &mut Deflater, out: &mut Vec<u8>, window: Option<&mut Window>| {
                out.clear();
                deflater.write_frame(out, OpCode::Text, black_box(&message), WindowBits::MOST, window)
            };
            assert!(run(&mut deflater, &mut out, None));
            eprintln!("level {level}: {bytes} bytes become {}", out.len());
            group.bench_function(BenchmarkId::new(format!("level-{level}"), bytes), |b| {
                b.iter(|| run(&mut deflater, &mut out, None));
            });
        }
        let mut deflater = Deflater::new(6);
        let mut window = Window::new(WindowBits::MOST);
        group.bench_function(BenchmarkId::new("level-6-takeover", bytes), |b| {
            b.iter(|| {
                out.clear();
                deflater.write_frame(&mut out, OpCode::Text, &message, WindowBits::MOST, Some(&mut window))
            });
        });
        group.bench_function(BenchmarkId::new("copy", bytes), |b| {
            b.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&message));
            });
        });
    }
    group.finish();
}

fn inflate(c: &mut Criterion) {
    let mut group = c.benchmark_group("inflate");
    for bytes in [1 << 10, 16 << 10] {
        let message = message(bytes);
        let mut framed = Vec::new();
        assert!(Deflater::new(6).write_frame(&mut framed, OpCode::Text, &message, WindowBits::MOST, None));
        // Behind a header with a length of 16 bits.
        let payload = framed.split_off(4);
        let mut inflater = Inflater::default();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |b| {
            b.iter(|| inflater.inflate(black_box(&payload), None, 1 << 20).map(|message| message.len()));
        });
    }
    group.finish();
}

criterion_group!(benches, deflate, inflate);
criterion_main!(benches);
