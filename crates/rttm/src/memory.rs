//! Everything that the pipeline's health is derived from, and how records and
//! time change it.

use std::sync::Arc;

use hub_core::event::{DlqEvent, ErrorEvent, ErrorType, InvalidTrade, QueueMetric, Stage, TradeEvent};
use hub_core::{Event, Offset, Outcome, Record, Rejection, Settings, Timestamp};
use hub_fanout::{Applied, ExpiringMap, NewestMap};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::alerts::{Alerts, Metric};
use crate::dead_letters::{DeadLetter, DeadLetters};
use crate::dlq::{ClassKey, Dlq, Origin};
use crate::hundredths::Hundredths;
use crate::identity::Identity;
use crate::pipeline::Pipeline;
use crate::queues::{FRESH_MILLIS, Queues};
use crate::reason;
use crate::state::State;
use crate::trades::{Entry, Source, Trades};
use crate::window::Window;

/// The service that the hub's own rejections are counted under.
const HUB: SmolStr = SmolStr::new_static("pms-hub");
/// Service that reports an invalid trade, as `track-trade` shows it.
const VALIDATION: SmolStr = SmolStr::new_static("VALIDATION");

/// The part of the projection that is a function of the log: whoever has it
/// can go on from its position.
#[derive(Serialize, Deserialize)]
pub(crate) struct Memory {
    settings: Settings,
    now: Timestamp,
    /// The last second at whose beginning alerts were evaluated; `None` before
    /// the first record.
    evaluated: Option<i64>,
    /// From this second on, evaluating would change nothing until something
    /// happens: every window is empty and whatever could clear has.
    quiet_from: i64,
    /// Events that have been applied, for the configured horizon. What was
    /// rejected is not among them: it may come again.
    identities: ExpiringMap<Identity>,
    trades: Trades,
    pipeline: Pipeline,
    errors: Window,
    dlq: Dlq,
    last_error: Option<Timestamp>,
    queues: Queues,
    alerts: Alerts,
    letters: DeadLetters,
}

impl Default for Memory {
    fn default() -> Memory {
        let settings = Settings::default();
        let bounds = settings.pipeline;
        Memory {
            settings,
            now: Timestamp::default(),
            evaluated: None,
            quiet_from: 0,
            identities: ExpiringMap::newest(bounds.event_ids_kept as usize),
            trades: Trades::default(),
            pipeline: Pipeline::new(),
            errors: Window::new(301, 1000, 1),
            dlq: Dlq::new(bounds.dead_letter_classes),
            last_error: None,
            queues: Queues::new(bounds.queues_kept as usize),
            alerts: Alerts::new(bounds.cleared_alerts_kept as usize),
            letters: NewestMap::newest(bounds.dead_letters_kept as usize),
        }
    }
}

/// The form in which it is walked.
pub(crate) const FORM: &str = "rttm/2";

/// Checks: whatever was walked may say anything.
impl Memory {
    /// It, if nothing that follows can trip over it.
    pub(crate) fn checked(self) -> Result<Memory, &'static str> {
        let fresh = Memory::default();
        if !self.pipeline.is_like(&fresh.pipeline) || self.errors.shape() != fresh.errors.shape() {
            return Err("a window has another shape");
        }
        let seconds =
            [self.evaluated.unwrap_or_default(), self.quiet_from, self.queues.expired_minute() * 60];
        if seconds.iter().any(|second| Timestamp::from_millis(second.saturating_mul(1000)).is_none()) {
            return Err("a time is out of range");
        }
        Ok(self)
    }
}

