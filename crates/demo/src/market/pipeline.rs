//! Trades on their way through the pipeline, as its services report them:
//! through four stages, or to where they fail.
//!
//! A trade that has entered is reported again when its next event is due, at
//! the time at which it was due: so the latencies between stages are the
//! intended ones, however late a step comes.

mod queues;
mod report;
mod route;
mod trouble;

use std::collections::BTreeMap;
use std::time::Duration;

use hub_core::Timestamp;
use hub_core::normalize::Kind;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::id::{Domain, Ids};
use super::listing::Listing;
use super::pace::Pace;
use super::spelling::Spelling;
use super::{Batch, push, stream};
use crate::config::DemoConfig;
use queues::Queues;
use route::{STATIONS, Station};
use trouble::{Fault, Trouble};

/// The next event of a trade.
enum NextStep {
    /// It comes to a stage.
    Reach(&'static Station),
    /// It is given up on the way to it.
    GiveUp(&'static Station, &'static Fault),
}

/// A trade that has entered the pipeline.
struct Trip {
    id: String,
    next: NextStep,
    /// A trouble that is still to come.
    trouble: Option<Trouble>,
}

/// The subject of an invalid trade.
struct Subject {
    portfolio: String,
    symbol: String,
    cents: u32,
}

/// The reports of one step, by kind.
#[derive(Default)]
struct Reports {
    events: Vec<String>,
    errors: Vec<String>,
    dead_letters: Vec<String>,
    invalid: Vec<String>,
}

/// The pipeline of one run.
pub(super) struct Pipeline {
    portfolios: u32,
    failing_share: f64,
    pace: Pace,
    queues: Queues,
    /// By when they are due, in milliseconds, and number. Each trade is in it
    /// once, for the seconds that it takes.
    trips: BTreeMap<(i64, u64), Trip>,
    entered: u64,
    rng: ChaCha8Rng,
}

impl Pipeline {
    /// None where no trades are configured.
    pub(super) fn new(config: &DemoConfig) -> Option<Pipeline> {
        (config.trades_per_second > 0).then(|| Pipeline {
            portfolios: config.portfolios,
            failing_share: config.failing_share,
            pace: Pace::new(config.trades_per_second),
            queues: Queues::new(config.trades_per_second, stream(config.seed, 7)),
            trips: BTreeMap::new(),
            entered: 0,
            rng: stream(config.seed, 8),
        })
    }

    /// The reports of the `elapsed` before `now`.
    pub(super) fn step(
        &mut self,
        elapsed: Duration,
        now: Timestamp,
        ids: &Ids,
        listings: &[Listing],
    ) -> Vec<Batch> {
        let mut batches = Vec::new();
        push(&mut batches, Kind::QueueMetrics, self.queues.step(elapsed, now));
        self.enter(elapsed, now, ids);
        let mut reports = Reports::default();
        while let Some(entry) = self.trips.first_entry()
            && entry.key().0 <= now.millis()
        {
            let ((due, number), trip) = entry.remove_entry();
            self.happen(due, number, trip, &mut reports, ids, listings);
        }
        push(&mut batches, Kind::TradeEvents, reports.events);
        push(&mut batches, Kind::InvalidTrades, reports.invalid);
        // An error before the dead letter it leads to.
        push(&mut batches, Kind::ErrorEvents, reports.errors);
        push(&mut batches, Kind::DlqEvents, reports.dead_letters);
        batches
    }

    /// Trades enter, evenly spread over the time that passed.
    fn enter(&mut self, elapsed: Duration, now: Timestamp, ids: &Ids) {
        let due = self.pace.due(elapsed) as i64;
        let millis = elapsed.as_millis() as i64;
        for place in 1..=due {
            self.entered += 1;
            let trip = Trip {
                id: ids.get(Domain::Trade, self.entered),
                next: NextStep::Reach(&STATIONS[0]),
                trouble: Trouble::of(self.entered, self.failing_share, &mut self.rng),
            };
            let at = now.millis() - millis + millis * place / due;
            self.trips.insert((at, self.entered), trip);
        }
    }

    fn happen(
        &mut self,
        due: i64,
        number: u64,
        mut trip: Trip,
        reports: &mut Reports,
        ids: &Ids,
        listings: &[Listing],
    ) {
        let at = Timestamp::default().plus_millis(due);
        let spelling = Spelling::pick(&mut self.rng);
        let station = match trip.next {
            NextStep::Reach(station) => station,
            NextStep::GiveUp(station, fault) => {
                reports.dead_letters.push(report::dead_letter(station, fault, &trip.id, at, spelling));
                return;
            }
        };
        let takes = match trip.trouble.take_if(|trouble| trouble.stage() == station.stage) {
            Some(Trouble::Invalid) => {
                if let Some(subject) = self.subject(ids, listings) {
                    reports.invalid.push(report::invalid(&subject, &trip.id, at, &mut self.rng));
                }
                return;
            }
            Some(Trouble::Fault(fault)) => {
                reports.errors.push(report::error(station, fault, &trip.id, at, spelling));
                // Whether it is given up or comes through: not at once.
                trip.next = if fault.is_passing { trip.next } else { NextStep::GiveUp(station, fault) };
                self.rng.random_range(if fault.is_passing { 1000.0..2500.0 } else { 100.0..400.0 })
            }
            None => {
                reports.events.push(report::passed(station, number, &trip.id, at, spelling));
                let Some(next) = STATIONS.get(station.stage.index() + 1) else { return };
                trip.next = NextStep::Reach(next);
                self.rng.random_range(next.usual_millis.clone()) * self.queues.slowness(next.stage)
            }
        };
        self.trips.insert((due + takes as i64, number), trip);
    }

    fn subject(&mut self, ids: &Ids, listings: &[Listing]) -> Option<Subject> {
        let listing = listings.get(self.rng.random_range(0..listings.len()))?;
        let portfolio = self.rng.random_range(0..self.portfolios);
        Some(Subject {
            portfolio: ids.get(Domain::Portfolio, portfolio.into()),
            symbol: listing.symbol.clone(),
            cents: listing.cents,
        })
    }
}
