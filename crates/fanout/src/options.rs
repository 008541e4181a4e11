//! Options of a subscription: headers of SUBSCRIBE, parameters of a query, members of a command.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hub_core::{Parameter, ParameterError, Parameters, PortfolioId, Position};

/// The longest interval between two drains.
const INTERVAL_MAX_MILLIS: u64 = 3_600_000;

/// Most rows of a document.
const ROWS_MAX: u16 = 1000;

/// A subscriber's wishes for a computed topic.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `portfolio-ids: a,b`: these only.
    pub portfolios: Option<Arc<BTreeSet<PortfolioId>>>,
    /// `interval: 500`: the least time between two drains, in milliseconds.
    pub interval: Duration,
    /// `snapshot: false` or `recent`: less of what was before it came.
    pub snapshot: Extent,
    /// `resume: <epoch>-<offset>`: what changed after, instead of a snapshot.
    pub resume: Option<Position>,
    /// `batch: true`: arrays, also where there is a message per element.
    pub batch: bool,
    /// `limit: 10`: rows of a document that takes one.
    pub limit: Option<u16>,
}

/// Part of what there is that a subscriber gets before what changes from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extent {
    /// `true`: all of it.
    #[default]
    Whole,
    /// `recent`: what changed in the last [`RECENT_MILLIS`](crate::resume::RECENT_MILLIS) of log time or a second more,
    /// for one who has read the rest elsewhere.
    Recent,
    /// `false`: nothing.
    Nothing,
}

impl FromStr for Extent {
    type Err = ();

    fn from_str(text: &str) -> Result<Extent, ()> {
        match text {
            "true" => Ok(Extent::Whole),
            "recent" => Ok(Extent::Recent),
            "false" => Ok(Extent::Nothing),
            _ => Err(()),
        }
    }
}

impl Options {
    /// See [`Options::portfolios`].
    pub const PORTFOLIO_IDS: Parameter = Parameter::new("portfolio-ids").or(&["portfolio-id"]);
    /// See [`Options::interval`].
    pub const INTERVAL: Parameter = Parameter::new("interval");
    /// See [`Options::snapshot`].
    pub const SNAPSHOT: Parameter = Parameter::new("snapshot");
    /// See [`Options::resume`].
    pub const RESUME: Parameter = Parameter::new("resume");
    /// See [`Options::batch`].
    pub const BATCH: Parameter = Parameter::new("batch");
    /// See [`Options::limit`].
    pub const LIMIT: Parameter = Parameter::new("limit");

    /// All of them.
    pub const ALL: &'static [Parameter] = &[
        Options::PORTFOLIO_IDS,
        Options::INTERVAL,
        Options::SNAPSHOT,
        Options::RESUME,
        Options::BATCH,
        Options::LIMIT,
    ];

    /// Reads them from what was given. A subscription may name at most
    /// `portfolios_max` portfolios.
    pub fn read(given: &Parameters<'_>, portfolios_max: usize) -> Result<Options, ParameterError> {
        Options::default().with(given, portfolios_max)
    }

    /// The same, but for what was given.
    pub fn with(self, given: &Parameters<'_>, portfolios_max: usize) -> Result<Options, ParameterError> {
        let mut options = self;
        if let Some(ids) = given.list(&Options::PORTFOLIO_IDS)? {
            options.portfolios = Some(Arc::new(portfolios(&ids, portfolios_max)?));
        }
        if let Some(millis) = given.text(&Options::INTERVAL) {
            options.interval = interval(millis.trim())?;
        }
        if let Some(text) = given.text(&Options::SNAPSHOT) {
            let wrong = |()| Options::SNAPSHOT.wrong_value("must be true, recent or false", &text);
            options.snapshot = text.trim().parse().map_err(wrong)?;
        }
        if let Some(position) = given.text(&Options::RESUME) {
            let wrong = |error: hub_core::position::PositionError| {
                Options::RESUME.wrong_value(&error.to_string(), &position)
            };
            options.resume = Some(position.trim().parse().map_err(wrong)?);
        }
        if let Some(text) = given.text(&Options::BATCH) {
            let wrong = |_| Options::BATCH.wrong_value("must be true or false", &text);
            options.batch = text.trim().parse().map_err(wrong)?;
        }
        if let Some(limit) = given.text(&Options::LIMIT) {
            options.limit = Some(rows(limit.trim())?);
        }
        Ok(options)
    }
}

