//! A reader that never rests.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::anyhow;
use hub_analytics::{AnalyticsReads, State};

use crate::hub::holdings;

/// Rows after which a scan looks whether it is to stop.
const ROWS_AT_A_TIME: u64 = 1_024;

/// A thread that scans all positions of what was settled last, again and again.
pub(super) struct ScanningReader {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<f64>,
}

impl ScanningReader {
    pub(super) fn start(reads: AnalyticsReads) -> ScanningReader {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let begun = Instant::now();
            let mut rows = 0;
            while !over.load(Ordering::Relaxed) {
                rows += scan(&reads.settled(), &over);
            }
            rows as f64 / begun.elapsed().as_secs_f64()
        });
        ScanningReader { is_over, thread }
    }

    /// Rows per second, from its start to now.
    pub(super) fn stop(self) -> anyhow::Result<f64> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the reader panicked"))
    }
}

/// Number of rows read.
fn scan(state: &State, over: &AtomicBool) -> u64 {
    let (mut rows, mut sum) = (0_u64, 0_i128);
    for held in holdings(state) {
        sum = sum.wrapping_add(held);
        rows += 1;
        if rows.is_multiple_of(ROWS_AT_A_TIME) && over.load(Ordering::Relaxed) {
            break;
        }
    }
    black_box(sum);
    rows
}
