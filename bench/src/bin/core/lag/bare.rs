//! The least that carrying the bytes takes.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hub_bench::frames::of_total;
use hub_bench::peers::{SERVER_CORE, pin};

use super::reader::{Reader, Taken};

/// A thread on the servers' core that only writes, and the reader of what it writes.
pub(super) struct Bare {
    orders: Sender<Vec<Vec<u8>>>,
    reader: Reader,
}

impl Bare {
    pub(super) fn start() -> anyhow::Result<Bare> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let reader = Reader::new(TcpStream::connect(listener.local_addr()?)?);
        let (mut socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        let (orders, given) = channel::<Vec<Vec<u8>>>();
        thread::spawn(move || -> anyhow::Result<()> {
            pin(SERVER_CORE)?;
            for messages in given {
                messages.iter().try_for_each(|message| socket.write_all(message))?;
            }
            Ok(())
        });
        Ok(Bare { orders, reader })
    }

    /// Carries messages of the same lengths, a write each: the time until the last byte has come.
    pub(super) fn carry(&mut self, taken: &Taken) -> anyhow::Result<Duration> {
        let lengths = taken.payloads.iter().map(|payload| payload + header_bytes(*payload));
        let messages: Vec<Vec<u8>> = lengths.map(of_total).collect();
        ensure!(messages.iter().map(Vec::len).sum::<usize>() == taken.bytes, "whole messages have come");
        let begun = Instant::now();
        self.orders.send(messages)?;
        let carried = self.reader.exactly(taken.bytes)?;
        let took = begun.elapsed();
        ensure!(carried.payloads == taken.payloads, "other messages have come");
        Ok(took)
    }
}

/// Bytes of the header of an unmasked frame.
fn header_bytes(payload: usize) -> usize {
    match payload {
        ..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_come_however_long_the_messages_are() {
        let payloads = vec![0, 125, 126, 65_535, 65_536, 300_000];
        let bytes = payloads.iter().map(|payload| payload + header_bytes(*payload)).sum();
        Bare::start().unwrap().carry(&Taken { first: Instant::now(), bytes, payloads }).unwrap();
    }
}