fn portfolios(ids: &[String], max: usize) -> Result<BTreeSet<PortfolioId>, ParameterError> {
    let mut named = BTreeSet::new();
    for id in ids {
        let wrong = |error| Options::PORTFOLIO_IDS.wrong_value(&format!("each {error}"), id);
        named.insert(PortfolioId::from_str(id.trim()).map_err(wrong)?);
        if named.len() > max {
            let reason = format!("are more than limits.portfolios_per_subscription ({max})");
            return Err(Options::PORTFOLIO_IDS.wrong(reason));
        }
    }
    if named.is_empty() {
        return Err(Options::PORTFOLIO_IDS.wrong("must name a portfolio"));
    }
    Ok(named)
}

fn interval(text: &str) -> Result<Duration, ParameterError> {
    let millis = text.parse().ok().filter(|millis| *millis <= INTERVAL_MAX_MILLIS);
    let reason = format!("must be whole milliseconds, 0 to {INTERVAL_MAX_MILLIS}");
    millis.map(Duration::from_millis).ok_or_else(|| Options::INTERVAL.wrong_value(&reason, text))
}

fn rows(text: &str) -> Result<u16, ParameterError> {
    let rows = text.parse().ok().filter(|rows| (1..=ROWS_MAX).contains(rows));
    let reason = format!("must be a whole number, 1 to {ROWS_MAX}");
    rows.ok_or_else(|| Options::LIMIT.wrong_value(&reason, text))
}

#[cfg(test)]
mod tests {
    use hub_core::{Epoch, Offset};

    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Options, ParameterError> {
        let headers = given.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Options::read(&Parameters::of_headers(Options::ALL, headers)?, 2)
    }

    #[test]
    fn every_option_is_read() {
        let options = read(&[
            ("portfolio-ids", "550E8400-e29b-41d4-a716-446655440000, 550e8400-e29b-41d4-a716-446655440001"),
            ("interval", "500"),
            ("snapshot", "false"),
            ("resume", "000000000000beef-42"),
            ("batch", "true"),
            ("limit", "10"),
        ]);
        let options = options.unwrap();
        assert_eq!(options.portfolios.unwrap().len(), 2);
        assert_eq!(options.interval, Duration::from_millis(500));
        assert_eq!((options.snapshot, options.batch, options.limit), (Extent::Nothing, true, Some(10)));
        assert_eq!(options.resume, Some(Position { epoch: Epoch(0xbeef), offset: Offset(42) }));
        assert_eq!(read(&[]).unwrap(), Options::default());
    }

    #[test]
    fn what_is_given_wins_over_what_is_usual() {
        let usual = Options {
            interval: Duration::from_secs(1),
            snapshot: Extent::Recent,
            batch: true,
            ..Options::default()
        };
        let with = |given: &[(&'static str, &'static str)]| {
            let headers = given.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            usual.clone().with(&Parameters::of_headers(Options::ALL, headers)?, 2)
        };
        assert_eq!(with(&[]).unwrap(), usual);
        assert_eq!(
            with(&[("interval", "0")]).unwrap(),
            Options { interval: Duration::ZERO, ..usual.clone() }
        );
        let given = with(&[("interval", "0"), ("snapshot", "true"), ("batch", "false")]);
        assert_eq!(given.unwrap(), Options::default());
        assert!(with(&[("interval", "soon")]).is_err());
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
            ("limit", "0"),
            ("limit", "1001"),
            ("limit", "-1"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
    }
}
