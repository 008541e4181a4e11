//! Each promise by an example; all of them at once in [`model`].

mod model;

use std::num::NonZeroUsize;

use hub_core::TopicName;

use super::*;

/// A message of a test: its name and its weight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Parcel {
    name: u64,
    bytes: usize,
}

impl Weigh for Parcel {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

fn queue(name: u64) -> TopicName {
    format!("/queue/{name}").parse().expect("a name")
}

fn consumer(key: u64) -> ConsumerId {
    ConsumerId { shard: 0, key }
}

struct Bench(Queues<Parcel>);

impl Bench {
    fn new() -> Bench {
        Bench(Queues::new(QueueLimits { nacks: 3, ..QueueLimits::default() }))
    }

    fn publish(&mut self, name: u64) -> Vec<(u64, u64)> {
        brief(&self.0.publish(&queue(0), Parcel { name, bytes: 1 }).expect("room"))
    }

    fn subscribe(&mut self, key: u64, mode: AckMode, prefetch: usize) -> Vec<(u64, u64)> {
        let prefetch = NonZeroUsize::new(prefetch).expect("a prefetch");
        brief(&self.0.subscribe(consumer(key), &queue(0), mode, prefetch))
    }

    fn unsubscribe(&mut self, key: u64) -> Vec<(u64, u64)> {
        brief(&self.0.unsubscribe(consumer(key)))
    }

    fn ack(&mut self, key: u64, delivery: u64) -> Option<Vec<(u64, u64)>> {
        self.0.ack(consumer(key), DeliveryId(delivery)).ok().map(|deliveries| brief(&deliveries))
    }

    fn nack(&mut self, key: u64, delivery: u64) -> Option<Vec<(u64, u64)>> {
        self.0.nack(consumer(key), DeliveryId(delivery)).ok().map(|deliveries| brief(&deliveries))
    }
}

/// To whom, and what. Deliveries are numbered from 1 on.
fn brief(deliveries: &[Delivery<Parcel>]) -> Vec<(u64, u64)> {
    deliveries.iter().map(|delivery| (delivery.consumer.key, delivery.message.name)).collect()
}

#[test]
fn messages_wait_for_a_consumer_and_reach_it_in_order() {
    let mut bench = Bench::new();
    assert!((0..5).all(|name| bench.publish(name).is_empty()));
    assert_eq!(bench.subscribe(1, AckMode::Individual, 3), [(1, 0), (1, 1), (1, 2)]);
    assert_eq!(bench.ack(1, 2), Some(vec![(1, 3)]));
    assert_eq!(bench.ack(1, 1), Some(vec![(1, 4)]));
    assert_eq!(bench.ack(1, 1), None, "only once");
}

#[test]
fn consumers_with_room_take_turns() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Auto, 2);
    bench.subscribe(2, AckMode::Auto, 2);
    bench.subscribe(3, AckMode::Auto, 1);
    let to: Vec<_> = (0..6).flat_map(|name| bench.publish(name)).map(|(to, _)| to).collect();
    assert_eq!(to, [1, 2, 3, 1, 2], "the sixth waits");
    assert_eq!(bench.ack(3, 3), Some(vec![(3, 5)]));
}

#[test]
fn a_cumulative_acknowledgement_counts_for_all_before_it() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Cumulative, 3);
    for name in 0..8 {
        bench.publish(name);
    }
    assert_eq!(bench.ack(1, 2), Some(vec![(1, 3), (1, 4)]));
    assert_eq!(bench.ack(1, 1), None);
    assert_eq!(bench.nack(1, 4), Some(vec![(1, 2), (1, 3)]), "3 and 4 come again, before the rest");
    assert_eq!(bench.0.counters().acknowledged, 2);
}

#[test]
fn all_that_a_cumulative_nack_returns_goes_to_others_while_they_have_room() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Cumulative, 4);
    for name in 0..4 {
        bench.publish(name);
    }
    bench.subscribe(2, AckMode::Individual, 3);
    assert_eq!(bench.nack(1, 4), Some(vec![(2, 0), (2, 1), (2, 2), (1, 3)]));
}

#[test]
fn a_nacked_message_goes_to_another_and_in_the_end_to_nobody() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Individual, 5);
    bench.subscribe(2, AckMode::Individual, 5);
    assert_eq!(bench.publish(7), [(1, 7)]);
    assert_eq!(bench.nack(1, 1), Some(vec![(2, 7)]));
    assert_eq!(bench.nack(2, 2), Some(vec![(1, 7)]));
    assert_eq!(bench.nack(1, 3), Some(vec![]), "the third time is the last");
    assert_eq!((bench.0.counters().dropped, bench.0.bytes()), (1, 0));
}

#[test]
fn a_single_consumer_that_nacks_gets_the_message_again() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Individual, 1);
    bench.publish(7);
    bench.publish(8);
    assert_eq!(bench.nack(1, 1), Some(vec![(1, 7)]));
    assert_eq!(bench.ack(1, 2), Some(vec![(1, 8)]));
}

