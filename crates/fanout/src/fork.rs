//! Forks: what records would do.

use hub_core::{Event, Expired, Offset, Outcome, Position, Record, Timestamp, Verdict};

use crate::projection::{Applied, FeedItem, Step};

/// A projection's state at one position, and over it what records would make of it that nobody appended.
///
/// Taking one is O(1), and its original never sees any of it: what a fork changes is beside the view, in the fork. It
/// takes records in as its [`Projection`](crate::Projection) does, to the word; who has it reads from it what that led
/// to. The view beneath may expire: then nothing that the fork says is to be relied on, and whoever asked begins again
/// with a newer one.
pub trait Fork {
    /// The position and the log time that it has come to: those of the view, then of what it took in.
    fn applied(&self) -> Applied;

    /// Lets time pass, as [`Projection::advance`](crate::Projection::advance) does, but without boundaries: what time
    /// alone has done by `now` shows from here on.
    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) -> Result<(), Expired>;

    /// Takes a record in, as [`Projection::apply`](crate::Projection::apply) does.
    fn apply(&mut self, record: &Record, step: &mut Step) -> Result<(), Expired>;
}

/// Forks of all projections that are concerned, taken through records together as the runner takes their originals.
pub struct DryRun<'a> {
    forks: Vec<&'a mut dyn Fork>,
    applied: Applied,
}

/// Consequences that a record would have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreseen {
    /// Its outcome, and the hints for its sender.
    pub verdict: Verdict,
    /// Events that it would send to the subscribers of feeds.
    pub items: Vec<FeedItem>,
}

/// Views of different positions, which no record was ever applied to together. Each is settled by itself: look again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the views are of {first} and {other}")]
pub struct Apart {
    first: Position,
    other: Position,
}

impl<'a> DryRun<'a> {
    /// Forks in the order of their projections, all of one position.
    pub fn of(forks: Vec<&'a mut dyn Fork>) -> Result<DryRun<'a>, Apart> {
        let applied = forks.first().map(|fork| fork.applied()).unwrap_or_default();
        let first = applied.position;
        match forks.iter().map(|fork| fork.applied().position).find(|other| *other != first) {
            Some(other) => Err(Apart { first, other }),
            None => Ok(DryRun { forks, applied }),
        }
    }

    /// Takes in an event as if it were appended at `at`, next to what was taken in before.
    pub fn apply(&mut self, at: Timestamp, event: Event) -> Result<Foreseen, Expired> {
        // As in the log, whose time never goes back.
        self.applied.at = self.applied.at.max(at);
        let Applied { position, at } = &mut self.applied;
        position.offset = position.offset.next();
        let record = Record { offset: position.offset, at: *at, event };
        let mut step = Step::default();
        for fork in &mut self.forks {
            fork.advance(record.at, record.offset, &mut step)?;
        }
        if let Event::Rejected(input) = &record.event {
            step.decide(Outcome::Rejected(input.rejection.clone()));
        }
        step.begin();
        for fork in &mut self.forks {
            fork.apply(&record, &mut step)?;
        }
        let (verdict, items) = step.take();
        Ok(Foreseen { verdict, items: items.collect() })
    }
}

#[cfg(test)]
mod tests {
    use hub_core::Epoch;

    use super::*;

    /// Notes what it is taken through, and accepts whatever comes first.
    struct Notes {
        applied: Applied,
        seen: Vec<(Offset, Timestamp)>,
    }

    impl Notes {
        fn at(offset: u64, millis: i64) -> Notes {
            let position = Position { epoch: Epoch(7), offset: Offset(offset) };
            Notes { applied: Applied { position, at: time(millis) }, seen: Vec::new() }
        }
    }

    impl Fork for Notes {
        fn applied(&self) -> Applied {
            self.applied
        }

        fn advance(&mut self, now: Timestamp, offset: Offset, _: &mut Step) -> Result<(), Expired> {
            self.seen.push((offset, now));
            Ok(())
        }

        fn apply(&mut self, record: &Record, step: &mut Step) -> Result<(), Expired> {
            if record.at == time(13) {
                return Err(Expired);
            }
            step.decide(if step.outcome().is_none() { Outcome::Accepted } else { Outcome::Stale });
            step.warn("seen");
            Ok(())
        }
    }

    fn time(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn each_record_goes_through_all_forks_next_to_the_one_before_and_never_back_in_time() {
        let [mut first, mut second] = [(); 2].map(|()| Notes::at(5, 10));
        let mut run = DryRun::of(vec![&mut first, &mut second]).unwrap();
        for at in [8, 12, 11] {
            let Foreseen { verdict, items } = run.apply(time(at), Event::Tick).unwrap();
            assert_eq!(verdict, Verdict { outcome: Outcome::Accepted, warnings: vec!["seen".into(); 2] });
            assert_eq!(items, []);
        }
        assert_eq!(run.apply(time(13), Event::Tick), Err(Expired));
        let seen = [(6, 10), (7, 12), (8, 12), (9, 13)].map(|(offset, at)| (Offset(offset), time(at)));
        assert_eq!((&first.seen[..], &second.seen[..]), (&seen[..], &seen[..]));
    }

    #[test]
    fn views_of_two_positions_are_told_apart() {
        let (mut first, mut second) = (Notes::at(5, 10), Notes::at(6, 10));
        let apart = DryRun::of(vec![&mut first, &mut second]).err().unwrap();
        assert_eq!(apart.to_string(), "the views are of 0000000000000007-5 and 0000000000000007-6");
    }
}
