//! A subscriber whose connection is cut again and again.

use std::fmt;
use std::net::SocketAddr;

use hub_testkit::slow::TINY_RECEIVE_BYTES;
use hub_testkit::{OverSocket as _, Result};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::bell::Bell;
use crate::book::{PORTFOLIOS, portfolio};
use crate::picture::Picture;
use crate::support::session::{Options, Session, Topic, WIRES, Wire, offset};

/// Shows what a thread was about when it fails.
pub(crate) struct Shown(pub(crate) String);

impl Drop for Shown {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("that was {}", self.0);
        }
    }
}

/// What it knows outlives its connections.
pub(crate) struct Cutter {
    name: String,
    wire: Wire,
    options: Options,
    rng: ChaCha8Rng,
    pub(crate) picture: Picture,
    pub(crate) cuts: usize,
    /// Of these, cuts between the first and the last message of a drain.
    pub(crate) cuts_within_a_drain: usize,
}

/// The n-th of all combinations of wire, filter, interval and batch.
fn combination(n: usize, rng: &mut ChaCha8Rng) -> (Wire, Options) {
    let is = |bit: usize| n & bit != 0;
    let wire = WIRES[n % WIRES.len()];
    let portfolios = if is(4) { some_portfolios(rng) } else { Vec::new() };
    let interval_ms = is(8).then(|| rng.random_range(1..40));
    (wire, Options { portfolios, interval_ms, batch: rng.random(), ..Options::default() })
}

/// One to four.
pub(crate) fn some_portfolios(rng: &mut ChaCha8Rng) -> Vec<String> {
    let (first, count) = (rng.random_range(0..PORTFOLIOS), rng.random_range(1..=4));
    (first..first + count).map(|n| portfolio(n % PORTFOLIOS)).collect()
}

impl fmt::Display for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Cutter {
    /// The n-th; what it does follows from the seed, when the hub does what does not.
    pub(crate) fn new(n: usize, seed: u64) -> Cutter {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ ((n as u64 + 1) << 32));
        let (wire, options) = combination(n, &mut rng);
        let name = format!("cutter {n} of seed {seed}, {wire:?} {options:?}");
        Cutter { name, wire, options, rng, picture: Picture::default(), cuts: 0, cuts_within_a_drain: 0 }
    }

    /// Whether it asked for what this names, which begins with a portfolio.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let asked = &self.options.portfolios;
        asked.is_empty() || asked.iter().any(|portfolio| name.starts_with(portfolio.as_str()))
    }

    /// Comes back, reads so and so many messages, and vanishes.
    pub(crate) fn cut(&mut self, addr: SocketAddr) -> Result<()> {
        let mut session = self.come_back(addr)?;
        for _ in 0..self.patience() {
            let update = session.next()?;
            assert_eq!(update.snapshot, None, "every resume can be honoured");
            self.picture.take(&update);
        }
        if self.rng.random_range(0..4) == 0 {
            // Of a further message only a part.
            let bytes = self.rng.random_range(1..2_000);
            session.socket_mut().receive(bytes)?;
        }
        if self.rng.random() {
            session.socket_mut().reset_on_drop()?;
        }
        self.cuts += 1;
        self.cuts_within_a_drain += usize::from(self.picture.is_within_a_drain());
        Ok(())
    }

    fn come_back(&mut self, addr: SocketAddr) -> Result<Session> {
        let receive_bytes = (self.rng.random_range(0..5) == 0).then_some(TINY_RECEIVE_BYTES);
        if self.wire == Wire::Native && self.rng.random() {
            self.picture.reconnected();
            return Session::native(addr, &self.query(), receive_bytes);
        }
        self.resume(addr, receive_bytes)
    }

    /// Connects, and subscribes to each topic from where it knows all of it.
    pub(crate) fn resume(&mut self, addr: SocketAddr, receive_bytes: Option<usize>) -> Result<Session> {
        self.picture.reconnected();
        let mut session = Session::open(addr, self.wire, receive_bytes)?;
        for topic in Topic::STATE {
            let resume = self.picture.watermark(topic).map(ToOwned::to_owned);
            session.subscribe(topic, &Options { resume, ..self.options.clone() })?;
        }
        Ok(session)
    }

    /// Both topics from one position: the older one, or from the beginning.
    fn query(&mut self) -> String {
        let [positions, marks] = Topic::STATE.map(|topic| self.picture.watermark(topic));
        let older = positions
            .zip(marks)
            .map(|(one, other)| if offset(one) < offset(other) { one } else { other }.to_owned());
        for topic in Topic::STATE {
            self.picture.step_back(topic, older.as_ref());
        }
        let options = Options { resume: older, ..self.options.clone() };
        let pairs: Vec<_> = options.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("?{}", pairs.join("&"))
    }

    /// How many messages until the next cut: often none or few, sometimes many.
    fn patience(&mut self) -> usize {
        let most = [0, 4, 4, 30, 60][self.rng.random_range(0..5)];
        self.rng.random_range(0..=most)
    }

    /// Comes back for good: reads until it has everything.
    pub(crate) fn catch_up(&mut self, addr: SocketAddr, bell: &Bell) {
        let targets = Topic::STATE.map(|topic| (topic, bell.last(topic, |portfolio| self.wants(portfolio))));
        let mut session = self.come_back(addr).unwrap();
        while targets.iter().any(|(topic, target)| !self.picture.has_reached(*topic, *target)) {
            let update = session.next().unwrap();
            assert_eq!(update.snapshot, None, "every resume can be honoured");
            self.picture.take(&update);
        }
    }
}