#[test]
fn what_a_consumer_leaves_behind_is_redelivered_in_order_however_often() {
    let mut bench = Bench::new();
    for name in 0..4 {
        bench.publish(name);
    }
    for key in 0..20 {
        assert_eq!(bench.subscribe(key, AckMode::Auto, 2), [(key, 0), (key, 1)]);
        assert_eq!(bench.unsubscribe(key), []);
    }
    assert_eq!(bench.0.counters().dropped, 0);
    let later = bench.0.subscribe(consumer(99), &queue(0), AckMode::Auto, NonZeroUsize::MAX);
    let told: Vec<_> = later.iter().map(|delivery| (delivery.message.name, delivery.redelivered)).collect();
    assert_eq!(told, [(0, true), (1, true), (2, false), (3, false)]);
}

#[test]
fn what_is_with_one_consumer_is_not_another_ones_to_acknowledge() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Individual, 1);
    bench.subscribe(2, AckMode::Individual, 1);
    bench.publish(7);
    assert_eq!((bench.ack(2, 1), bench.nack(2, 1), bench.ack(3, 1)), (None, None, None));
    assert_eq!(bench.0.holder([consumer(3), consumer(2), consumer(1)], DeliveryId(1)), Some(consumer(1)));
    assert_eq!(bench.0.holder([consumer(2)], DeliveryId(1)), None);
    assert_eq!(bench.unsubscribe(1), [(2, 7)]);
    assert_eq!(bench.ack(1, 1), None, "it was taken from it");
}

#[test]
fn each_bound_is_refused_by_an_error_of_its_own() {
    let each = 10 + MESSAGE_OVERHEAD_BYTES;
    let limits = QueueLimits { messages: 3, bytes: 5 * each, total_bytes: 5 * each, nacks: 1 };
    let mut queues = Queues::new(limits);
    let parcel = Parcel { name: 0, bytes: 10 };
    assert!((0..3).all(|_| queues.publish(&queue(0), parcel).is_ok()));
    let full = queues.publish(&queue(0), parcel).expect_err("full");
    assert_eq!(full.to_string(), "/queue/0 holds as many messages as limits.queue_messages = 3 allows");
    assert!((0..2).all(|_| queues.publish(&queue(1), parcel).is_ok()));
    assert_eq!(queues.publish(&queue(2), parcel), Err(QueueFull::Total { limit: 5 * each }));
    let huge = Parcel { name: 1, bytes: usize::MAX };
    assert_eq!(queues.publish(&queue(1), huge), Err(QueueFull::Bytes { queue: queue(1), limit: 5 * each }));
    assert_eq!((queues.counters().published, queues.counters().refused), (5, 3));
    assert_eq!((queues.len(), queues.bytes()), (2, 5 * each), "what is refused leaves nothing behind");
}

#[test]
fn what_is_unacknowledged_counts_until_it_is_acknowledged() {
    let limits = QueueLimits { messages: 1, ..QueueLimits::default() };
    let mut bench = Bench(Queues::new(limits));
    bench.subscribe(1, AckMode::Individual, 9);
    assert_eq!(bench.publish(0), [(1, 0)]);
    assert!(bench.0.publish(&queue(0), Parcel { name: 1, bytes: 0 }).is_err());
    bench.ack(1, 1);
    assert_eq!(bench.publish(1), [(1, 1)]);
}

#[test]
fn an_idle_empty_queue_is_forgotten() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Individual, 1);
    bench.publish(0);
    bench.unsubscribe(1);
    assert_eq!((bench.0.len(), bench.0.messages(&queue(0))), (1, 1), "a message waits");
    bench.subscribe(2, AckMode::Individual, 1);
    bench.ack(2, 2);
    assert_eq!(bench.0.len(), 1, "a consumer waits");
    bench.unsubscribe(2);
    assert!(bench.0.is_empty() && bench.unsubscribe(2).is_empty());
}

#[test]
fn a_consumer_that_subscribes_again_moves() {
    let mut bench = Bench::new();
    bench.subscribe(1, AckMode::Individual, 1);
    bench.publish(0);
    let moved = bench.0.subscribe(consumer(1), &queue(5), AckMode::Individual, NonZeroUsize::MIN);
    assert!(moved.is_empty());
    assert_eq!((bench.0.messages(&queue(0)), bench.0.len()), (1, 2));
}

#[test]
fn delivery_ids_are_digits() {
    assert_eq!("17".parse(), Ok(DeliveryId(17)));
    assert_eq!(DeliveryId(17).to_string(), "17");
    for text in ["", "+1", "-1", "1 ", "x", "99999999999999999999"] {
        assert_eq!(text.parse::<DeliveryId>(), Err(UnknownMessage), "{text:?}");
    }
}
