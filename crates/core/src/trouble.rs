//! Troubles that last, told a few times instead of each time they show.

use std::time::{Duration, Instant};

/// From one telling of a trouble that goes on to the next.
pub const REMIND: Duration = Duration::from_secs(60);

/// Time for which nothing may go wrong before a trouble is over: one that comes and goes several times a second is one
/// trouble.
pub const SETTLE: Duration = Duration::from_secs(10);

/// Trouble that comes again and again for the same reason, such as a full disk: its begin is to be told, its end, and
/// in between a count once a minute.
///
/// ```
/// use std::time::Instant;
/// use hub_core::trouble::{REMIND, SETTLE, Trouble};
/// let (mut trouble, begun) = (Trouble::default(), Instant::now());
/// assert_eq!(trouble.again(begun), Some(1));
/// assert_eq!(trouble.again(begun + SETTLE), None);
/// assert_eq!(trouble.again(begun + REMIND), Some(2));
/// assert_eq!(trouble.over(begun + REMIND + SETTLE).map(|extent| extent.times), Some(3));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Trouble(Option<Spell>);

/// One that goes on.
#[derive(Clone, Debug)]
struct Spell {
    begun: Instant,
    last: Instant,
    told: Instant,
    times: u64,
    untold: u64,
}

/// Extent of a trouble, from its begin to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// Number of times that it showed.
    pub times: u64,
    /// From the first time to the last.
    pub lasted: Duration,
}

impl Trouble {
    /// It shows at `now`. `Some` is to be told, and how often it showed since
    /// it was told before: 1 is its begin.
    pub fn again(&mut self, now: Instant) -> Option<u64> {
        let Some(spell) = &mut self.0 else {
            self.0 = Some(Spell { begun: now, last: now, told: now, times: 1, untold: 0 });
            return Some(1);
        };
        spell.last = now;
        spell.times += 1;
        spell.untold += 1;
        if now.saturating_duration_since(spell.told) < REMIND {
            return None;
        }
        spell.told = now;
        Some(std::mem::take(&mut spell.untold))
    }

    /// Notes that all goes well at `now`. `Some` is to be told: it has gone well for so long that the trouble is over.
    pub fn over(&mut self, now: Instant) -> Option<Extent> {
        let settled = |spell: &mut Spell| now.saturating_duration_since(spell.last) >= SETTLE;
        let spell = self.0.take_if(settled)?;
        Some(Extent { times: spell.times, lasted: spell.last.saturating_duration_since(spell.begun) })
    }

    /// Forgets what was: its end is told in other words.
    pub fn reset(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows every 100 ms from `from` for `seconds`, unless a step says that all is well.
    fn lines(seconds: u64, bad: impl Fn(u64) -> bool) -> Vec<(u64, &'static str, u64)> {
        #[expect(clippy::disallowed_methods, reason = "any instant is as good as any other")]
        let (start, mut trouble, mut lines) = (Instant::now(), Trouble::default(), Vec::new());
        for step in 0..seconds * 10 {
            let now = start + Duration::from_millis(step * 100);
            if bad(step) {
                lines.extend(trouble.again(now).map(|times| (step / 10, "again", times)));
            } else {
                lines.extend(trouble.over(now).map(|extent| (step / 10, "over", extent.times)));
            }
        }
        lines
    }

    #[test]
    fn a_trouble_is_told_at_its_begin_and_end_and_once_a_minute_between() {
        let told = lines(300, |step| (10..1510).contains(&step));
        assert_eq!(
            told,
            [(1, "again", 1), (61, "again", 600), (121, "again", 600), (160, "over", 1500)],
            "150 seconds of ten a second"
        );
    }

    #[test]
    fn a_trouble_that_comes_and_goes_is_one() {
        assert_eq!(lines(59, |step| step % 7 == 0), [(0, "again", 1)]);
        assert_eq!(lines(30, |_| false), []);
    }

    #[test]
    fn what_is_over_may_begin_anew() {
        let told = lines(40, |step| step == 0 || step == 200);
        assert_eq!(told, [(0, "again", 1), (10, "over", 1), (20, "again", 1), (30, "over", 1)]);
    }
}
