//! Any interleaving of the requests of one session, over HTTP: what the application sends arrives in
//! order and once, what the client sends arrives in order and once, and what is cut off is cut where
//! the crate says so.
//!
//! Cases follow from a fixed seed, and nothing waits for time to pass: a step is taken when what it
//! rests on was seen.
#![cfg(feature = "actix")]

mod browser;
mod requests;
mod served;

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::mpsc;

use actix_web::rt;
use bytes::Bytes;
use futures_util::FutureExt as _;
use hub_sockjs::actix::{SendError, SessionEnd, Settings};
use hub_sockjs::{Callback, Framing, Limits, Messages};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use requests::{Poll, RESPONSE_BYTES, Sender};
use served::serve;

const CASES: u32 = 60;
const SEED: u64 = 20_261_124;

/// More than a frame of one of our messages takes up, whatever carries it.
const MESSAGE_MAX_BYTES: usize = 80;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The application sends so many messages in one frame.
    Send(usize),
    Heartbeat,
    /// The client posts so many messages.
    Post(usize, Sender),
    /// The client's connection ends in the middle of a post.
    PostHalf(Sender),
    /// The client asks by a transport.
    Ask(usize),
    /// The client reads a frame, if it must be there.
    Read,
    /// The client's connection ends as soon as the first byte of a poll's answer is there.
    DropAnswer,
}

/// How a case ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The application closes, and the client comes for what is left.
    Close,
    /// The client's connection ends before the response does, to a request by this transport if there
    /// is none yet.
    Abort(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let sender = || prop::sample::select(vec![Sender::Xhr, Sender::Jsonp, Sender::JsonpText]);
    prop_oneof![
        4 => (1..4usize).prop_map(Step::Send),
        1 => Just(Step::Heartbeat),
        3 => (0..4usize, sender()).prop_map(|(count, sender)| Step::Post(count, sender)),
        1 => sender().prop_map(Step::PostHalf),
        4 => (0..5usize).prop_map(Step::Ask),
        8 => Just(Step::Read),
        2 => Just(Step::DropAnswer),
    ]
}

fn framing(which: usize) -> Framing {
    let callback = || Callback::from_query("c=f").unwrap();
    match which % 5 {
        0 => Framing::Xhr,
        1 => Framing::XhrStreaming,
        2 => Framing::EventSource,
        3 => Framing::HtmlFile(callback()),
        _ => Framing::Jsonp(callback()),
    }
}

/// One session, seen from both sides.
struct World {
    address: SocketAddr,
    name: String,
    end: SessionEnd,
    poll: Option<Poll>,
    /// Frames that were sent: the number of the first message, and the length.
    frames: Vec<(usize, usize)>,
    sent: usize,
    /// The message that the client is to get next.
    next: usize,
    posted: usize,
    received: usize,
    /// Heart-beats that may not have been read, and how much was sent before the last of them.
    beats: usize,
    sent_before_beat: usize,
}

impl World {
    /// Opens a session by a transport.
    fn open(address: SocketAddr, name: String, ends: &mpsc::Receiver<SessionEnd>, which: usize) -> World {
        let mut poll = Poll::ask(address, &name, framing(which));
        let end = ends.recv().unwrap();
        assert_eq!(poll.frame().as_deref(), Some("o"));
        let poll = Some(poll).filter(|poll| !poll.is_over());
        World {
            address,
            name,
            end,
            poll,
            frames: Vec::new(),
            sent: 0,
            next: 0,
            posted: 0,
            received: 0,
            beats: 0,
            sent_before_beat: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(count) => self.send(count),
            Step::Heartbeat => {
                self.end.try_send_frame(&Bytes::from_static(b"h")).unwrap();
                self.beats += 1;
                self.sent_before_beat = self.sent;
            }
            Step::Post(count, sender) => {
                let messages: Vec<_> = (self.posted..self.posted + count).map(|n| n.to_string()).collect();
                sender.post(self.address, &self.name, &messages);
                self.posted += count;
                self.receive();
            }
            Step::PostHalf(sender) => sender.post_half(self.address, &self.name),
            Step::Ask(which) => self.ask(which),
            Step::Read if self.next < self.sent => self.read(),
            Step::Read => {}
            Step::DropAnswer => self.drop_answer(),
        }
    }

    fn send(&mut self, count: usize) {
        let mut frame = Messages::default();
        for message in self.sent..self.sent + count {
            frame.push(&format!("{message}</script>\u{2028}%"));
        }
        let frame = Bytes::from(frame.finish());
        assert_eq!(self.end.try_send_frame(&frame), Ok(()));
        self.frames.push((self.sent, frame.len()));
        self.sent += count;
    }

    /// The application takes what was posted: a post is answered when it is there.
    fn receive(&mut self) {
        while let Some(Some(message)) = self.end.receive().now_or_never() {
            assert_eq!(message, self.received.to_string());
            self.received += 1;
        }
        assert_eq!(self.received, self.posted);
    }

