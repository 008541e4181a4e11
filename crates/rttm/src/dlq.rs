//! Dead letters, counted and classified (RT-M4, RT-DLQ).

mod walk;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hub_core::Timestamp;
use hub_core::event::{ErrorType, Stage};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::window::Window;

/// Numbers below this are of the classes that count, by where they were given up, what has no class of its own.
const REST_CLASSES: u16 = Stage::COUNT as u16 + 1;
const DAY_MINUTES: u16 = 24 * 60;

/// The place where a message was given up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Serialize, Deserialize)]
#[serde(try_from = "walk::Walked")]
pub(crate) struct Dlq {
    day: Window,
    recent: Window,
    pub(crate) classes: ClassMap,
    /// Of classes of their own. Looked up, never walked: they follow.
    #[serde(skip)]
    numbers: HashMap<Arc<ClassKey>, u16>,
    classes_max: usize,
    /// Numbers that were given out and are no class's any more.
    free: Vec<u16>,
    /// Numbers below this were given out.
    given: u16,
    /// Empty but while time passes.
    #[serde(skip)]
    touched: Vec<u16>,
}

impl Dlq {
    /// With at most `classes_max` classes; dead letters of others are counted with their stage.
    pub(crate) fn new(classes_max: u16) -> Dlq {
        Dlq {
            day: Window::new(DAY_MINUTES, 60_000, usize::from(REST_CLASSES)),
            recent: Window::new(301, 1000, 1),
            classes: ClassMap::new_sync(),
            numbers: HashMap::new(),
            classes_max: numbered(classes_max),
            free: Vec::new(),
            given: REST_CLASSES,
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

    /// At most `classes_max` classes from here on: dead letters of those beyond, which were not heard of for the longest
    /// time, are counted with their stage.
    pub(crate) fn keep(&mut self, classes_max: u16) {
        self.classes_max = numbered(classes_max);
        let beyond = self.numbers.len().saturating_sub(self.classes_max);
        let mut own: Vec<(Timestamp, u16)> =
            self.classes.range(REST_CLASSES..).map(|(number, class)| (class.last_seen, *number)).collect();
        own.sort_unstable();
        own.iter().take(beyond).for_each(|(_, number)| self.give_to_rest(*number));
    }

    fn give_to_rest(&mut self, number: u16) {
        let Some(class) = self.remove(number) else { return };
        let rest = self.rest(&class.key, class.first_seen);
        self.day.merge(number, rest);
        if let Some(rest_class) = self.classes.get_mut(&rest) {
            rest_class.first_seen = rest_class.first_seen.min(class.first_seen);
            rest_class.last_seen = rest_class.last_seen.max(class.last_seen);
            rest_class.count = self.day.total(rest);
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
        if self.numbers.len() >= self.classes_max {
            return self.rest(&key, time);
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.given += 1;
            self.day.grow(self.given.into());
            self.given - 1
        });
        let key = Arc::new(key);
        self.numbers.insert(Arc::clone(&key), number);
        self.insert(number, key, time);
        number
    }

    /// The number of the class that counts what has none of its own and was given up in the same place.
    fn rest(&mut self, key: &ClassKey, time: Timestamp) -> u16 {
        let number = key.origin.index();
        if !self.classes.contains_key(&number) {
            let (service, reason) = (SmolStr::new_static("*"), "*".to_owned());
            let rest =
                ClassKey { origin: key.origin, service, reason, error_type: None, original_topic: None };
            self.insert(number, Arc::new(rest), time);
        }
        number
    }

    fn insert(&mut self, number: u16, key: Arc<ClassKey>, time: Timestamp) {
        let class = Class { key, count: 0, first_seen: time, last_seen: time };
        self.classes.insert_mut(number, class);
    }

    fn remove(&mut self, number: u16) -> Option<Class> {
        let class = self.classes.get(&number).cloned()?;
        self.classes.remove_mut(&number);
        if number >= REST_CLASSES {
            self.numbers.remove(&class.key);
            self.free.push(number);
        }
        Some(class)
    }

    /// A class that counts nothing any more is none.
    fn recount(&mut self, number: u16) {
        let total = self.day.total(number);
        if total == 0 {
            self.remove(number);
        } else if let Some(class) = self.classes.get_mut(&number) {
            class.count = total;
        }
    }
}

/// As many classes as there are numbers for.
fn numbered(classes_max: u16) -> usize {
    classes_max.min(u16::MAX - REST_CLASSES).into()
}

/// Number of dead letters by the stage that gave them up, in the order of the pipeline, the hub's own last;
/// only stages that have any.
pub(crate) fn by_origin(classes: &ClassMap) -> BTreeMap<Origin, u64> {
    let mut counts = BTreeMap::new();
    for class in classes.values() {
        *counts.entry(class.key.origin).or_default() += class.count;
    }
    counts
}

/// The `limit` largest classes, the largest first.
pub(crate) fn largest(classes: &ClassMap, limit: usize) -> Vec<&Class> {
    let mut sorted: Vec<&Class> = classes.values().collect();
    sorted.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    sorted.truncate(limit);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_770_460_200_000;
    const CLASSES: u16 = 1000;

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
        let mut dlq = Dlq::new(CLASSES);
        dlq.advance(START);
        dlq.add(key("a"), at(0));
        dlq.add(key("a"), at(-5000));
        dlq.advance(START + 1000);
        dlq.add(key("b"), at(1000));
        dlq.add(key("old"), at(-25 * 3_600_000));
        let found: Vec<_> = largest(&dlq.classes, 10)
            .into_iter()
            .map(|class| (class.key.reason.as_str(), class.count, class.first_seen, class.last_seen))
            .collect();
        assert_eq!(found, [("a", 2, at(-5000), at(0)), ("b", 1, at(1000), at(1000))]);
        assert_eq!((dlq.total(), dlq.recent()), (3, 3));
        dlq.advance(START + 301_000);
        assert_eq!((dlq.total(), dlq.recent()), (3, 1));
        dlq.advance(START + 24 * 3_600_000);
        assert_eq!((dlq.total(), dlq.classes.size(), dlq.numbers.len()), (0, 0, 0));
        assert_eq!(dlq.free.len(), usize::from(dlq.given - REST_CLASSES));
    }

    #[test]
    fn however_many_reasons_there_are_the_classes_are_bounded_and_nothing_is_lost() {
        let mut dlq = Dlq::new(CLASSES);
        dlq.advance(START);
        for n in 0..5000 {
            dlq.add(key(&format!("reason {n}")), at(0));
        }
        assert_eq!(dlq.classes.size(), usize::from(CLASSES) + 1);
        assert_eq!(dlq.total(), 5000);
        let rest = largest(&dlq.classes, 1)[0];
        assert_eq!((rest.key.reason.as_str(), rest.count), ("*", 4000));
        assert_eq!(by_origin(&dlq.classes), BTreeMap::from([(Origin::Stage(Stage::Enriched), 5000)]));
        dlq.advance(START + 24 * 3_600_000);
        assert_eq!((dlq.classes.size(), dlq.total()), (0, 0));
    }

    #[test]
    fn a_smaller_number_of_classes_holds_at_once_and_nothing_is_lost() {
        let mut dlq = Dlq::new(CLASSES);
        dlq.advance(START);
        for n in 0..5 {
            (0..=n).for_each(|_| dlq.add(key(&format!("reason {n}")), at(n)));
        }
        dlq.advance(START + 1000);
        dlq.add(key("reason 0"), at(1000));
        dlq.keep(2);
        let shown = |dlq: &Dlq| {
            let shown = largest(&dlq.classes, 10).into_iter();
            shown.map(|class| (class.key.reason.clone(), class.count)).collect::<Vec<_>>()
        };
        let reason = |n| format!("reason {n}");
        assert_eq!(shown(&dlq), [("*".to_owned(), 9), (reason(4), 5), (reason(0), 2)], "0 was heard of last");
        let rest = largest(&dlq.classes, 1)[0];
        assert_eq!((rest.first_seen, rest.last_seen), (at(1), at(3)));
        dlq.add(key("reason 3"), at(0));
        dlq.keep(3);
        dlq.add(key("reason 3"), at(0));
        assert_eq!(shown(&dlq), [("*".to_owned(), 10), (reason(4), 5), (reason(0), 2), (reason(3), 1)]);
        dlq.keep(0);
        assert_eq!((shown(&dlq), dlq.total()), (vec![("*".to_owned(), 18)], 18));
        assert!(dlq.numbers.is_empty());
        dlq.advance(START + 25 * 3_600_000);
        assert_eq!((dlq.classes.size(), dlq.total()), (0, 0));
    }
}