/// Time.
impl Memory {
    /// Time passes; alerts that are due are evaluated.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset) {
        self.identities.expire(now, self.settings.idempotency_horizon());
        if now == self.now {
            return;
        }
        if let Some(boundary) = self.next_evaluation().filter(|boundary| *boundary <= now) {
            self.evaluate_alerts(boundary, offset);
        }
        self.evaluated = Some(now.second());
        self.now = now;
        self.move_windows(now.millis());
        self.queues.advance(now.millis());
        self.trades.expire(now);
    }

    /// The beginning of the next second, at which alerts are evaluated on what
    /// was applied before it, whether or not a record comes in between; none
    /// from which nothing could come.
    pub(crate) fn next_evaluation(&self) -> Option<Timestamp> {
        let second = self.evaluated? + 1;
        (second <= self.quiet_from).then(|| Timestamp::default().plus_millis(second * 1000))
    }

    fn evaluate_alerts(&mut self, boundary: Timestamp, offset: Offset) {
        self.move_windows(boundary.millis());
        let values = self.values(boundary.millis());
        self.alerts.evaluate(boundary, offset, &values, &self.settings.alerts);
    }

    /// Values that the conditions are about, at the beginning of a second.
    fn values(&self, millis: i64) -> [Hundredths; Metric::ALL.len()] {
        let by_stage: [_; Stage::COUNT] =
            [Stage::Received, Stage::Validated, Stage::Enriched, Stage::Committed]
                .map(|stage| self.pipeline.recent_percentiles(stage));
        Metric::ALL.map(|metric| match metric {
            Metric::LatencyP95(stage) => by_stage[stage.index()][0],
            Metric::LatencyP99(stage) => by_stage[stage.index()][1],
            Metric::ErrorRate => Hundredths::whole(self.errors.total(0)),
            Metric::DlqCount => Hundredths::whole(self.dlq.recent()),
            Metric::QueueLag => Hundredths::whole(self.queues.largest_lag(millis)),
            Metric::Tps => Hundredths::whole(self.pipeline.recent_peak()),
        })
    }

    fn move_windows(&mut self, millis: i64) {
        self.pipeline.advance(millis);
        self.errors.advance(millis, |_| {});
        self.dlq.advance(millis);
    }

    /// Something happened that alerts may come of, now or earlier: all windows
    /// that alerts look at are empty again [`FRESH_MILLIS`] and a bucket later,
    /// and what can clear has cleared after that.
    fn stir(&mut self) {
        let bucket_millis = 12_000;
        let after = i64::from(self.settings.alerts.clear_after_ms);
        let settled = self.now.plus_millis(FRESH_MILLIS + bucket_millis).plus_millis(after);
        self.quiet_from = self.quiet_from.max(settled.second() + 2);
    }
}

/// Events.
impl Memory {
    fn trade_event(&mut self, record: &Record, event: &TradeEvent) -> Result<Outcome, Rejection> {
        let time = time_of(record, event.event_time, "eventTime")?;
        if !self.admit(Identity::of_trade_event(event), record.at) {
            return Ok(Outcome::Duplicate);
        }
        let (stage, id) = (event.event_stage, event.trade_id);
        let account = Account { service: &event.service_name, stage, message: event.message.as_ref() };
        self.trades.add(id, record.at, account.entry(record, time, Source::TradeEvent));
        let (before, after) = self.trades.see(id, record.at, stage, time);
        self.pipeline.retime(&before, &after);
        self.pipeline.saw(stage, time);
        self.stir();
        Ok(Outcome::Accepted)
    }

    fn queue_metric(&mut self, record: &Record, metric: &QueueMetric) -> Result<Outcome, Rejection> {
        let time = time_of(record, metric.snapshot_time, "snapshotTime")?;
        let outcome = self.queues.report(metric, time);
        self.stir();
        Ok(outcome)
    }

    fn dlq_event(&mut self, record: &Record, event: &DlqEvent) -> Result<Outcome, Rejection> {
        let time = time_of(record, event.event_time, "eventTime")?;
        if !self.admit(Identity::of_dlq_event(event), record.at) {
            return Ok(Outcome::Duplicate);
        }
        let stage = event.event_stage;
        if let Some(id) = event.trade_id {
            let account = Account { service: &event.service_name, stage, message: event.reason.as_ref() };
            self.trades.add(id, record.at, account.entry(record, time, Source::Dlq));
        }
        let class = ClassKey {
            origin: Origin::Stage(stage),
            service: event.service_name.clone(),
            error_type: event.trade_id.and_then(|id| self.trades.error(id, stage)),
            reason: reason::normalized(event.reason.as_deref().unwrap_or_default()),
            original_topic: event.original_topic.clone(),
        };
        self.give_up(class, time);
        Ok(Outcome::Accepted)
    }

    fn error_event(&mut self, record: &Record, event: &ErrorEvent) -> Result<Outcome, Rejection> {
        let time = time_of(record, event.event_time, "eventTime")?;
        if !self.admit(Identity::of_error_event(event), record.at) {
            return Ok(Outcome::Duplicate);
        }
        let stage = event.event_stage;
        if let Some(id) = event.trade_id {
            let account =
                Account { service: &event.service_name, stage, message: event.error_message.as_ref() };
            self.trades.add(id, record.at, account.entry(record, time, Source::Error));
            self.trades.err(id, record.at, stage, event.error_type);
        }
        self.errors.add(time.millis(), 0, 1);
        self.last_error = self.last_error.max(Some(time));
        self.stir();
        Ok(Outcome::Accepted)
    }

