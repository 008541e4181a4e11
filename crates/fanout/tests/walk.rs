//! What is remembered can be walked, and a machine that reads it goes on as the one that was walked.

use std::sync::Arc;

use hub_core::{Epoch, Event, Offset, Outcome, Record, Settings, Timestamp};
use hub_fanout::testing::Driver;
use hub_fanout::walk::{self, Remembered, WalkError, Walked};
use hub_fanout::{
    Applied, EventKey, FeedId, FlushBuilder, Projection, StateReader, StateWriter, Step, published,
};
use serde::{Deserialize, Serialize};

const START: i64 = 1_770_460_200_000;

/// Beats each 700 ms of log time, and tells how often it did and what it was told.
struct Heart {
    memory: Memory,
    published: StateWriter<Memory>,
    form: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Memory {
    next: Option<Timestamp>,
    beats: Vec<Offset>,
    words: String,
}

impl Heart {
    fn new(form: &'static str) -> (Heart, StateReader<Memory>) {
        let (published, reader) = published(Memory::default());
        (Heart { memory: Memory::default(), published, form }, reader)
    }
}

impl Projection for Heart {
    fn next_boundary(&self) -> Option<Timestamp> {
        self.memory.next
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) {
        if self.memory.next.is_none_or(|next| next <= now) {
            self.memory.next = Some(now.plus_millis(700));
            self.memory.beats.push(offset);
            step.emit(FeedId(0), EventKey(0), bytes::Bytes::from(now.to_string()));
        }
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.memory.words += record.event.kind();
        step.decide(if self.memory.beats.len().is_multiple_of(2) {
            Outcome::Accepted
        } else {
            Outcome::Stale
        });
    }

    fn settle(&mut self, _: Applied) {
        self.published.settle_from(&self.memory);
    }

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered { form: self.form, memory: &self.memory }
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        self.memory = walk::read(from)?;
        Ok(())
    }
}

fn driver(epoch: u64, forms: &[&'static str]) -> (Driver, Vec<StateReader<Memory>>) {
    let (hearts, readers): (Vec<_>, Vec<_>) = forms.iter().map(|form| Heart::new(form)).unzip();
    let hearts = hearts.into_iter().map(|heart| Box::new(heart) as Box<dyn Projection>).collect();
    (Driver::of_epoch(Epoch(epoch), START, hearts), readers)
}

/// Takes a driver from one record to another; what can be seen of it.
fn go_on(driver: &mut Driver, records: std::ops::Range<i64>) -> Vec<String> {
    let mut seen = Vec::new();
    for n in records {
        driver.millis = START + n * 333;
        let horizon = Settings { resume_horizon_ms: 3000 + n, ..Settings::default() };
        let outcome = driver.send(if n % 7 == 0 { Event::Settings(horizon) } else { Event::Tick });
        let flush = driver.flush();
        seen.push(format!("{outcome:?} {:?} {:?} {:?}", driver.items(), flush.position, flush.horizon));
    }
    seen
}

#[test]
fn whoever_reads_what_was_walked_goes_on_alike_whatever_the_cut() {
    for cut in [0, 1, 7, 8, 20] {
        let (mut first, readers) = driver(1, &["a/1", "b/1"]);
        go_on(&mut first, 0..cut);
        let walk = first.walk();
        let (mut second, restored) = driver(1, &["a/1", "b/1"]);
        second.restore(&walk).unwrap();
        assert_eq!((second.position(), second.walk()), (first.position(), walk));
        first.settle();
        let states = |readers: &[StateReader<Memory>]| -> Vec<Memory> {
            readers.iter().map(|reader| (*reader.settled()).clone()).collect()
        };
        assert_eq!(states(&restored), states(&readers), "readers see it");
        assert_eq!(go_on(&mut second, cut..40), go_on(&mut first, cut..40));
        assert_eq!(second.walk(), first.walk());
    }
}

#[test]
fn what_was_walked_of_another_log_or_of_others_is_refused_in_words() {
    let (mut driver_1, _) = driver(1, &["a/1", "b/1"]);
    go_on(&mut driver_1, 0..5);
    let walk = driver_1.walk();
    for (epoch, forms, because) in [
        (2, &["a/1", "b/1"][..], "is of the log 0000000000000001, and this one is 0000000000000002"),
        (1, &["a/1", "b/2"], r#"has "b/1" in the place of "b/2""#),
        (1, &["b/1", "a/1"], r#"has "a/1" in the place of "b/1""#),
        (1, &["a/1"], "in the place of \"recorder/1\""),
    ] {
        let error = driver(epoch, forms).0.restore(&walk).unwrap_err().to_string();
        assert!(error.contains(because), "{error}");
    }
    assert!(driver(1, &["a/1", "b/1", "c/1"]).0.restore(&walk).is_err());
}

#[test]
fn a_projection_that_can_not_read_it_is_as_it_was() {
    let (mut heart, _) = Heart::new("a/1");
    heart.memory.words = "as it was".to_owned();
    let before = Arc::new(heart.memory.clone());
    let walk = rmp_serde::to_vec(&heart.memory).unwrap();
    for len in 0..walk.len() {
        let mut from = rmp_serde::Deserializer::from_read_ref(&walk[..len]);
        heart.restore(&mut <dyn erased_serde::Deserializer>::erase(&mut from)).unwrap_err();
        assert_eq!(heart.memory, *before);
    }
}
