//! The server's side of a STOMP session (`hub-stomp`), with an owner that answers everything at once.
//!
//! The first byte chooses the limits, the second which request the owner denies, the third how the
//! stream behind them is cut.

use std::sync::Arc;
use std::time::Instant;

use hub_stomp::{
    Command, Decoder, Item, Limits, OpeningLimits, RateLimit, Request, Session, SessionConfig,
    TransactionLimits, Version,
};

use crate::cut;
use crate::stomp_codec::{Owned, carried, owned};

/// History of a session, and its state.
#[derive(PartialEq, Eq, Debug)]
struct Transcript {
    requests: Vec<String>,
    written: Vec<u8>,
    is_connected: bool,
    is_closed: bool,
    version: Version,
    subscriptions: usize,
    open_transactions: usize,
}

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&[limits, denied, seed], stream)) = data.split_first_chunk() else { return };
    let config = Arc::new(config(limits));
    // 15 is more than most inputs ask for: nothing is denied.
    let denied = usize::from(denied & 15);
    let whole = Owner::new(&config, denied).feed(&[stream]);
    cut::each_way(stream, seed, |parts| {
        let cut = Owner::new(&config, denied).feed(parts);
        assert_eq!(cut, whole, "cut into {:?}", parts.iter().map(|part| part.len()).collect::<Vec<_>>());
    });
    check_written(stream, &whole);
}

fn config(byte: u8) -> SessionConfig {
    let server_name = "hub/1".to_owned();
    let plenty = SessionConfig { server_name, ..SessionConfig::default() };
    let rate = (byte & 2 != 0).then_some(RateLimit { bytes_per_second: 1, burst_bytes: 300 });
    if byte & 1 == 0 {
        return SessionConfig { rate, ..plenty };
    }
    SessionConfig {
        limits: Limits { max_frame_bytes: 200, max_headers: 6, max_header_line_bytes: 60 },
        max_subscriptions: 2,
        opening: OpeningLimits { max_eols: 3, max_connect_bytes: 120 },
        transactions: TransactionLimits { max_open: 2, max_frames: 3, max_bytes: 100 },
        rate,
        ..plenty
    }
}

/// A server without a hub behind it.
struct Owner<'c> {
    config: &'c SessionConfig,
    session: Session,
    now: Instant,
    /// Requests that are granted before one is denied.
    grants: usize,
    requests: Vec<String>,
    written: Vec<u8>,
    has_ended: bool,
}

/// Things to do once a request is no longer borrowed.
enum Next {
    GoOn,
    Accept,
    Close,
}

