//! Dead letters, counted and classified (RT-M4, RT-DLQ).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hub_core::Timestamp;
use hub_core::event::{ErrorType, Stage};
use rpds::RedBlackTreeMapSync;
use smol_str::SmolStr;

use crate::window::Window;

/// Classes that are kept, at most; a dead letter of another one is counted with its stage.
const CLASSES_MAX: u16 = 1000;
const DAY_MINUTES: u16 = 24 * 60;

/// The place where a message was given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// A stage of the pipeline.
    Stage(Stage),
    /// The hub's own door, or its own rules.
    Ingest,
}

impl Origin {
    /// The key in `byStage`: a stage, or `INGEST` for what the hub itself
    /// rejected.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Stage(stage) => stage.as_str(),
            Origin::Ingest => "INGEST",
        }
    }

    fn index(self) -> u16 {
        match self {
            Origin::Stage(stage) => stage.index() as u16,
            Origin::Ingest => Stage::COUNT as u16,
        }
    }
}

/// The features that dead letters of one class have in common.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClassKey {
    /// The place where they were given up.
    pub origin: Origin,
    /// The service that gave them up.
    pub service: SmolStr,
    /// The kind of error their trade met at that stage, where one was
    /// reported.
    pub error_type: Option<ErrorType>,
    /// The reason, without what differs from case to case.
    pub reason: String,
    /// The topic that the messages came from.
    pub original_topic: Option<SmolStr>,
}

/// A class of dead letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Class {
    /// The features they have in common.
    pub key: Arc<ClassKey>,
    /// Their number in 24 h.
    pub count: u64,
    /// The time of the first, since the class was last empty for 24 h.
    pub first_seen: Timestamp,
    /// The time of the last.
    pub last_seen: Timestamp,
}

/// Classes by a small number; a value that is cloned in O(1).
pub(crate) type ClassMap = RedBlackTreeMapSync<u16, Class>;

/// The dead letters of the last 24 h.
pub(crate) struct Dlq {
    day: Window,
    recent: Window,
    pub(crate) classes: ClassMap,
    /// Looked up, never walked.
    numbers: HashMap<Arc<ClassKey>, u16>,
    free: Vec<u16>,
    touched: Vec<u16>,
}

impl Dlq {
    pub(crate) fn new() -> Dlq {
        Dlq {
            day: Window::new(DAY_MINUTES, 60_000, usize::from(CLASSES_MAX) + Stage::COUNT + 1),
            recent: Window::new(301, 1000, 1),
            classes: ClassMap::new_sync(),
            numbers: HashMap::new(),
            free: (0..CLASSES_MAX).rev().collect(),
            touched: Vec::new(),
        }
    }

    pub(crate) fn advance(&mut self, millis: i64) {
        self.recent.advance(millis, |_| {});
        let list = &mut self.touched;
        self.day.advance(millis, |key| list.push(key));
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched.drain(..).for_each(|number| self.recount(number));
        self.touched = touched;
    }

    /// A message was given up at `time`.
    pub(crate) fn add(&mut self, key: ClassKey, time: Timestamp) {
        self.recent.add(time.millis(), 0, 1);
        if !self.day.reaches(time.millis()) {
            return;
        }
        let number = self.number(key, time);
        self.day.add(time.millis(), number, 1);
        if let Some(class) = self.classes.get_mut(&number) {
            class.first_seen = class.first_seen.min(time);
            class.last_seen = class.last_seen.max(time);
            class.count = self.day.total(number);
        }
    }

    /// In 24 h.
    pub(crate) fn total(&self) -> u64 {
        self.day.totals().iter().sum()
    }

    /// In 5 minutes.
    pub(crate) fn recent(&self) -> u64 {
        self.recent.total(0)
    }

    /// The number of a class, given out now if it has none.
    fn number(&mut self, key: ClassKey, time: Timestamp) -> u16 {
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        if let Some(number) = self.free.pop() {
            self.insert(number, key, time);
            return number;
        }
        let number = CLASSES_MAX + key.origin.index();
        if !self.classes.contains_key(&number) {
            let (service, reason) = (SmolStr::new_static("*"), "*".to_owned());
            let rest = ClassKey { service, reason, error_type: None, original_topic: None, ..key };
            self.insert(number, rest, time);
        }
        number
    }

