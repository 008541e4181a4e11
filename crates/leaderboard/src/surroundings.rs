//! Watchers of what surrounds a portfolio: who of them sees something new.
//!
//! A window is that of a flush before if nobody in it, or who could come into it,
//! was ranked anew, and if as many came in front of it as left: then nobody has to
//! look at it. So the places that portfolios left and came to are gone through in
//! order; between two of them all ranks are shifted by the same number, and where
//! that is none, only windows that reach one of the two are touched.
//!
//! P&L is told in [rounds](crate::rounds::Rounds): with the first flush of one, all rows that anybody is shown are asked
//! whether theirs moved, each once.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hub_core::{Offset, PortfolioId};
use hub_fanout::{Crowd, Touched};

use crate::board::{Around, Board};
use crate::entry::RankKey;
use crate::history::Move;
use crate::joined::Joined;
use crate::reads::LeaderboardReads;
use crate::state::State;

/// Flushes that a worker may lag behind before all that it follows are asked.
const STEPS_MAX: usize = 16;

/// Rounds of P&L that it may lag behind and still be told what moved since it last asked.
const ROUNDS_MAX: usize = 256;

/// The windows that are followed.
pub(crate) struct Surroundings {
    reads: LeaderboardReads,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    portfolios: HashMap<PortfolioId, Portfolio>,
    /// Those that are ranked, by their places as of `upto`.
    places: BTreeMap<RankKey, PortfolioId>,
    /// Windows that came since then.
    new: BTreeMap<u64, PortfolioId>,
    /// Neighbours on either side of the widest.
    range: usize,
    next: u64,
    upto: Offset,
    steps: VecDeque<Step>,
    /// Rounds whose P&L was told, the newest last: their first flushes.
    rounds: VecDeque<Offset>,
}

#[derive(Default)]
struct Portfolio {
    place: Option<RankKey>,
    /// The neighbours of each on either side.
    windows: BTreeMap<u64, usize>,
}

/// From one flush to the next: the windows that it touched, `None` if any.
struct Step {
    since: Offset,
    touched: Option<Vec<u64>>,
}

impl Surroundings {
    pub(crate) fn new(reads: LeaderboardReads) -> Surroundings {
        Surroundings { reads, watched: Mutex::default() }
    }

    /// Enters a window; gives its number.
    pub(crate) fn enter(&self, id: PortfolioId, range: usize) -> u64 {
        let mut watched = self.watched();
        let number = watched.next;
        watched.next += 1;
        watched.range = watched.range.max(range);
        watched.portfolios.entry(id).or_default().windows.insert(number, range);
        watched.new.insert(number, id);
        number
    }

