//! Any course of events, against lists that are searched.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const LIMITS: QueueLimits = QueueLimits { messages: 6, bytes: 900, total_bytes: 1800, nacks: 3 };

#[derive(Clone, Debug)]
enum Step {
    Publish {
        queue: u64,
        bytes: usize,
    },
    Subscribe {
        key: u64,
        queue: u64,
        mode: AckMode,
        prefetch: usize,
    },
    Unsubscribe {
        key: u64,
    },
    /// The `nth` of what the consumer holds.
    Ack {
        key: u64,
        nth: usize,
    },
    Nack {
        key: u64,
        nth: usize,
    },
    /// Of a delivery that it may hold or not.
    Guess {
        key: u64,
        delivery: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop::sample::select(vec![AckMode::Auto, AckMode::Cumulative, AckMode::Individual]);
    prop_oneof![
        6 => (0..3_u64, 0..80_usize).prop_map(|(queue, bytes)| Step::Publish { queue, bytes }),
        3 => (0..5_u64, 0..3_u64, mode, 1..4_usize)
            .prop_map(|(key, queue, mode, prefetch)| Step::Subscribe { key, queue, mode, prefetch }),
        1 => (0..5_u64).prop_map(|key| Step::Unsubscribe { key }),
        4 => (0..5_u64, 0..3_usize).prop_map(|(key, nth)| Step::Ack { key, nth }),
        3 => (0..5_u64, 0..3_usize).prop_map(|(key, nth)| Step::Nack { key, nth }),
        1 => (0..5_u64, 0..40_u64).prop_map(|(key, delivery)| Step::Guess { key, delivery }),
    ]
}

struct Consumer {
    queue: u64,
    mode: AckMode,
    prefetch: usize,
    held: Vec<(DeliveryId, Parcel)>,
}

/// Parcels are named in the order in which they are published, so a set of them is in that order.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<u64, BTreeSet<Parcel>>,
    consumers: BTreeMap<u64, Consumer>,
    nacks: BTreeMap<u64, u32>,
    delivered: BTreeSet<u64>,
    last: u64,
    counters: QueueCounters,
}

impl Model {
    /// All parcels of a queue, waiting or held.
    fn parcels(&self, queue: u64) -> Vec<Parcel> {
        let waiting = self.waiting.get(&queue).into_iter().flatten().copied();
        let consumers = self.consumers.values().filter(|consumer| consumer.queue == queue);
        waiting.chain(consumers.flat_map(|one| one.held.iter().map(|(_, parcel)| *parcel))).collect()
    }

    fn bytes(&self, queue: u64) -> usize {
        self.parcels(queue).iter().map(|parcel| parcel.bytes + MESSAGE_OVERHEAD_BYTES).sum()
    }

    fn total(&self) -> usize {
        (0..3).map(|queue| self.bytes(queue)).sum()
    }

    fn fits(&self, queue: u64, bytes: usize) -> bool {
        let bytes = bytes + MESSAGE_OVERHEAD_BYTES;
        self.parcels(queue).len() < LIMITS.messages
            && self.bytes(queue) + bytes <= LIMITS.bytes
            && self.total() + bytes <= LIMITS.total_bytes
    }

    fn unsubscribe(&mut self, key: u64) {
        if let Some(consumer) = self.consumers.remove(&key) {
            let held = consumer.held.into_iter().map(|(_, parcel)| parcel);
            self.waiting.entry(consumer.queue).or_default().extend(held);
        }
    }

    /// Removes the messages that an answer to this delivery is for, by consumer.
    fn settle(&mut self, key: u64, delivery: DeliveryId) -> Option<(u64, Vec<Parcel>)> {
        let consumer = self.consumers.get_mut(&key)?;
        let at = consumer.held.iter().position(|(id, _)| *id == delivery)?;
        let from = if consumer.mode == AckMode::Cumulative { 0 } else { at };
        Some((consumer.queue, consumer.held.drain(from..=at).map(|(_, parcel)| parcel).collect()))
    }

    fn nack(&mut self, queue: u64, parcels: Vec<Parcel>) {
        for parcel in parcels {
            let nacks = self.nacks.entry(parcel.name).or_default();
            *nacks += 1;
            if *nacks < LIMITS.nacks {
                self.waiting.entry(queue).or_default().insert(parcel);
            } else {
                self.counters.dropped += 1;
            }
        }
    }

