//! Encoding and decoding of an event's form in the log, beside JSON by serde of the same event: what the log held
//! before, and what `pms-hub log show` prints.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hub_core::event::{PriceQuote, Trade, Transaction};
use hub_core::{Event, PortfolioId, Timestamp, TransactionId};

fn events() -> [(&'static str, Event); 2] {
    let timestamp = Timestamp::from_micros(1_770_000_000_123_456);
    let symbol: hub_core::Symbol = "RELIANCE.NS".parse().expect("a symbol");
    let price: hub_core::Price = "150.25".parse().expect("a price");
    let transaction = Transaction {
        timestamp,
        ..Transaction::new(
            TransactionId::from_bytes([0x5a; 16]),
            PortfolioId::from_bytes([0xa5; 16]),
            symbol.clone(),
            Trade::Sell { price, lot_price: Some(price) },
            "100".parse().expect("a quantity"),
        )
    };
    [
        ("transaction", Event::Transaction(transaction.into())),
        ("price", Event::Price(PriceQuote { symbol, price, timestamp })),
    ]
}

fn forms(c: &mut Criterion) {
    for (name, event) in events() {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        let binary = event.encode().expect("an event");
        let json = serde_json::to_vec(&event).expect("an event");
        println!("{name}: {} bytes, as JSON {}", binary.len(), json.len());
        group.bench_function("encode", |b| b.iter(|| black_box(&event).encode()));
        group.bench_function("encode as JSON", |b| b.iter(|| serde_json::to_vec(black_box(&event))));
        group.bench_function("decode", |b| b.iter(|| Event::decode(black_box(&binary))));
        group.bench_function("decode JSON", |b| b.iter(|| serde_json::from_slice::<Event>(black_box(&json))));
        group.finish();
    }
}

criterion_group!(benches, forms);
criterion_main!(benches);
