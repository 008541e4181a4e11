//! Records applied against the clock.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hub_core::Record;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::contender::Contender;

/// Records between two looks at the clock of the thread's processor time: one costs up to half a microsecond, which each
/// record would feel.
const GROUP: usize = 64;

/// Time that records took.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Records per second, views included.
    pub(super) per_second: f64,
    /// The longest of groups of 64 records, in milliseconds of processor time: what other programs took meanwhile does
    /// not count. What is long in it is one of them, the others take microseconds.
    pub(super) longest_apply_ms: f64,
    /// The longest that it took to let readers see what was applied, in milliseconds.
    pub(super) longest_settle_ms: f64,
}

impl Pace {
    /// Applies the records, and settles after every `view` of them and after the last.
    pub(super) fn of<C: Contender>(
        contender: &mut C,
        records: &[Record],
        view: NonZeroUsize,
    ) -> anyhow::Result<Pace> {
        let (mut longest_apply, mut longest_settle) = (Duration::ZERO, Duration::ZERO);
        let mut refused = 0_usize;
        let begun = Instant::now();
        let (mut lap, mut busy) = (Lap(begun), processor_time());
        for viewed in records.chunks(view.get()) {
            for group in viewed.chunks(GROUP) {
                for record in group {
                    refused += usize::from(!contender.apply(record));
                }
                let before = std::mem::replace(&mut busy, processor_time());
                longest_apply = longest_apply.max(busy.saturating_sub(before));
            }
            lap.passed();
            contender.settle();
            longest_settle = longest_settle.max(lap.passed());
            busy = processor_time();
        }
        let seconds = (lap.0 - begun).as_secs_f64();
        ensure!(refused == 0, "{refused} of {} records were refused", records.len());
        Ok(Pace {
            per_second: if records.is_empty() { 0.0 } else { records.len() as f64 / seconds },
            longest_apply_ms: longest_apply.as_secs_f64() * 1e3,
            longest_settle_ms: longest_settle.as_secs_f64() * 1e3,
        })
    }
}

/// Time that a processor spent on this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// The last look at the clock.
struct Lap(Instant);

impl Lap {
    /// Time since the look before.
    fn passed(&mut self) -> Duration {
        let before = std::mem::replace(&mut self.0, Instant::now());
        self.0 - before
    }
}
