//! Latencies, and when not to print any.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Publications below which a phase has no p99.9: it would be one of them.
pub const PUBLICATIONS_FOR_P999: u64 = 1000;

/// Publications in a stall below which only the longest latency is looked at.
const PUBLICATIONS_FOR_MIDDLE: f64 = 4.0;

/// The longest time that is told apart from longer ones, in microseconds.
const LONGEST_US: u64 = 600_000_000;

/// A distribution of latencies.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Latencies {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Latencies(histogram.expect("a histogram of these bounds"))
    }
}

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos / 1000);
    }

    /// Number of them.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that so large a part stays within, in milliseconds.
    pub fn quantile_ms(&self, part: f64) -> f64 {
        self.0.value_at_quantile(part) as f64 / 1000.0
    }

    /// The longest, in milliseconds.
    pub fn longest_ms(&self) -> f64 {
        self.0.max() as f64 / 1000.0
    }

    /// Checks that a server which stood still for `stall` within `time` shows as it has to: what was to be sent meanwhile
    /// waited, the first of it for the whole stall. A client that sends nothing while it waits has a few such
    /// latencies only, and then all quantiles are too short. The reason otherwise.
    pub fn shows(&self, stall: Duration, time: Duration, per_second: f64) -> Result<(), String> {
        let stall_ms = stall.as_secs_f64() * 1e3;
        let longest = self.longest_ms();
        if longest < stall_ms * 0.95 {
            return Err(format!("a stall of {stall_ms:.0} ms shows as {longest:.0} ms"));
        }
        if stall.as_secs_f64() * per_second < PUBLICATIONS_FOR_MIDDLE {
            return Ok(());
        }
        let part = stall.as_secs_f64() / time.as_secs_f64();
        let middle = self.quantile_ms(1.0 - part / 2.0);
        if middle < stall_ms * 0.4 {
            return Err(format!(
                "of what was to be sent in a stall of {stall_ms:.0} ms, half waited for less than {middle:.0} ms"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_millis(200);
    const TIME: Duration = Duration::from_secs(4);

    /// 200 publications per second; those of the stall wait for its end.
    fn stalled(is_open_loop: bool, stall_ms: u64) -> Latencies {
        let mut latencies = Latencies::default();
        let mut at_ms = 0;
        while at_ms < 4000 {
            let waits = if (1000..1000 + stall_ms).contains(&at_ms) { 1000 + stall_ms - at_ms } else { 1 };
            latencies.record(waits * 1_000_000);
            at_ms += if is_open_loop { 5 } else { waits.max(5) };
        }
        latencies
    }

    #[test]
    fn an_open_loop_shows_a_stall() {
        assert_eq!(stalled(true, 200).shows(STALL, TIME, 200.0), Ok(()));
    }

    #[test]
    fn a_client_that_waits_with_the_server_is_found_out() {
        let reason = stalled(false, 200).shows(STALL, TIME, 200.0).unwrap_err();
        assert!(reason.contains("half waited"), "{reason}");
    }

    #[test]
    fn a_stall_that_is_cut_short_is_found_out() {
        let reason = stalled(true, 150).shows(STALL, TIME, 200.0).unwrap_err();
        assert!(reason.contains("shows as 150 ms"), "{reason}");
    }

    #[test]
    fn quantiles_are_of_what_was_recorded() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|ms| latencies.record(ms * 1_000_000));
        assert!((latencies.quantile_ms(0.99) - 990.0).abs() < 1.0);
        assert!((latencies.longest_ms() - 1000.0).abs() < 1.0);
        assert_eq!(latencies.count(), 1000);
    }
}