    fn insert(&mut self, number: u16, key: ClassKey, time: Timestamp) {
        let key = Arc::new(key);
        if number < CLASSES_MAX {
            self.numbers.insert(Arc::clone(&key), number);
        }
        let class = Class { key, count: 0, first_seen: time, last_seen: time };
        self.classes.insert_mut(number, class);
    }

    /// A class that counts nothing any more is none.
    fn recount(&mut self, number: u16) {
        let total = self.day.total(number);
        if total == 0 && !self.day.holds(number) {
            if let Some(class) = self.classes.get(&number)
                && number < CLASSES_MAX
            {
                self.numbers.remove(&class.key);
                self.free.push(number);
            }
            self.classes.remove_mut(&number);
        } else if let Some(class) = self.classes.get_mut(&number) {
            class.count = total;
        }
    }
}

/// Number of dead letters by the stage that gave them up, in the order of the pipeline, the hub's own last;
/// only stages that have any.
pub(crate) fn by_origin(classes: &ClassMap) -> BTreeMap<Origin, u64> {
    let mut counts = BTreeMap::new();
    for class in classes.values().filter(|class| class.count > 0) {
        *counts.entry(class.key.origin).or_default() += class.count;
    }
    counts
}

/// The `limit` largest classes, the largest first.
pub(crate) fn largest(classes: &ClassMap, limit: usize) -> Vec<&Class> {
    let mut sorted: Vec<&Class> = classes.values().filter(|class| class.count > 0).collect();
    sorted.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    sorted.truncate(limit);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_770_460_200_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(START + millis).unwrap()
    }

    fn key(reason: &str) -> ClassKey {
        ClassKey {
            origin: Origin::Stage(Stage::Enriched),
            service: "enricher".into(),
            error_type: None,
            reason: reason.into(),
            original_topic: None,
        }
    }

    #[test]
    fn classes_have_their_first_and_last_time_and_leave_with_their_last_letter() {
        let mut dlq = Dlq::new();
        dlq.advance(START);
        dlq.add(key("a"), at(0));
        dlq.add(key("a"), at(-5000));
        dlq.add(key("b"), at(1000));
        dlq.add(key("old"), at(-25 * 3_600_000));
        let found: Vec<_> = largest(&dlq.classes, 10)
            .into_iter()
            .map(|class| (class.key.reason.as_str(), class.count, class.first_seen, class.last_seen))
            .collect();
        assert_eq!(found, [("a", 2, at(-5000), at(0)), ("b", 1, at(1000), at(1000))]);
        assert_eq!((dlq.total(), dlq.recent()), (3, 2), "one is a second ahead");
        dlq.advance(START + 301_000);
        assert_eq!((dlq.total(), dlq.recent()), (3, 1));
        dlq.advance(START + 24 * 3_600_000);
        assert_eq!((dlq.total(), dlq.classes.size(), dlq.numbers.len()), (0, 0, 0));
        assert_eq!(dlq.free.len(), usize::from(CLASSES_MAX));
    }

    #[test]
    fn however_many_reasons_there_are_the_classes_are_bounded_and_nothing_is_lost() {
        let mut dlq = Dlq::new();
        dlq.advance(START);
        for n in 0..5000 {
            dlq.add(key(&format!("reason {n}")), at(0));
        }
        assert_eq!(dlq.classes.size(), usize::from(CLASSES_MAX) + 1);
        assert_eq!(dlq.total(), 5000);
        let rest = largest(&dlq.classes, 1)[0];
        assert_eq!((rest.key.reason.as_str(), rest.count), ("*", 4000));
        assert_eq!(by_origin(&dlq.classes), BTreeMap::from([(Origin::Stage(Stage::Enriched), 5000)]));
        dlq.advance(START + 24 * 3_600_000);
        assert_eq!((dlq.classes.size(), dlq.total()), (0, 0));
    }

    #[test]
    fn one_that_is_ahead_of_time_counts_when_its_time_comes() {
        let mut dlq = Dlq::new();
        dlq.advance(START);
        dlq.add(key("a"), at(290_000));
        assert_eq!((dlq.total(), by_origin(&dlq.classes).len()), (0, 0));
        dlq.advance(START + 290_000);
        assert_eq!((dlq.total(), largest(&dlq.classes, 1)[0].count), (1, 1));
    }
}