impl<'c> Owner<'c> {
    fn new(config: &'c Arc<SessionConfig>, grants: usize) -> Owner<'c> {
        let now = Instant::now();
        let session = Session::new(Arc::clone(config), now);
        Owner { config, session, now, grants, requests: Vec::new(), written: Vec::new(), has_ended: false }
    }

    fn feed(mut self, parts: &[&[u8]]) -> Transcript {
        let mut fed_bytes = 0;
        for part in parts {
            fed_bytes += part.len();
            let mut input = *part;
            while self.step(&mut input) {}
            assert!(input.is_empty(), "None says that the input is used up");
            self.check_costs(fed_bytes);
        }
        assert_eq!(self.session.accept("late", self.now), None, "a CONNECT is accepted once");
        Transcript {
            requests: self.requests,
            written: self.written,
            is_connected: self.session.is_connected(),
            is_closed: self.session.is_closed(),
            version: self.session.version(),
            subscriptions: self.session.subscriptions(),
            open_transactions: self.session.open_transactions(),
        }
    }

    /// Takes one request; false if there is none.
    fn step(&mut self, input: &mut &[u8]) -> bool {
        let next = match self.session.receive(input, self.now) {
            Ok(None) => return false,
            Ok(Some(request)) => {
                assert!(!self.has_ended, "a request after the end: {request:?}");
                self.requests.push(format!("{request:?}"));
                self.has_ended = matches!(request, Request::Disconnect { .. });
                answer(&request, &mut self.grants, &mut self.written)
            }
            Err(refusal) => {
                assert!(!self.has_ended, "refused after the end: {refusal}");
                self.written.extend(refusal.error_frame());
                Next::Close
            }
        };
        match next {
            Next::GoOn => {}
            Next::Accept if self.grants == 0 => {
                let refusal = self.session.refuse("denied", "by its owner");
                self.written.extend(refusal.error_frame());
                self.has_ended = true;
            }
            Next::Accept => {
                let connected = self.session.accept("s-1", self.now).expect("a CONNECT awaits it");
                self.written.extend(connected);
            }
            Next::Close => {
                self.session.close();
                self.has_ended = true;
            }
        }
        assert_eq!(self.session.is_closed(), self.has_ended);
        true
    }

    fn check_costs(&self, fed_bytes: usize) {
        let (session, config) = (&self.session, self.config);
        let most = 2 * fed_bytes.min(config.limits.max_frame_bytes).max(8);
        assert!(session.buffered() <= most, "{} of {fed_bytes} bytes held", session.buffered());
        assert!(session.subscriptions() <= config.max_subscriptions);
        assert!(session.open_transactions() <= config.transactions.max_open);
        assert!(
            !session.is_closed() || session.open_transactions() == 0,
            "a transaction outlives its session"
        );
    }
}

/// Grants a request, or denies it.
fn answer(request: &Request<'_>, grants: &mut usize, written: &mut Vec<u8>) -> Next {
    if matches!(request, Request::Connect(_)) {
        return Next::Accept;
    }
    let Some(reply) = request.reply() else { return Next::GoOn };
    let is_left = matches!(request, Request::Disconnect { .. });
    *grants -= usize::from(!is_left);
    if *grants == 0 {
        written.extend(reply.refusal("denied", "by its owner").error_frame());
        return Next::Close;
    }
    written.extend(reply.receipt_frame().into_iter().flatten());
    Next::GoOn
}

/// Asserts that a client can read what was written: `CONNECTED RECEIPT* ERROR?`, each receipt that was asked
/// for at most once and in order, and all of them if the session goes on.
fn check_written(stream: &[u8], transcript: &Transcript) {
    let frames = read_back(transcript);
    let first = frames.first().map(|frame| frame.command);
    assert!(first.is_none_or(|first| matches!(first, Command::Connected | Command::Error)));
    let asked = receipts_asked(stream, transcript.version);
    let mut given = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let is_last = index + 1 == frames.len();
        match frame.command {
            Command::Connected => assert_eq!(index, 0),
            Command::Error => assert!(is_last && transcript.is_closed, "an ERROR is the last word"),
            Command::Receipt => given.push(frame.headers[0].1.clone()),
            other => panic!("{other} was written"),
        }
    }
    assert!(asked.starts_with(&given), "asked for receipts {asked:?}, given {given:?}");
    assert!(!transcript.is_connected || asked == given, "asked for receipts {asked:?}, given {given:?}");
}

/// The server's frames.
fn read_back(transcript: &Transcript) -> Vec<Owned> {
    let mut client = Decoder::for_client(Limits { max_header_line_bytes: 1 << 20, ..Limits::default() });
    let (mut input, mut frames) = (transcript.written.as_slice(), Vec::new());
    while let Some(item) = client.next(&mut input).expect("a client can read it") {
        let Item::Frame(frame) = item else { panic!("a heart-beat that nobody wrote") };
        let frame = owned(&frame);
        if frame.command == Command::Connected {
            let version = frame.headers.iter().find(|(name, _)| name == "version");
            assert_eq!(version.map(|(_, value)| value.as_str()), Some(transcript.version.as_str()));
            client.set_version(transcript.version);
        }
        frames.push(frame);
    }
    assert_eq!(client.buffered(), 0, "the last frame is whole");
    frames
}

/// The receipts that the frames behind CONNECT ask for, found by the codec alone.
fn receipts_asked(stream: &[u8], version: Version) -> Vec<String> {
    let mut decoder = Decoder::new(Limits::default());
    let (mut input, mut receipts, mut is_open) = (stream, Vec::new(), false);
    while let Ok(Some(item)) = decoder.next(&mut input) {
        let Item::Frame(frame) = item else { continue };
        let receipt = frame.headers.get("receipt").filter(|_| is_open);
        receipts.extend(receipt.map(|receipt| carried(Command::Receipt, version, &receipt, false)));
        if !is_open {
            is_open = true;
            decoder.set_version(version);
        }
    }
    receipts
}