    /// It is known to be bad: a time that it can't have had is the record's.
    fn invalid_trade(&mut self, record: &Record, trade: &InvalidTrade) -> Outcome {
        let time = record.event_time(trade.time()).unwrap_or(record.at);
        if !self.admit(Identity::of_invalid_trade(trade), record.at) {
            return Outcome::Duplicate;
        }
        if let Ok(id) = trade.trade_id.parse() {
            let (stage, message) = (Stage::Validated, trade.validation_errors.as_ref());
            let account = Account { service: &VALIDATION, stage, message };
            self.trades.add(id, record.at, account.entry(record, time, Source::Invalid));
        }
        self.pipeline.refused(time);
        Outcome::Accepted
    }

    /// Notes that an event is applied at `at`; false if it was before.
    fn admit(&mut self, identity: Option<Identity>, at: Timestamp) -> bool {
        identity.is_none_or(|identity| self.identities.insert(identity, (), at))
    }

    /// The hub itself rejected this record.
    pub(crate) fn add_dead_letter(&mut self, record: &Record, rejection: Rejection) {
        let letter = DeadLetter::new(record, rejection);
        let error_type = if letter.readable { ErrorType::Business } else { ErrorType::Deserialization };
        let class = ClassKey {
            origin: Origin::Ingest,
            service: HUB,
            error_type: Some(error_type),
            reason: reason::normalized(&letter.rejection.to_string()),
            original_topic: Some(SmolStr::new_static(letter.kind)),
        };
        self.letters.insert(letter.offset, Arc::new(letter));
        self.give_up(class, record.at);
    }

    fn give_up(&mut self, class: ClassKey, time: Timestamp) {
        self.dlq.add(class, time);
        self.last_error = self.last_error.max(Some(time));
        self.stir();
    }

    /// From here on. What is beyond a smaller bound is forgotten at once.
    fn configure(&mut self, settings: &Settings, record: &Record) {
        self.settings = settings.clone();
        let bounds = settings.pipeline;
        self.identities.keep(bounds.event_ids_kept as usize);
        self.trades.configure(bounds);
        self.dlq.keep(bounds.dead_letter_classes);
        self.queues.keep(bounds.queues_kept as usize);
        self.alerts.keep(bounds.cleared_alerts_kept as usize, record.offset);
        self.letters.keep(bounds.dead_letters_kept as usize);
        self.stir();
    }

    pub(crate) fn apply(&mut self, record: &Record) -> Option<Outcome> {
        let outcome = match &record.event {
            Event::TradeEvent(event) => self.trade_event(record, event),
            Event::QueueMetric(metric) => self.queue_metric(record, metric),
            Event::DlqEvent(event) => self.dlq_event(record, event),
            Event::ErrorEvent(event) => self.error_event(record, event),
            Event::InvalidTrade(trade) => Ok(self.invalid_trade(record, trade)),
            Event::Rejected(input) => Err(input.rejection.clone()),
            Event::Settings(settings) => {
                self.configure(settings, record);
                return None;
            }
            _ => return None,
        };
        Some(outcome.unwrap_or_else(Outcome::Rejected))
    }

    /// The state that readers see of it.
    pub(crate) fn state(&self, applied: Applied) -> State {
        State {
            applied,
            numbers: self.pipeline.numbers(self.dlq.total(), &self.settings.alerts),
            classes: self.dlq.classes.clone(),
            last_error: self.last_error,
            queues: self.queues.map.clone(),
            trades: self.trades.map.clone(),
            letters: self.letters.clone(),
            alerts: Arc::clone(&self.alerts.board),
        }
    }
}

/// An event's account of a trade.
struct Account<'a> {
    service: &'a SmolStr,
    stage: Stage,
    message: Option<&'a String>,
}

impl Account<'_> {
    fn entry(&self, record: &Record, time: Timestamp, source: Source) -> Entry {
        let message = self.message.cloned().unwrap_or_default();
        let (service, stage) = (self.service.clone(), self.stage);
        Entry { offset: record.offset, service, stage, time, message, source }
    }
}

/// The time an event claims, or the record's; a claim that is too far ahead is
/// refused by the name of its field.
fn time_of(record: &Record, claimed: Option<Timestamp>, field: &'static str) -> Result<Timestamp, Rejection> {
    record.event_time(claimed).map_err(|rejection| Rejection::of(field, rejection.reason))
}
