//! Whatever a socket takes at a time, a state subscriber ends up with exactly
//! the current values, and its watermark never passes what it was not given.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId};
use hub_fanout::{Filter, Room, RowKey, Start, StateSubscription, View};
use proptest::prelude::*;

/// A topic as a map from key to (version, value); element 0 of every ten has
/// no value while it is even, as an unpriced portfolio.
#[derive(Default)]
struct Model {
    rows: BTreeMap<RowKey, (Offset, u64)>,
    /// Expired after so many looks; `None`: never.
    expires: Mutex<Option<usize>>,
}

impl Model {
    fn look(&self) -> Result<(), Expired> {
        match &mut *self.expires.lock().unwrap() {
            Some(0) => Err(Expired),
            Some(looks) => {
                *looks -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn value(&self, key: RowKey) -> Option<u64> {
        let (_, value) = self.rows.get(&key)?;
        (!key.is_multiple_of(10) || value % 2 == 1).then_some(*value)
    }

    fn values(&self, filter: &Filter) -> BTreeMap<RowKey, u64> {
        let admitted = self.rows.keys().filter(|key| admits(filter, **key));
        admitted.filter_map(|key| Some((*key, self.value(*key)?))).collect()
    }
}

/// Key k belongs to portfolio k % 3.
fn portfolio(key: RowKey) -> PortfolioId {
    PortfolioId::from_bytes([(key % 3) as u8; 16])
}

fn admits(filter: &Filter, key: RowKey) -> bool {
    filter.portfolios().is_none_or(|ids| ids.contains(&portfolio(key)))
}

impl View for Model {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        self.look()?;
        let wanted = |(key, (version, _)): &(&RowKey, &(Offset, u64))| {
            from.is_none_or(|from| **key > from) && *version > after && admits(filter, **key)
        };
        let mut found = self.rows.iter().filter(wanted).map(|(key, _)| *key);
        keys.extend(found.by_ref().take(limit));
        Ok(found.next().is_some())
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        Ok(Some(portfolio(key)))
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        self.look()?;
        Ok(self.value(key).map(|value| format!("{key}={value}").into()))
    }
}

#[derive(Clone, Debug)]
enum Action {
    /// A flush in which these keys change; whether the topic lists them; and
    /// how much the socket takes when the view is there but the change has not
    /// been noted yet.
    Flush(Vec<RowKey>, bool, usize),
    /// The socket takes so many bytes.
    Take(usize),
    /// It takes as many of a view that expires after so many looks.
    TakeOfOld(usize, usize),
    /// The connection is cut and comes back at its watermark, to a shard that
    /// has so many flushes still to take up.
    Cut(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (proptest::collection::btree_set(0_u32..60, 0..25), any::<bool>(), 0_usize..40)
            .prop_map(|(keys, listed, early)| Action::Flush(keys.into_iter().collect(), listed, early)),
        4 => (1_usize..60).prop_map(Action::Take),
        2 => (1_usize..60, 0_usize..12).prop_map(|(bytes, looks)| Action::TakeOfOld(bytes, looks)),
        1 => (0_usize..3).prop_map(Action::Cut),
    ]
}

/// What a client has built from what it was given.
#[derive(Default)]
struct Client {
    values: BTreeMap<RowKey, u64>,
}

impl Client {
    fn receive(&mut self, elements: Vec<Bytes>) {
        for element in elements {
            let text = String::from_utf8(element.to_vec()).unwrap();
            let (key, value) = text.split_once('=').unwrap();
            let value = value.parse().unwrap();
            let before = self.values.insert(key.parse().unwrap(), value);
            assert!(before <= Some(value), "an older value after a newer one");
        }
    }
}

/// Elements that lose their value are not taken back from a client, so it may
/// hold more than the model; what the model has a value for must be equal.
fn agrees(client: &Client, model: &BTreeMap<RowKey, u64>) -> bool {
    model.iter().all(|(key, value)| client.values.get(key) == Some(value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_lost_however_slow_the_socket_and_wherever_it_is_cut(
        actions in proptest::collection::vec(action(), 1..60),
        filtered: bool,
        dirty_max in 1_usize..20,
    ) {
        let filter = if filtered { Filter::portfolio(portfolio(1)) } else { Filter::ALL };
        let mut model = Model::default();
        let mut position = Offset(1);
        let mut flushes = vec![(position, None)];
        let mut owed = StateSubscription::new(filter.clone(), Start::Snapshot, position, dirty_max);
        let mut client = Client::default();
        for action in actions {
            match action {
                Action::Flush(keys, listed, early) => {
                    let noted = position;
                    position = position.next();
                    for key in &keys {
                        model.rows.insert(*key, (position, position.0));
                    }
                    if early > 0 {
                        let mut elements = Vec::new();
                        owed.take(&model, Room::new(early, 0), &mut elements).unwrap();
                        client.receive(elements);
                        prop_assert!(owed.watermark() <= noted, "what was not noted is not behind the watermark");
                    }
                    let admitted = keys.into_iter().filter(|key| admits(&filter, *key)).collect();
                    let changed: Option<Vec<RowKey>> = if listed { Some(admitted) } else { None };
                    owed.note(changed.as_deref(), position);
                    flushes.push((position, changed));
                }
                Action::Take(bytes) => {
                    let mut elements = Vec::new();
                    let before = owed.watermark();
                    let caught_up = owed.take(&model, Room::new(bytes, 0), &mut elements).unwrap();
                    client.receive(elements);
                    prop_assert_eq!(caught_up, owed.is_caught_up());
                    prop_assert_eq!(owed.watermark(), if caught_up { position } else { before });
                    if caught_up {
                        prop_assert!(agrees(&client, &model.values(&filter)));
                    }
                }
                Action::TakeOfOld(bytes, looks) => {
                    *model.expires.lock().unwrap() = Some(looks);
                    let (mut elements, before) = (Vec::new(), owed.watermark());
                    if owed.take(&model, Room::new(bytes, 0), &mut elements) == Err(Expired) {
                        prop_assert!(!owed.is_caught_up(), "what was not had is still owed");
                        prop_assert_eq!(owed.watermark(), before);
                    }
                    client.receive(elements);
                    *model.expires.lock().unwrap() = None;
                }
                Action::Cut(behind) => {
                    let (start, at) = (Start::After(owed.watermark()), flushes.len().saturating_sub(behind + 1));
                    owed = StateSubscription::new(filter.clone(), start, flushes[at].0, dirty_max);
                    // It gives nothing before it stands where anybody has been.
                    for (position, changed) in &flushes[at + 1..] {
                        owed.note(changed.as_deref(), *position);
                    }
                }
            }
        }
        let mut elements = Vec::new();
        prop_assert_eq!(owed.take(&model, Room::new(usize::MAX, 0), &mut elements), Ok(true));
        client.receive(elements);
        prop_assert!(agrees(&client, &model.values(&filter)), "{:?} != {:?}", client.values, model.rows);
    }
}

#[test]
fn the_last_message_of_a_drain_knows_that_it_is() {
    let mut model = Model::default();
    for key in 1..=3 {
        model.rows.insert(key, (Offset(1), 7));
    }
    let mut owed = StateSubscription::new(Filter::ALL, Start::Snapshot, Offset(1), 10);
    // "1=7" fills the room exactly each time; the third take ends the drain.
    let takes: Vec<_> = (0..3).map(|_| owed.take(&model, Room::new(3, 0), &mut Vec::new())).collect();
    assert_eq!(takes, [Ok(false), Ok(false), Ok(true)]);
}

#[test]
fn a_value_that_changes_while_it_is_pending_is_sent_once_with_its_last_value() {
    let mut model = Model::default();
    let mut owed = StateSubscription::new(Filter::ALL, Start::Now, Offset(0), 10);
    let mut replaced = 0;
    for offset in 1..=5 {
        model.rows.insert(1, (Offset(offset), offset));
        replaced += owed.note(Some(&[1]), Offset(offset));
    }
    let mut elements = Vec::new();
    assert_eq!(owed.take(&model, Room::new(usize::MAX, 0), &mut elements), Ok(true));
    assert_eq!(elements, ["1=5"]);
    assert_eq!(replaced, 4);
}