    /// Nobody follows the window any more.
    pub(crate) fn leave(&self, id: PortfolioId, number: u64) {
        let mut guard = self.watched();
        let watched = &mut *guard;
        watched.new.remove(&number);
        let Some(portfolio) = watched.portfolios.get_mut(&id) else { return };
        portfolio.windows.remove(&number);
        if portfolio.windows.is_empty() {
            if let Some(place) = portfolio.place {
                watched.places.remove(&place);
            }
            watched.portfolios.remove(&id);
        }
        if watched.portfolios.is_empty() {
            watched.range = 0;
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        // Every critical section leaves it whole, panicking or not.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowd for Surroundings {
    /// The first worker that asks after a flush finds out for all.
    fn touched(&self, since: Offset) -> Touched {
        let (state, joined) = self.reads.flushed_with_pnl();
        let mut watched = self.watched();
        watched.follow(&state, &joined);
        Touched { members: watched.since(since), stood: watched.stood(since), upto: watched.upto }
    }
}

impl Watched {
    /// Goes on to this flush.
    fn follow(&mut self, state: &State, joined: &Joined) {
        let (since, upto) = (self.upto, state.position().offset);
        if upto <= since {
            return;
        }
        // Of more changes than are watched it costs less to look at all who watch.
        let moves = state.moves(since, self.portfolios.len());
        let mut touched = moves.map(|moves| self.step(&moves, state.board()));
        match &mut touched {
            Some(touched) => touched.extend(self.told(state, joined)),
            None => self.begin_again(state.board()),
        }
        if self.rounds.back() != Some(&state.round()) {
            self.rounds.push_back(state.round());
        }
        if self.rounds.len() > ROUNDS_MAX {
            self.rounds.pop_front();
        }
        self.upto = upto;
        self.steps.push_back(Step { since, touched });
        if self.steps.len() > STEPS_MAX {
            self.steps.pop_front();
        }
    }

    /// The windows that have a row whose P&L moved since the last round, if this is another.
    fn told(&self, state: &State, joined: &Joined) -> Vec<u64> {
        let told = self.rounds.back().copied().unwrap_or_default();
        if state.round() <= told || joined.stood(told) {
            return Vec::new();
        }
        let mut moved = Moved { board: state.board(), joined, after: told, ranks: Vec::new(), looked: 0 };
        let mut touched = Vec::new();
        for (place, id) in &self.places {
            let Some(portfolio) = self.portfolios.get(id) else { continue };
            let center = state.board().before(*place);
            let widest = portfolio.windows.values().max().copied().unwrap_or_default();
            moved.look(center, widest);
            let windows = portfolio.windows.iter().filter(|(_, range)| moved.is_any(center, **range));
            touched.extend(windows.map(|(number, _)| *number));
        }
        touched
    }

    /// The flush up to which those are told everything who were told what was touched up to `since`.
    fn stood(&self, since: Offset) -> Offset {
        self.rounds.iter().rev().find(|round| **round <= since).copied().unwrap_or_default()
    }

    fn since(&self, since: Offset) -> Option<Arc<[u64]>> {
        if since == self.upto {
            return Some(Arc::default());
        }
        let first = self.steps.iter().position(|step| step.since == since)?;
        let mut touched = BTreeSet::new();
        for step in self.steps.range(first..) {
            touched.extend(step.touched.as_ref()?);
        }
        Some(touched.into_iter().collect())
    }

    /// Too much changed: all places are looked up, in any order.
    fn begin_again(&mut self, board: &Board) {
        self.places.clear();
        self.new.clear();
        for (id, portfolio) in &mut self.portfolios {
            portfolio.place = board.entry(*id).map(|row| row.rank_key());
            if let Some(place) = portfolio.place {
                self.places.insert(place, *id);
            }
        }
    }

    /// The windows that these changes, which led to this board, touched.
    fn step(&mut self, moves: &BTreeMap<PortfolioId, Move>, board: &Board) -> Vec<u64> {
        let mut touched = BTreeSet::new();
        for (id, Move { to, .. }) in moves {
            if self.portfolios.contains_key(id) {
                self.place(*id, Some(*to));
                touched.insert(*id);
            }
        }
        for id in std::mem::take(&mut self.new).into_values() {
            self.place(id, board.entry(id).map(|row| row.rank_key()));
            touched.insert(id);
        }
        self.shifted(moves, board, &mut touched);
        let windows = |id: PortfolioId| self.portfolios.get(&id).map(|portfolio| &portfolio.windows);
        touched.into_iter().filter_map(windows).flat_map(BTreeMap::keys).copied().collect()
    }

    fn place(&mut self, id: PortfolioId, place: Option<RankKey>) {
        let Some(portfolio) = self.portfolios.get_mut(&id) else { return };
        if let Some(old) = std::mem::replace(&mut portfolio.place, place) {
            self.places.remove(&old);
        }
        if let Some(place) = place {
            self.places.insert(place, id);
        }
    }

    /// Adds those whose window has other rows or ranks, though they were not ranked
    /// anew themselves.
    fn shifted(
        &self,
        moves: &BTreeMap<PortfolioId, Move>,
        board: &Board,
        touched: &mut BTreeSet<PortfolioId>,
    ) {
        let mut events: BTreeMap<RankKey, i64> = BTreeMap::new();
        for Move { from, to } in moves.values() {
            *events.entry(*to).or_default() += 1;
            if let Some(from) = from {
                *events.entry(*from).or_default() -= 1;
            }
        }
        let mut shift = 0;
        let mut events = events.into_iter().peekable();
        while let Some((place, by)) = events.next() {
            let before = shift;
            shift += by;
            if before == 0 {
                touched.extend(self.reaching_down_to(place, board));
            }
            if shift == 0 {
                touched.extend(self.reaching_up_to(place, board));
            } else {
                let end = events.peek().map_or(Unbounded, |(next, _)| Excluded(*next));
                touched.extend(self.places.range((Included(place), end)).map(|(_, id)| *id));
            }
        }
    }

    /// Those before a place whose window reaches it, or a row more.
    fn reaching_down_to(&self, place: RankKey, board: &Board) -> impl Iterator<Item = PortfolioId> {
        let reached = || {
            let rank = board.before(place).checked_sub(self.range + 1);
            rank.and_then(|rank| board.rank_key_at(rank)).map_or(Unbounded, Included)
        };
        let is_anybody = self.places.range(..place).next_back().is_some();
        let from = if is_anybody { reached() } else { Excluded(place) };
        self.places.range((from, Included(place))).map(|(_, id)| *id)
    }

    /// Those from a place on whose window reaches it, or a row more.
    fn reaching_up_to(&self, place: RankKey, board: &Board) -> impl Iterator<Item = PortfolioId> {
        let reached = || {
            let rank = board.before(place) + self.range + 1;
            board.rank_key_at(rank).map_or(Unbounded, Included)
        };
        let is_anybody = self.places.range(place..).next().is_some();
        let to = if is_anybody { reached() } else { Included(place) };
        self.places.range((Included(place), to)).map(|(_, id)| *id)
    }
}

/// Ranks, from 0, of rows whose P&L moved, of those that were looked at: windows come in the order of their ranks.
struct Moved<'a> {
    board: &'a Board,
    joined: &'a Joined,
    after: Offset,
    ranks: Vec<usize>,
    /// The first rank behind those that were looked at.
    looked: usize,
}

impl Moved<'_> {
    /// Looks at all rows of a window that no window before it had.
    fn look(&mut self, center: usize, range: usize) {
        let (skip, limit) = Around::span(center + 1, range);
        let end = skip + limit;
        let begin = skip.max(self.looked);
        for (rank, row) in self.board.rows(begin, end.saturating_sub(begin)) {
            if self.joined.may_have_moved(row.id, self.after) {
                self.ranks.push(rank - 1);
            }
        }
        self.looked = self.looked.max(end);
    }

    /// True if one of a window's rows is among them.
    fn is_any(&self, center: usize, range: usize) -> bool {
        let (skip, limit) = Around::span(center + 1, range);
        let first = self.ranks.partition_point(|rank| *rank < skip);
        self.ranks.get(first).is_some_and(|rank| *rank < skip + limit)
    }
}

#[cfg(test)]
mod tests;
