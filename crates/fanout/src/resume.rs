//! Coming back: whether what a subscriber has seen can be continued.

use hub_core::{Offset, Position, Timestamp};
use serde::{Deserialize, Serialize};

/// So much log time is recent: enough for a page that connects while it reads the rest over REST, and for one that comes
/// back after a cut, five seconds later.
pub const RECENT_MILLIS: i64 = 10_000;

/// A reason why a subscriber who asked to resume gets a snapshot instead.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SnapshotReason {
    /// His position is one of another log: created anew, or restored.
    UnknownEpoch,
    /// This log has not come as far as he says.
    UnknownPosition,
    /// He was away for longer than `server.resume_horizon_ms` of log time.
    BeyondHorizon,
}

impl SnapshotReason {
    /// The value of the `snapshot` header or member.
    pub const fn as_str(self) -> &'static str {
        match self {
            SnapshotReason::UnknownEpoch => "unknown-epoch",
            SnapshotReason::UnknownPosition => "unknown-position",
            SnapshotReason::BeyondHorizon => "beyond-horizon",
        }
    }
}

/// Decides whether a subscriber who has everything up to `asked` can be given what
/// changed since, where `published` is how far anything has been published
/// and `horizon` the oldest offset to resume from.
pub fn honour(asked: Position, published: Position, horizon: Offset) -> Result<Offset, SnapshotReason> {
    if asked.epoch != published.epoch {
        Err(SnapshotReason::UnknownEpoch)
    } else if asked.offset > published.offset {
        Err(SnapshotReason::UnknownPosition)
    } else if asked.offset < horizon {
        Err(SnapshotReason::BeyondHorizon)
    } else {
        Ok(asked.offset)
    }
}

/// Follows log time to know the oldest offset to resume from: a function of
/// the log alone, hence the same on every node.
///
/// One mark a second is kept, so a position may be honoured up to a second
/// longer than promised.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Horizon {
    /// For each second in which there was a record: when it was written, and
    /// its offset.
    marks: std::collections::VecDeque<(Timestamp, Offset)>,
    oldest: Offset,
}

impl Horizon {
    /// A record was applied, and positions are honoured for so long.
    pub fn advance(&mut self, at: Timestamp, offset: Offset, horizon_millis: i64) {
        if self.marks.back().is_none_or(|(last, _)| last.second() < at.second()) {
            self.marks.push_back((at, offset));
        }
        // A mark that is not the newest speaks for its second alone.
        while self.marks.len() > 1
            && let Some((first, offset)) = self.marks.front().copied()
            && first.plus_millis(horizon_millis) < at
        {
            self.oldest = offset;
            self.marks.pop_front();
        }
    }

    /// The oldest offset that is honoured.
    pub fn oldest(&self) -> Offset {
        self.oldest
    }

    /// An offset behind which everything recent stands: of the last [`RECENT_MILLIS`], and of up to a second more.
    pub fn recent(&self) -> Offset {
        let Some((newest, _)) = self.marks.back() else { return self.oldest };
        let is_older = |(at, _): &&(Timestamp, Offset)| at.plus_millis(RECENT_MILLIS) < *newest;
        self.marks.iter().rev().find(is_older).map_or(self.oldest, |(_, offset)| *offset)
    }
}

#[cfg(test)]
mod tests {
    use hub_core::Epoch;

    use super::*;

    const HERE: Position = Position { epoch: Epoch(7), offset: Offset(100) };

    #[test]
    fn a_position_is_honoured_within_the_horizon_of_its_own_log() {
        let at = |offset| Position { offset: Offset(offset), ..HERE };
        assert_eq!(honour(at(100), HERE, Offset(10)), Ok(Offset(100)));
        assert_eq!(honour(at(10), HERE, Offset(10)), Ok(Offset(10)));
        assert_eq!(honour(at(9), HERE, Offset(10)), Err(SnapshotReason::BeyondHorizon));
        assert_eq!(honour(at(101), HERE, Offset(10)), Err(SnapshotReason::UnknownPosition));
        let other = Position { epoch: Epoch(8), ..HERE };
        assert_eq!(honour(other, HERE, Offset(10)), Err(SnapshotReason::UnknownEpoch));
    }

    #[test]
    fn the_horizon_follows_log_time_and_never_passes_the_newest_second() {
        let mut horizon = Horizon::default();
        let mut at = |millis, offset| {
            horizon.advance(Timestamp::from_millis(millis).unwrap(), Offset(offset), 2000);
            horizon.oldest()
        };
        assert_eq!(at(10_000, 1), Offset::START);
        assert_eq!(at(10_500, 2), Offset::START);
        assert_eq!(at(11_000, 3), Offset::START);
        assert_eq!(at(12_000, 4), Offset::START);
        assert_eq!(
            at(12_001, 5),
            Offset(1),
            "of second 10 nothing but its first record is certain to be old"
        );
        assert_eq!(at(13_001, 6), Offset(3));
        // A night's downtime: whoever had everything is still honoured.
        assert_eq!(at(90_000, 7), Offset(6));
    }

    #[test]
    fn what_is_recent_is_no_less_than_promised_and_no_more_than_is_honoured() {
        let recent = |horizon_millis| {
            let mut horizon = Horizon::default();
            let mut at = |millis, offset| {
                horizon.advance(Timestamp::from_millis(millis).unwrap(), Offset(offset), horizon_millis);
                horizon.recent().0
            };
            [
                (1_000, 1),
                (1_900, 2),
                (2_000, 3),
                (11_000, 4),
                (11_001, 5),
                (12_000, 6),
                (13_500, 7),
                (90_000, 8),
            ]
            .map(|(millis, offset)| at(millis, offset))
        };
        assert_eq!(Horizon::default().recent(), Offset::START);
        assert_eq!(recent(600_000), [0, 0, 0, 0, 0, 1, 3, 7]);
        assert_eq!(recent(2_000), [0, 0, 0, 3, 3, 3, 4, 7], "of what is not honoured nothing is told");
    }
}
