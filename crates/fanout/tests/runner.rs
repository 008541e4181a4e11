//! The runner applies every record once and in order, tells callers only of
//! what is applied, and publishes all of it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hub_core::event::PriceQuote;
use hub_core::schema::Schema;
use hub_core::{Event, Expired, Offset, Outcome, PortfolioId, Record, Rejection, Settings, Timestamp};
use hub_fanout::{
    Applied, Catalog, Changed, Composition, Filter, FlushBuilder, Mailbox, Outcomes, Projection, Publication,
    Publisher, PublisherLimits, Remembered, RowKey, Runner, RunnerHandle, RunnerState, Step, Topic, TopicId,
    View, WalkError, Walked, WindowLimits, walk,
};
use hub_log::{EmbeddedLog, Entry, EventLog, Options};

/// What a projection was told, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn add(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Counts prices; every third is stale.
struct Counter {
    topic: TopicId,
    told: Journal,
    count: u64,
}

struct CountView(u64);

impl View for CountView {
    fn changed(
        &self,
        _: Offset,
        _: Option<RowKey>,
        _: &Filter,
        _: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        keys.push(0);
        Ok(false)
    }

    fn portfolio(&self, _: RowKey) -> Result<Option<PortfolioId>, Expired> {
        Ok(None)
    }

    fn element(&self, _: RowKey) -> Result<Option<Bytes>, Expired> {
        Ok(Some(self.0.to_string().into()))
    }
}

impl Projection for Counter {
    fn advance(&mut self, now: Timestamp, offset: Offset, _: &mut Step) {
        self.told.add(format!("advance {offset} {}", now.millis()));
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.told.add(format!("apply {}", record.offset));
        if matches!(record.event, Event::Price(_)) {
            self.count += 1;
            step.decide(if self.count.is_multiple_of(3) { Outcome::Stale } else { Outcome::Accepted });
        }
    }

    fn settle(&mut self, applied: Applied) {
        self.told.add(format!("settle {}", applied.position.offset));
    }

    fn flush(&mut self, flush: &mut FlushBuilder) {
        flush.state(self.topic, Arc::new(CountView(self.count)), Changed::Unlisted);
    }

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: "counter/1", memory: &self.count }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.count = walk::read(from)?;
        Ok(())
    }
}

struct Setup {
    log: Arc<EmbeddedLog>,
    outcomes: Outcomes,
    mailbox: Mailbox,
    runner: RunnerHandle,
    told: Journal,
}

const LIMITS: PublisherLimits =
    PublisherLimits { relay_bytes: 1 << 20, feeds: 0, window: WindowLimits { events: 1, bytes: 1 } };

/// A runner on the log in `dir`, whose clock shows `millis`.
fn start(dir: &Path, millis: i64) -> Setup {
    let clock = Arc::new(move || Timestamp::from_millis(millis).unwrap());
    let log =
        Arc::new(EmbeddedLog::open(&dir.join("hub.db"), Options { clock, ..Options::default() }).unwrap());
    let (topic, _) =
        Catalog::default().state(Topic::new("/topic/count", "", Schema::default), Composition::Array);
    let (publisher, mut mailboxes) = Publisher::new(1, hub_core::Epoch(1), LIMITS);
    let (outcomes, told) = (Outcomes::default(), Journal::default());
    let runner = Runner {
        log: Arc::clone(&log) as Arc<dyn EventLog>,
        projections: vec![Box::new(Counter { topic, told: told.clone(), count: 0 })],
        publisher,
        outcomes: outcomes.clone(),
        // Longer than any test: whatever is published later than the first
        // change is published because the log was closed.
        flush_interval: Duration::from_secs(3600),
    };
    Setup { log, outcomes, mailbox: mailboxes.remove(0), runner: runner.spawn().unwrap(), told }
}

fn price() -> Entry {
    let quote = PriceQuote { symbol: "X".parse().unwrap(), price: "1".parse().unwrap(), timestamp: None };
    Entry::from(Event::Price(quote))
}

/// The count and offset of each flush in the mailbox.
fn flushes(mailbox: &mut Mailbox) -> Vec<(Bytes, u64)> {
    std::iter::from_fn(|| mailbox.try_next())
        .map(|publication| match publication {
            Publication::Flush(flush) => {
                (flush.states[0].view.element(0).unwrap().unwrap(), flush.position.offset.0)
            }
            _ => panic!("only flushes are published here"),
        })
        .collect()
}

