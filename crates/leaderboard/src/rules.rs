//! The rules of the ranking: what records make of it, of the [projection's](crate::memory) as of a
//! [fork's](crate::fork).

use std::sync::Arc;

use hub_core::event::{PortfolioInfo, RiskMetrics};
use hub_core::{Derived, Event, Offset, Outcome, PortfolioId, Record, Rejection, Timestamp};
use hub_fanout::Step;

use crate::entry::{Entry, Metrics};
use crate::known::{Known, Named};

/// The ranking that the rules are applied to. What is ranked once stays ranked.
pub(crate) trait Standings {
    /// The way back to a portfolio that was found.
    type Place;

    /// Log time.
    fn now(&self) -> Timestamp;

    /// A portfolio of which anything is known.
    fn find(&self, id: PortfolioId) -> Option<Found<Self::Place>>;

    /// Ranks a portfolio by this entry at `offset`, whatever was found of it before.
    fn set(&mut self, offset: Offset, found: Option<&Found<Self::Place>>, entry: Entry);

    /// Names a portfolio that is not ranked, whatever its name was before.
    fn name(&mut self, found: Option<&Found<Self::Place>>, named: Named);

    /// A ranked portfolio keeps to ingested values from here on, by this entry. People see the same as before.
    fn keep_to_ingested(&mut self, found: &Found<Self::Place>, entry: Entry);
}

/// A portfolio as it was found.
pub(crate) struct Found<P> {
    pub(crate) known: Known,
    pub(crate) place: P,
}

/// The source of metrics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Ingested,
    Derived,
}

/// Takes a record in, and before it what earlier projections derived from it.
pub(crate) fn apply(standings: &mut impl Standings, record: &Record, step: &mut Step) {
    take_derived(standings, record.offset, step);
    match &record.event {
        Event::Risk(metrics) => {
            let ranked = rank(standings, record.offset, metrics, Source::Ingested);
            step.decide(ranked.map_or_else(Outcome::Rejected, |()| Outcome::Accepted));
        }
        Event::Portfolio(info) => rename(standings, record.offset, info),
        _ => {}
    }
}

/// Takes in what earlier projections derived at this boundary or record.
pub(crate) fn take_derived(standings: &mut impl Standings, offset: Offset, step: &Step) {
    for Derived::Risk(metrics) in step.derived() {
        // Metrics beyond what has a score rank nobody: there is no record to reject.
        let _ = rank(standings, offset, metrics, Source::Derived);
    }
}

/// The last metrics win, but those that were ingested over all that are derived. Metrics that change nothing change
/// nothing at all: neither place nor `updatedAt`. Those that lead to the same score keep the place (against BUG-L11).
fn rank(
    standings: &mut impl Standings,
    offset: Offset,
    event: &RiskMetrics,
    source: Source,
) -> Result<(), Rejection> {
    let id = event.portfolio_id;
    let found = standings.find(id);
    let held = found.as_ref().and_then(|found| found.known.row());
    let ingested = held.map(|row| row.ingested).unwrap_or_default();
    if ingested.is_any() && source == Source::Derived {
        return Ok(());
    }
    let is_ingested = source == Source::Ingested;
    let metrics = Metrics::of(event);
    let score =
        metrics.score().ok_or_else(|| Rejection::whole("the score is too large to be represented"))?;
    if let Some((found, row)) = found.as_ref().zip(held).filter(|(_, row)| row.metrics == metrics) {
        if is_ingested && !ingested.is_any() {
            let entry = Entry { ingested: ingested.by(offset), ..(**row).clone() };
            standings.keep_to_ingested(found, entry);
        }
        return Ok(());
    }
    let attained = held.filter(|row| row.score == score).map_or(offset, |row| row.attained);
    let ingested = if is_ingested { ingested.by(offset) } else { ingested };
    let name = found.as_ref().and_then(|found| found.known.name().cloned());
    let entry = Entry { id, name, metrics, score, attained, updated_at: standings.now(), ingested };
    standings.set(offset, found.as_ref(), entry);
    Ok(())
}

/// The last name wins; a ranked portfolio's row changes with it, its place does not.
fn rename(standings: &mut impl Standings, offset: Offset, info: &PortfolioInfo) {
    let id = info.portfolio_id;
    let found = standings.find(id);
    if found.as_ref().and_then(|found| found.known.name()).is_some_and(|name| **name == *info.name) {
        return;
    }
    let name: Arc<str> = info.name.as_str().into();
    match &found {
        Some(Found { known: Known::Ranked(row), .. }) => {
            let entry = Entry { name: Some(name), ..(***row).clone() };
            standings.set(offset, found.as_ref(), entry);
        }
        _ => standings.name(found.as_ref(), Named { id, name }),
    }
}
