//! What a session promises, whatever the order of requests: frames and
//! messages arrive in order, each once, and nothing is lost between one
//! response and the next.

mod browser;

use std::time::{Duration, Instant};

use bytes::Bytes;
use hub_sockjs::session::{GO_AWAY, Refused};
use hub_sockjs::{Callback, Framing, Limits, Messages, Part, Response, Session};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// The application sends so many messages in one frame.
    Send(usize),
    Heartbeat,
    /// The client sends so many messages.
    Offer(usize),
    Receive,
    /// The client asks by a transport.
    Ask(usize),
    /// A part of the response is written.
    Write,
    /// So many milliseconds pass: not enough to lose a client that comes back.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4usize).prop_map(Step::Send),
        1 => Just(Step::Heartbeat),
        3 => (0..4usize).prop_map(Step::Offer),
        3 => Just(Step::Receive),
        3 => (0..5usize).prop_map(Step::Ask),
        8 => Just(Step::Write),
        2 => (0..300u64).prop_map(Step::Wait),
    ]
}

fn framing(which: usize) -> Framing {
    let callback = || Callback::from_query("c=f").unwrap();
    match which {
        0 => Framing::Xhr,
        1 => Framing::XhrStreaming,
        2 => Framing::EventSource,
        3 => Framing::HtmlFile(callback()),
        _ => Framing::Jsonp(callback()),
    }
}

/// The frame in a chunk, as a client finds it; `None` in a prelude.
fn frame_in(framing: &Framing, chunk: &[u8]) -> Option<String> {
    if Some(chunk) == framing.prelude().as_deref() {
        return None;
    }
    browser::frames(framing, chunk).pop()
}

struct World {
    session: Session,
    now: Instant,
    response: Option<Response>,
    limits: Limits,
    sent: usize,
    frames: Vec<String>,
    offered: usize,
    received: Vec<String>,
}

impl World {
    fn new() -> World {
        let limits =
            Limits { response_bytes: 64, outbound_bytes: 500, inbound_bytes: 200, ..Limits::default() };
        // Any instant will do.
        #[allow(clippy::disallowed_methods)]
        let now = Instant::now();
        World {
            session: Session::new(limits, now),
            now,
            response: None,
            limits,
            sent: 0,
            frames: Vec::new(),
            offered: 0,
            received: Vec::new(),
        }
    }

    fn attach(&mut self, which: usize) -> Response {
        Response::attach(framing(which), &mut self.session, self.limits.response_bytes, self.now)
    }

    fn send(&mut self, count: usize) {
        let mut frame = Messages::default();
        for message in self.sent..self.sent + count {
            frame.push(&format!("{message}</script>\u{2028}"));
        }
        match self.session.send(&frame.finish().into(), self.now) {
            Ok(()) => self.sent += count,
            Err(refused) => assert_eq!(refused, Refused::Full),
        }
        assert!(self.session.buffered_bytes() <= self.limits.outbound_bytes, "bounded");
    }

    fn ask(&mut self, which: usize) {
        let mut response = self.attach(which);
        if self.response.is_none() {
            self.response = Some(response);
            return;
        }
        // The second is told so, and the first not disturbed.
        let mut told = Vec::new();
        while let Part::Chunk(chunk) = response.next(&mut self.session, self.now) {
            told.extend(frame_in(response.framing(), &chunk));
        }
        assert_eq!(told, [r#"c[2010,"Another connection still open"]"#]);
    }

    /// Writes a part; false if there is none for now.
    fn write(&mut self) -> bool {
        let Some(mut response) = self.response.take() else { return false };
        match response.next(&mut self.session, self.now) {
            Part::Chunk(chunk) => self.frames.extend(frame_in(response.framing(), &chunk)),
            Part::End => return true,
            Part::Nothing => {
                self.response = Some(response);
                return false;
            }
        }
        self.response = Some(response).filter(|response| !response.is_whole());
        true
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Send(count) => self.send(count),
            Step::Heartbeat => {
                let _ = self.session.send(&Bytes::from_static(b"h"), self.now);
            }
            Step::Offer(count) => {
                let messages: Vec<_> = (self.offered..self.offered + count).map(|n| n.to_string()).collect();
                match self.session.offer(messages.clone()) {
                    Ok(()) => self.offered += count,
                    Err(refused) => assert_eq!(refused, messages, "all or none"),
                }
            }
            Step::Receive => self.received.extend(self.session.receive()),
            Step::Ask(which) => self.ask(which),
            Step::Write => {
                self.write();
            }
            Step::Wait(millis) => {
                self.now += Duration::from_millis(millis);
                self.session.tick(self.now);
            }
        }
    }

    /// The client asks until it is told that all is over.
    fn drain(&mut self) {
        while !self.frames.last().is_some_and(|frame| frame.starts_with('c')) {
            if self.response.is_none() {
                self.response = Some(self.attach(self.frames.len() % 5));
            }
            assert!(self.write(), "a closed session has something to say");
        }
    }
}

fn messages(frames: &[String]) -> Vec<usize> {
    let arrays = frames.iter().filter_map(|frame| frame.strip_prefix('a'));
    let messages = arrays.flat_map(|array| serde_json::from_str::<Vec<String>>(array).unwrap());
    messages.map(|message| message.strip_suffix("</script>\u{2028}").unwrap().parse().unwrap()).collect()
}

proptest! {
    #[test]
    fn any_interleaving_keeps_order_and_loses_nothing(steps in prop::collection::vec(step(), 0..200)) {
        let mut world = World::new();
        for step in &steps {
            // Only what a client does that is there: it comes back in time.
            if world.now > world.session.deadline().unwrap_or(world.now) {
                world.ask(0);
            }
            world.step(step);
            if world.session.is_closed() {
                break;
            }
        }
        world.received.extend(std::iter::from_fn(|| world.session.receive()));
        let was_open = !world.session.is_closed();
        world.session.close(GO_AWAY, world.now);
        if was_open {
            world.drain();
            prop_assert_eq!(world.frames.first().map(String::as_str), Some("o"));
            prop_assert_eq!(world.frames.iter().filter(|frame| *frame == "o").count(), 1);
            prop_assert_eq!(messages(&world.frames), (0..world.sent).collect::<Vec<_>>());
            prop_assert_eq!(world.frames.last().map(String::as_str), Some(r#"c[3000,"Go away!"]"#));
        }
        let expected: Vec<_> = (0..world.offered).map(|n| n.to_string()).collect();
        prop_assert_eq!(world.received, expected);
    }
}