    /// Each delivery is the oldest that waits, to a consumer of its queue that has room; none that
    /// could be made is left out.
    fn absorb(&mut self, deliveries: &[Delivery<Parcel>]) {
        for delivery in deliveries {
            assert_eq!(delivery.id.0, self.last + 1);
            self.last += 1;
            let consumer = self.consumers.get_mut(&delivery.consumer.key).expect("it is there");
            let oldest = self.waiting.get_mut(&consumer.queue).and_then(BTreeSet::pop_first);
            assert_eq!(oldest, Some(delivery.message));
            consumer.held.push((delivery.id, delivery.message));
            assert!(consumer.held.len() <= consumer.prefetch);
            assert_eq!(delivery.redelivered, !self.delivered.insert(delivery.message.name));
            self.counters.delivered += 1;
            self.counters.redelivered += u64::from(delivery.redelivered);
        }
        for consumer in self.consumers.values().filter(|one| one.held.len() < one.prefetch) {
            assert!(self.waiting.get(&consumer.queue).is_none_or(BTreeSet::is_empty));
        }
    }

    /// Everything that can be asked is the same.
    fn compare(&self, queues: &Queues<Parcel>) {
        assert_eq!(queues.counters(), self.counters);
        assert_eq!(queues.bytes(), self.total());
        let alive = |queue: &u64| {
            !self.parcels(*queue).is_empty() || self.consumers.values().any(|one| one.queue == *queue)
        };
        assert_eq!(queues.len(), (0..3).filter(alive).count());
        for name in 0..3 {
            assert_eq!(queues.messages(&queue(name)), self.parcels(name).len());
        }
        let held: usize = self.consumers.values().map(|one| one.held.len()).sum();
        let waiting: usize = self.waiting.values().map(BTreeSet::len).sum();
        let gone = self.counters.acknowledged + self.counters.dropped;
        assert_eq!(self.counters.published, gone + (held + waiting) as u64, "nothing is lost");
    }
}

struct Course {
    queues: Queues<Parcel>,
    model: Model,
}

impl Course {
    fn take(&mut self, step: &Step) {
        let deliveries = match *step {
            Step::Publish { queue, bytes } => self.publish(queue, bytes),
            Step::Subscribe { key, queue: name, mode, prefetch } => {
                self.model.unsubscribe(key);
                self.model.consumers.insert(key, Consumer { queue: name, mode, prefetch, held: Vec::new() });
                let prefetch = NonZeroUsize::new(prefetch).expect("a prefetch");
                self.queues.subscribe(consumer(key), &queue(name), mode, prefetch)
            }
            Step::Unsubscribe { key } => {
                self.model.unsubscribe(key);
                self.queues.unsubscribe(consumer(key))
            }
            Step::Ack { key, nth } => self.settle(key, self.nth(key, nth), true),
            Step::Nack { key, nth } => self.settle(key, self.nth(key, nth), false),
            Step::Guess { key, delivery } => self.settle(key, DeliveryId(delivery), true),
        };
        self.model.absorb(&deliveries);
        self.model.compare(&self.queues);
    }

    fn publish(&mut self, name: u64, bytes: usize) -> Vec<Delivery<Parcel>> {
        let parcel = Parcel { name: self.model.counters.published, bytes };
        let fits = self.model.fits(name, bytes);
        let published = self.queues.publish(&queue(name), parcel);
        assert_eq!(published.is_ok(), fits);
        if fits {
            self.model.counters.published += 1;
            self.model.waiting.entry(name).or_default().insert(parcel);
        } else {
            self.model.counters.refused += 1;
        }
        published.unwrap_or_default()
    }

    fn nth(&self, key: u64, nth: usize) -> DeliveryId {
        let held = self.model.consumers.get(&key).and_then(|one| one.held.get(nth));
        held.map_or(DeliveryId(u64::MAX), |(id, _)| *id)
    }

    fn settle(&mut self, key: u64, delivery: DeliveryId, consumed: bool) -> Vec<Delivery<Parcel>> {
        let holder = self.queues.holder((0..5).map(consumer), delivery);
        let settled = self.model.settle(key, delivery);
        assert_eq!(holder == Some(consumer(key)), settled.is_some());
        let answered = if consumed {
            self.queues.ack(consumer(key), delivery)
        } else {
            self.queues.nack(consumer(key), delivery)
        };
        assert_eq!(answered.is_ok(), settled.is_some());
        match settled {
            Some((_, parcels)) if consumed => self.model.counters.acknowledged += parcels.len() as u64,
            Some((queue, parcels)) => self.model.nack(queue, parcels),
            None => {}
        }
        answered.unwrap_or_default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_lost_doubled_or_overtaken(steps in vec(step(), 0..80)) {
        let mut course = Course { queues: Queues::new(LIMITS), model: Model::default() };
        for step in &steps {
            course.take(step);
        }
    }
}
