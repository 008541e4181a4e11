//! A subscriber of a feed gets every event it wants, once and in order,
//! however it is cut and whichever shard it comes back to, or it is told that
//! it has lost some.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use hub_core::Offset;
use hub_fanout::{EventFilter, EventKey, FeedCursor, FeedEvent, FeedStart, FeedWindow, Room, WindowLimits};
use proptest::prelude::*;

const LIMITS: WindowLimits = WindowLimits { events: 12, bytes: 1 << 20 };

#[derive(Clone, Debug)]
enum Action {
    /// A record from which so many events follow, the first about this key.
    Happen(usize, u128),
    /// A shard takes up so many records it has not seen yet.
    Arrive(usize, usize),
    /// The socket takes so many bytes.
    Take(usize),
    /// The connection is cut and comes back, to this shard.
    Cut(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (1_usize..4, 0_u128..3).prop_map(|(events, key)| Action::Happen(events, key)),
        4 => (0_usize..2, 1_usize..4).prop_map(|(shard, records)| Action::Arrive(shard, records)),
        4 => (1_usize..8).prop_map(Action::Take),
        1 => (0_usize..2).prop_map(Action::Cut),
    ]
}

/// One history, and what two shards have seen of it.
struct World {
    /// The events of each record.
    records: Vec<Vec<Arc<FeedEvent>>>,
    shards: [(usize, FeedWindow); 2],
    events: u64,
}

impl World {
    fn happen(&mut self, events: usize, key: u128) {
        let offset = Offset(self.records.len() as u64 + 1);
        let event = |nth: usize| {
            let (sequence, key) = (self.events + nth as u64, EventKey((key + nth as u128) % 3));
            Arc::new(FeedEvent { sequence, offset, key, json: Bytes::from(sequence.to_string()).into() })
        };
        self.records.push((0..events).map(event).collect());
        self.events += events as u64;
    }

    fn arrive(&mut self, shard: usize, records: usize) {
        let (seen, window) = &mut self.shards[shard];
        for record in self.records.iter().skip(*seen).take(records) {
            *seen += 1;
            record.iter().cloned().for_each(|event| window.push(event));
        }
    }

    fn wanted(&self, filter: &EventFilter) -> Vec<u64> {
        let events = self.records.iter().flatten().filter(|event| filter.admits(event.key));
        events.map(|event| event.sequence).collect()
    }
}

/// What a subscriber knows, and where it would resume.
struct Subscriber {
    got: Vec<u64>,
    resume: Offset,
    /// Received, but perhaps not the last of its record.
    in_flight: Option<Offset>,
}

impl Subscriber {
    fn receive(&mut self, events: &[Arc<FeedEvent>], caught_up: bool) {
        for event in events {
            // Of a record that was cut through, the beginning comes again.
            if !self.got.contains(&event.sequence) {
                self.got.push(event.sequence);
            }
            if let Some(whole) = self.in_flight.replace(event.offset).filter(|before| *before != event.offset)
            {
                self.resume = whole;
            }
        }
        if caught_up && let Some(whole) = self.in_flight.take() {
            self.resume = whole;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_event_is_lost_repeated_or_out_of_order_unless_the_subscriber_is_told(
        actions in prop::collection::vec(action(), 1..80),
        filtered: bool,
    ) {
        let filter = if filtered {
            EventFilter::Keys(Arc::new(BTreeSet::from([EventKey(1)])))
        } else {
            EventFilter::All
        };
        let window = FeedWindow::new(LIMITS);
        let mut world = World { records: vec![], shards: [(0, window.clone()), (0, window)], events: 0 };
        let mut shard = 0;
        let mut cursor = FeedCursor::new(filter.clone(), FeedStart::Window, &world.shards[shard].1);
        let mut subscriber = Subscriber { got: vec![], resume: Offset::START, in_flight: None };
        for action in actions {
            match action {
                Action::Happen(events, key) => world.happen(events, key),
                Action::Arrive(shard, records) => world.arrive(shard, records),
                Action::Take(bytes) => {
                    let mut events = vec![];
                    match cursor.take(&world.shards[shard].1, Room::new(bytes, 0), &mut events) {
                        Ok(caught_up) => subscriber.receive(&events, caught_up),
                        // Told: from here on nothing is promised.
                        Err(_) => return Ok(()),
                    }
                }
                Action::Cut(to) => {
                    shard = to;
                    let window = &world.shards[shard].1;
                    let Some(_) = window.after(subscriber.resume) else { return Ok(()) };
                    cursor = FeedCursor::new(filter.clone(), FeedStart::After(subscriber.resume), window);
                    subscriber.in_flight = None;
                }
            }
            let wanted = world.wanted(&filter);
            prop_assert_eq!(&subscriber.got[..], &wanted[..subscriber.got.len().min(wanted.len())]);
        }
        world.arrive(shard, usize::MAX);
        let mut events = vec![];
        if cursor.take(&world.shards[shard].1, Room::new(usize::MAX, 0), &mut events).is_ok() {
            subscriber.receive(&events, true);
            prop_assert_eq!(subscriber.got, world.wanted(&filter));
        }
    }
}
