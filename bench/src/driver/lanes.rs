//! Publications that are on their way.

use std::collections::VecDeque;

/// A publication that not everybody has yet.
struct Publication {
    /// Time at which it was to be sent, in nanoseconds of the driver's clock.
    intended: u64,
    /// Receivers that it has not reached.
    missing: usize,
}

/// Publications of one publisher to one topic, in order.
#[derive(Default)]
struct Lane {
    /// Ordinal of the first that is pending.
    first: u64,
    pending: VecDeque<Publication>,
}

/// All lanes, which take publications by turns.
pub(super) struct Lanes {
    all: Vec<Lane>,
    turn: usize,
    /// Publications that not everybody has yet.
    pub(super) outstanding: usize,
    /// Publications so far.
    pub(super) published: u64,
}

impl Lanes {
    pub(super) fn new(count: usize) -> Lanes {
        Lanes { all: (0..count).map(|_| Lane::default()).collect(), turn: 0, outstanding: 0, published: 0 }
    }

    /// Ordinals that come next, of each lane.
    pub(super) fn due(&self) -> Vec<u64> {
        self.all.iter().map(|lane| lane.first + lane.pending.len() as u64).collect()
    }

    /// Enters a publication to `receivers`; its lane and ordinal.
    pub(super) fn publish(&mut self, intended: u64, receivers: usize) -> (usize, u64) {
        let turn = self.turn;
        self.turn = (turn + 1) % self.all.len();
        let lane = &mut self.all[turn];
        lane.pending.push_back(Publication { intended, missing: receivers });
        self.outstanding += 1;
        self.published += 1;
        (turn, lane.first + lane.pending.len() as u64 - 1)
    }

    /// Gives up whatever is outstanding.
    pub(super) fn settle(&mut self) {
        for lane in &mut self.all {
            lane.first += lane.pending.len() as u64;
            lane.pending.clear();
        }
        self.outstanding = 0;
    }

    /// Takes one off what is missing; when it was to be sent. `None`: nobody waits for it.
    pub(super) fn deliver(&mut self, lane: usize, ordinal: u64) -> Option<u64> {
        let lane = self.all.get_mut(lane)?;
        let publication = lane.pending.get_mut(ordinal.checked_sub(lane.first)? as usize)?;
        publication.missing = publication.missing.checked_sub(1)?;
        let intended = publication.intended;
        if publication.missing == 0 {
            self.outstanding -= 1;
            while lane.pending.front().is_some_and(|front| front.missing == 0) {
                lane.pending.pop_front();
                lane.first += 1;
            }
        }
        Some(intended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_is_outstanding_until_everybody_has_it() {
        let mut lanes = Lanes::new(2);
        assert_eq!([10, 20, 30].map(|at| lanes.publish(at, 2)), [(0, 0), (1, 0), (0, 1)]);
        // A later one may be complete before an earlier one.
        assert_eq!([lanes.deliver(0, 1), lanes.deliver(0, 1)], [Some(30), Some(30)]);
        assert_eq!(lanes.outstanding, 2);
        assert_eq!(lanes.deliver(0, 1), None, "a third of two");
        assert_eq!(
            [lanes.deliver(0, 0), lanes.deliver(0, 0), lanes.deliver(0, 0)],
            [Some(10), Some(10), None]
        );
        assert_eq!([lanes.deliver(1, 0), lanes.deliver(1, 0)], [Some(20), Some(20)]);
        assert_eq!((lanes.outstanding, lanes.published), (0, 3));
        assert_eq!(lanes.deliver(0, 2), None, "never published");
        assert_eq!(lanes.deliver(2, 0), None, "no such lane");
        lanes.publish(40, 2);
        lanes.settle();
        assert_eq!((lanes.outstanding, lanes.due()), (0, vec![2, 2]));
    }
}