fn finish(setup: Setup) -> (Vec<(Bytes, u64)>, Journal) {
    let Setup { log, mut mailbox, runner, told, .. } = setup;
    log.close().unwrap();
    runner.join();
    (flushes(&mut mailbox), told)
}

#[tokio::test]
async fn a_caller_is_told_what_became_of_its_records_once_they_are_applied() {
    let dir = tempfile::tempdir().unwrap();
    let setup = start(dir.path(), 5);
    let claim = setup.outcomes.claim();
    let appended = setup.log.append(vec![price(), price(), price(), Entry::from(Event::Tick)]).await.unwrap();
    let verdicts = claim.verdicts(&appended.offsets).await.unwrap();
    let outcomes: Vec<Outcome> = verdicts.into_iter().map(|verdict| verdict.outcome).collect();
    assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted, Outcome::Stale, Outcome::Accepted]);
    let told = setup.told.all();
    assert!(told.contains(&"settle 4".to_owned()), "readers see it before callers are told: {told:?}");
    finish(setup);
}

#[tokio::test]
async fn a_rejection_that_was_logged_is_rejected_without_any_projection_saying_so() {
    let dir = tempfile::tempdir().unwrap();
    let setup = start(dir.path(), 5);
    let claim = setup.outcomes.claim();
    let rejection = Rejection::of("price", "is required");
    let input = hub_core::event::RejectedInput::new("prices", rejection.clone(), b"{}");
    let appended = setup.log.append(vec![Entry::from(Event::from(input))]).await.unwrap();
    let verdicts = claim.verdicts(&appended.offsets).await.unwrap();
    let outcomes: Vec<Outcome> = verdicts.into_iter().map(|verdict| verdict.outcome).collect();
    assert_eq!(outcomes, [Outcome::Rejected(rejection)]);
    finish(setup);
}

#[tokio::test]
async fn every_record_is_advanced_to_and_applied_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let setup = start(dir.path(), 5);
    for _ in 0..3 {
        setup.log.append(vec![price()]).await.unwrap();
    }
    let (_, told) = finish(setup);
    let mut steps = told.all();
    steps.retain(|step| !step.starts_with("settle"));
    assert_eq!(steps, ["advance 1 5", "apply 1", "advance 2 5", "apply 2", "advance 3 5", "apply 3"]);
}

#[tokio::test]
async fn what_is_applied_and_not_yet_published_is_published_when_the_log_closes() {
    let dir = tempfile::tempdir().unwrap();
    let mut setup = start(dir.path(), 5);
    setup.runner.progress.wait_for(|progress| progress.state == RunnerState::Live).await.unwrap();
    for _ in 0..5 {
        let appended = setup.log.append(vec![price()]).await.unwrap();
        setup.outcomes.reached(appended.offsets[0]).await.unwrap();
    }
    let (flushes, told) = finish(setup);
    assert_eq!(flushes.last(), Some(&(Bytes::from_static(b"5"), 5)));
    assert_eq!(flushes.first(), Some(&(Bytes::from_static(b"0"), 0)), "an empty log is published, too");
    assert_eq!(told.all().first().map(String::as_str), Some("settle 0"), "and readers know which log it is");
}

#[tokio::test]
async fn a_replay_is_published_once_as_a_whole_and_time_does_not_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let setup = start(dir.path(), 1000);
    let settings = Settings { idempotency_horizon_ms: 77, ..Settings::default() };
    setup.log.append(vec![price(), price(), Entry::from(Event::Settings(settings.clone()))]).await.unwrap();
    finish(setup);

    let mut again = start(dir.path(), 500);
    let live =
        again.runner.progress.wait_for(|progress| progress.state == RunnerState::Live).await.unwrap().clone();
    assert_eq!(live.settings, Some(settings), "the settings in force are known after the replay");
    assert_eq!(flushes(&mut again.mailbox), [(Bytes::from_static(b"2"), 3)]);
    let told = again.told.all();
    let settled: Vec<_> = told.iter().filter(|word| word.starts_with("settle")).collect();
    assert!(settled.iter().all(|word| *word == "settle 3"), "none of what is still being replayed: {told:?}");
    again.log.append(vec![price()]).await.unwrap();
    let (_, told) = finish(again);
    assert!(told.all().contains(&"advance 4 1000".to_owned()), "{:?}", told.all());
}
