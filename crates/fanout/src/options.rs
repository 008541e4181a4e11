//! What a subscriber may ask for: headers of SUBSCRIBE, parameters of a query.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hub_core::{PortfolioId, Position};

/// The longest interval between two drains.
const INTERVAL_MAX_MILLIS: u64 = 3_600_000;

/// How a subscriber wants a computed topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// `portfolio-ids: a,b`: these only.
    pub portfolios: Option<Arc<BTreeSet<PortfolioId>>>,
    /// `interval: 500`: the least time between two drains, in milliseconds.
    pub interval: Duration,
    /// `snapshot: false`: what changes from now on, and nothing before.
    pub snapshot: bool,
    /// `resume: <epoch>-<offset>`: what changed after, instead of a snapshot.
    pub resume: Option<Position>,
    /// `batch: true`: arrays, also where there is a message per element.
    pub batch: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { portfolios: None, interval: Duration::ZERO, snapshot: true, resume: None, batch: false }
    }
}

/// A value that an option can't have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct OptionError {
    name: &'static str,
    reason: String,
}

impl OptionError {
    /// The option's name and what is wrong with its value.
    pub fn new(name: &'static str, reason: impl Into<String>) -> OptionError {
        OptionError { name, reason: reason.into() }
    }
}

/// The names of all options.
pub const OPTION_NAMES: [&str; 5] = ["portfolio-ids", "interval", "snapshot", "resume", "batch"];

impl Options {
    /// Reads all options from where they are given as texts. A subscription
    /// may name at most `portfolios_max` portfolios.
    pub fn read<'v, V: AsRef<str> + 'v>(
        given: impl Fn(&'static str) -> Option<V>,
        portfolios_max: usize,
    ) -> Result<Options, OptionError> {
        let mut options = Options::default();
        for name in OPTION_NAMES {
            if let Some(value) = given(name) {
                options.set(name, value.as_ref().trim(), portfolios_max)?;
            }
        }
        Ok(options)
    }

    fn set(&mut self, name: &'static str, value: &str, portfolios_max: usize) -> Result<(), OptionError> {
        let wrong = |reason: &str| OptionError::new(name, format!("{reason}, not {:?}", excerpt(value)));
        match name {
            "portfolio-ids" => self.name_portfolios(value.split(','), portfolios_max)?,
            "interval" => {
                let millis = value.parse().ok().filter(|millis| *millis <= INTERVAL_MAX_MILLIS);
                let millis = millis.ok_or_else(|| {
                    wrong(&format!("must be whole milliseconds, 0 to {INTERVAL_MAX_MILLIS}"))
                })?;
                self.interval = Duration::from_millis(millis);
            }
            "resume" => self.resume = Some(value.parse().map_err(|error| wrong(&format!("{error}")))?),
            _ => {
                let flag = value.parse().map_err(|_| wrong("must be true or false"))?;
                *(if name == "batch" { &mut self.batch } else { &mut self.snapshot }) = flag;
            }
        }
        Ok(())
    }

    /// `portfolio-ids`, one by one.
    pub fn name_portfolios<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
        portfolios_max: usize,
    ) -> Result<(), OptionError> {
        const NAME: &str = "portfolio-ids";
        let mut named = BTreeSet::new();
        for id in ids {
            let id = id.trim();
            let wrong = |error| OptionError::new(NAME, format!("each {error}, not {:?}", excerpt(id)));
            named.insert(id.parse().map_err(|error: hub_core::id::IdError| wrong(error.to_string()))?);
            if named.len() > portfolios_max {
                let reason = format!("are more than limits.portfolios_per_subscription ({portfolios_max})");
                return Err(OptionError::new(NAME, reason));
            }
        }
        if named.is_empty() {
            return Err(OptionError::new(NAME, "must name a portfolio"));
        }
        self.portfolios = Some(Arc::new(named));
        Ok(())
    }
}

/// The beginning of what was sent, for the error.
fn excerpt(value: &str) -> String {
    value.chars().take(48).collect()
}

#[cfg(test)]
mod tests {
    use hub_core::{Epoch, Offset};

    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Options, OptionError> {
        Options::read(|name| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value), 2)
    }

    #[test]
    fn every_option_is_read() {
        let options = read(&[
            ("portfolio-ids", "550E8400-e29b-41d4-a716-446655440000, 550e8400-e29b-41d4-a716-446655440001"),
            ("interval", "500"),
            ("snapshot", "false"),
            ("resume", "000000000000beef-42"),
            ("batch", "true"),
        ]);
        let options = options.unwrap();
        assert_eq!(options.portfolios.unwrap().len(), 2);
        assert_eq!(options.interval, Duration::from_millis(500));
        assert_eq!((options.snapshot, options.batch), (false, true));
        assert_eq!(options.resume, Some(Position { epoch: Epoch(0xbeef), offset: Offset(42) }));
        assert_eq!(read(&[]).unwrap(), Options::default());
    }

    #[test]
    fn what_can_not_be_is_refused_by_the_option_s_name() {
        let three = ["0", "1", "2"].map(|n| format!("550e8400-e29b-41d4-a716-44665544000{n}")).join(",");
        for (name, value) in [
            ("portfolio-ids", ""),
            ("portfolio-ids", "42"),
            ("portfolio-ids", "550e8400-e29b-41d4-a716-446655440000,"),
            ("portfolio-ids", &three),
            ("interval", "-1"),
            ("interval", "1.5"),
            ("interval", "3600001"),
            ("snapshot", "no"),
            ("resume", "42"),
            ("batch", "TRUE"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
    }
}