    /// A second receiver is told that there is one, wherever it is known that there is one still.
    fn ask(&mut self, which: usize) {
        let ask = || Poll::ask(self.address, &self.name, framing(which));
        match &self.poll {
            None => self.poll = Some(ask()),
            Some(first) if first.is_stream() && self.next == self.sent && !self.may_be_whole(first) => {
                let mut second = ask();
                assert_eq!(second.frame().as_deref(), Some(r#"c[2010,"Another connection still open"]"#));
                assert_eq!(second.frame(), None);
            }
            // Nobody could say which of the two came first.
            Some(_) => {}
        }
    }

    /// Whether the server may have written a response to its end.
    fn may_be_whole(&self, poll: &Poll) -> bool {
        let waits_bytes = (self.sent - self.next + self.beats) * MESSAGE_MAX_BYTES;
        if poll.is_stream() { poll.read_bytes() + waits_bytes >= RESPONSE_BYTES } else { waits_bytes > 0 }
    }

    /// The next array, for which the client may have to ask again.
    fn read(&mut self) {
        loop {
            let frame = self.frame();
            if let Some(array) = frame.strip_prefix('a') {
                return self.take(array);
            }
            assert_eq!(frame, "h");
        }
    }

    fn frame(&mut self) -> String {
        loop {
            let (address, name) = (self.address, &self.name);
            let poll = self.poll.get_or_insert_with(|| Poll::ask(address, name, framing(self.next)));
            let frame = poll.frame();
            if poll.is_over() {
                self.poll = None;
            }
            if let Some(frame) = frame {
                return frame;
            }
        }
    }

    fn take(&mut self, array: &str) {
        for message in serde_json::from_str::<Vec<String>>(array).unwrap() {
            assert_eq!(message, format!("{}</script>\u{2028}%", self.next));
            self.next += 1;
        }
        if self.next > self.sent_before_beat {
            self.beats = 0;
        }
    }

    /// The server has written the answer and can't know that nobody read it: those messages are lost,
    /// and only those.
    fn drop_answer(&mut self) {
        if self.next == self.sent || self.poll.as_ref().is_some_and(Poll::is_stream) {
            return;
        }
        let poll = self.poll.take().unwrap_or_else(|| Poll::ask(self.address, &self.name, framing(0)));
        poll.drop_answered();
        let waits_bytes = self.end.buffered_bytes();
        let mut bytes = 0;
        let left = self.frames.iter().rev().take_while(|(_, len)| {
            bytes += len;
            bytes <= waits_bytes
        });
        let next = left.last().map_or(self.sent, |(first, _)| *first);
        assert!(next >= self.next, "nothing comes twice");
        self.next = next;
        assert!(!self.end.is_closed());
    }

    /// What is left comes, then the reason.
    fn close(mut self) {
        self.end.close(3000, "Go away!");
        while self.next < self.sent {
            self.read();
        }
        let last = std::iter::repeat_with(|| self.frame()).find(|frame| frame != "h");
        assert_eq!(last.as_deref(), Some(r#"c[3000,"Go away!"]"#));
    }

    /// Who leaves a response that is not whole has left the session.
    fn abort(mut self, which: usize) {
        if self.poll.is_none() {
            self.poll = Some(Poll::ask(self.address, &self.name, framing(which)));
        }
        // A response that the server takes for whole tells it nothing: see `drop_answer`.
        if self.poll.as_ref().is_some_and(|poll| self.may_be_whole(poll)) {
            return self.close();
        }
        self.poll = None;
        assert_eq!(rt::System::new().block_on(self.end.receive()), None);
        assert_eq!(self.end.reason().map(|reason| reason.code), Some(1002));
        assert_eq!(self.end.try_send_frame(&Bytes::from_static(b"h")), Err(SendError::Gone));
    }
}

#[test]
fn any_interleaving_of_requests_keeps_order_and_loses_nothing() {
    let limits = Limits { response_bytes: RESPONSE_BYTES, ..Limits::default() };
    let (address, ends) = serve(Settings { limits, ..Settings::default() });
    let config = Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        // A step that fails may do so by waiting in vain.
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let case = (
        0..5usize,
        prop::collection::vec(step(), 1..40),
        prop_oneof![Just(End::Close), (0..5usize).prop_map(End::Abort)],
    );
    let number = Cell::new(0);
    TestRunner::new(config)
        .run(&case, |(which, steps, end)| {
            number.set(number.get() + 1);
            let mut world = World::open(address, format!("session{}", number.get()), &ends, which);
            for step in steps {
                world.step(step);
            }
            match end {
                End::Close => world.close(),
                End::Abort(which) => world.abort(which),
            }
            Ok(())
        })
        .unwrap();
}
