//! State topics: each flush at once to whoever is up to date and has room; all
//! others take current values when they have.
//!
//! What changed is selected once for each group of subscribers who want the
//! same, and encoded once for each framing among them.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use bytes::Bytes;
use hub_core::{Expired, Offset, PortfolioId, Position};
use hub_fanout::{
    Changed, Composition, Debt, Extent, Filter, Room, RowKey, SnapshotReason, Start, StateFlush,
    StateSubscription, TopicId, View,
};

use super::delivery::Delivery;
use super::encoded::Encoded;
use super::framing::{Drain, Framing};
use super::groups::{GroupId, Groups, Wanted};
use super::recipient::{Recipient, Taken, per_element};
use super::request::Starting;
use super::subscription::OfKind;
use super::takes::{Before, Take, Takes};
use crate::chassis::Chassis;
use crate::shard::missing::missing;

/// Changed keys of a group that are looked up where a flush does not list them.
const LOOKED_UP_MAX: usize = 1024;

/// The state topics, as this shard sees them, by id.
pub(super) struct States(Vec<Topic>);

#[derive(Default)]
struct Topic {
    /// At the last flush; none before the first.
    view: Option<Arc<dyn View>>,
    /// Its offset.
    flushed: Offset,
    groups: Groups<Filter>,
    /// Since then.
    takes: Takes<Debt, Bytes>,
}

impl Wanted for Filter {
    type Subject = PortfolioId;

    fn subjects(&self) -> Option<impl Iterator<Item = PortfolioId>> {
        self.portfolios().map(|portfolios| portfolios.iter().copied())
    }
}

/// Subscription to a state topic.
pub(super) struct StateSource {
    topic: TopicId,
    group: GroupId,
    owed: StateSubscription,
}

impl StateSource {
    /// Says whether anything is owed.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_caught_up()
    }

    /// Composition of the topic's messages.
    pub(super) fn composition(&self, chassis: &Chassis) -> Composition {
        chassis.catalog.states()[usize::from(self.topic.0)].composition
    }
}

/// One group's part of a topic's flush.
struct Batch<'a> {
    view: &'a dyn View,
    wanted: &'a Filter,
    /// The keys that changed of those that the group wants, if they are listed.
    changed: Option<&'a [RowKey]>,
    position: Position,
    room: Room,
    /// Their elements, when all of them fit an outbox; looked up for the first
    /// subscriber that wants them, so that nothing is computed where nobody
    /// looks.
    elements: OnceCell<Option<Vec<Bytes>>>,
    frames: Encoded,
}

impl Batch<'_> {
    fn elements(&self) -> Option<&[Bytes]> {
        let look_up = || elements_within(self.view, self.wanted, self.changed?, self.room);
        self.elements.get_or_init(look_up).as_deref()
    }

    /// Says whether nothing changed that the group wants.
    fn is_empty(&self) -> bool {
        self.changed.is_some_and(<[RowKey]>::is_empty)
    }
}

impl States {
    pub(super) fn new(topics: usize) -> States {
        States((0..topics).map(|_| Topic::default()).collect())
    }

    /// Begins a subscription: with what changed since the position it asked to
    /// resume from, with a snapshot, or with what changes from now on.
    pub(super) fn start(
        topic: TopicId,
        filter: Filter,
        starting: &Starting<'_>,
    ) -> (StateSource, Option<SnapshotReason>) {
        let options = starting.options;
        let filter = match &options.portfolios {
            Some(portfolios) => filter.narrowed(portfolios),
            None => filter,
        };
        let filter = filter.limited(options.limit);
        let (start, snapshot_reason) = match starting.resume() {
            Some(Ok(after)) => (Start::After(after), None),
            Some(Err(snapshot_reason)) => (Start::Snapshot, Some(snapshot_reason)),
            None => match options.snapshot {
                Extent::Whole => (Start::Snapshot, None),
                Extent::Recent => (Start::After(starting.stands.recent), None),
                Extent::Nothing => (Start::Now, None),
            },
        };
        starting.count_resume(snapshot_reason);
        let dirty_max = starting.chassis.limits.dirty_keys;
        let owed = StateSubscription::new(filter, start, starting.stands.position.offset, dirty_max);
        (StateSource { topic, group: GroupId::default(), owed }, snapshot_reason)
    }

    pub(super) fn enter(&mut self, key: usize, source: &mut StateSource, chassis: &Chassis) {
        let topic = usize::from(source.topic.0);
        chassis.catalog.states()[topic].interest().enter();
        source.group = self.0[topic].groups.enter(key, source.owed.filter());
    }

    pub(super) fn leave(&mut self, key: usize, source: &StateSource, chassis: &Chassis) {
        let topic = usize::from(source.topic.0);
        chassis.catalog.states()[topic].interest().leave();
        let Topic { groups, takes, .. } = &mut self.0[topic];
        if groups.leave(key, source.group) {
            // Another may get its key.
            takes.clear();
        }
    }

    #[cfg(test)]
    pub(super) fn has_no_subscribers(&self) -> bool {
        self.0.iter().all(|topic| topic.groups.holds_nothing())
    }

    /// Hands one topic's part of a flush to its subscribers. `listed`: what it
    /// lists as changed is all.
    pub(super) fn deliver<S: OfKind<StateSource>>(
        &mut self,
        state: &StateFlush,
        listed: bool,
        delivery: &mut Delivery<'_, S>,
    ) {
        let Some(topic) = self.0.get_mut(usize::from(state.topic.0)) else {
            return missing(&delivery.chassis.metrics, "topic", state.topic.0.into());
        };
        let before = std::mem::replace(&mut topic.flushed, delivery.stands.position.offset);
        topic.view = Some(Arc::clone(&state.view));
        topic.takes.clear();
        if topic.groups.is_empty() {
            return;
        }
        let composition = delivery.chassis.catalog.states()[usize::from(state.topic.0)].composition;
        let room = Room::new(delivery.chassis.limits.outbox_bytes, per_element(composition));
        let (view, position) = (&*state.view, delivery.stands.position);
        let mut changed = match &state.changed {
            Changed::Keys(keys) if listed => Some(&**keys),
            Changed::Keys(_) | Changed::Unlisted | Changed::Apart => None,
        };
        let apart = matches!(state.changed, Changed::Apart);
        let has_expired = Cell::new(false);
        let portfolio = |key| {
            view.portfolio(key).unwrap_or_else(|Expired| {
                has_expired.set(true);
                None
            })
        };
        let mut selection = topic.groups.select(changed.into_iter().flatten().copied(), portfolio);
        if has_expired.get() {
            // Who wants what can't be told: all are owed what a later flush shows.
            changed = None;
        }
        let (mut sent, mut replaced) = (0, 0);
        for (id, group) in topic.groups.iter() {
            let looked_up;
            let is_all = group.wanted.is_all();
            let changed = match changed {
                None if is_all && !apart => None,
                None => {
                    looked_up = changed_since(before, view, &group.wanted);
                    looked_up.as_deref()
                }
                changed if is_all => changed,
                Some(_) => Some(selection.of(id)),
            };
            let frames = Encoded::for_subscribers(group.subscribers.len());
            let wanted = &group.wanted;
            let mut batch =
                Batch { view, wanted, changed, position, room, elements: OnceCell::new(), frames };
            for key in &group.subscribers {
                match deliver_to(*key, &mut batch, delivery) {
                    Delivered::Nothing => {}
                    Delivered::Sent(messages) => sent += messages,
                    Delivered::Noted(unseen) => replaced += unseen,
                }
            }
        }
        delivery.chassis.metrics.messages_sent.inc_by(sent);
        delivery.chassis.metrics.conflated.inc_by(replaced);
    }

    /// Takes current values, as far as there is room.
    pub(super) fn take(&mut self, source: &mut StateSource, recipient: &Recipient<'_>) -> Taken {
        let StateSource { topic, group, owed } = source;
        let Topic { view, groups, takes, .. } = &mut self.0[usize::from(topic.0)];
        // Before the first flush there is nothing to take.
        let Some(view) = view else { return Taken::Nothing };
        let Recipient { encoder, stands, snapshot_reason, room, .. } = *recipient;
        let position = Position { offset: owed.noted(), ..stands.position };
        let encode = |last: bool| {
            move |elements: &[Bytes], framing: &Framing| {
                framing.state(&Drain { elements, position, last, snapshot_reason }, encoder)
            }
        };
        let shared = owed.debt().filter(|_| groups.is_shared(*group));
        let before = shared.map(|debt| Before::new(*group, debt, recipient));
        if let Some(equal) = before.as_ref().and_then(|before| takes.equal(before))
            && let Some(debt) = &equal.debt
        {
            owed.follow(debt);
            let last = equal.last;
            return equal.give(recipient, encode(last));
        }
        let mut elements = Vec::new();
        let last = match owed.take(&**view, room, &mut elements) {
            Ok(last) => last,
            Err(Expired) if elements.is_empty() => return Taken::Later,
            Err(Expired) => false,
        };
        let bytes = elements.iter().map(Bytes::len).sum();
        let encoded = Encoded::for_subscribers(if before.is_some() { 2 } else { 1 });
        let mut take = Take { debt: owed.debt(), last, elements, encoded };
        let taken = take.give(recipient, encode(last));
        if let Some(before) = before {
            takes.keep(before, take, bytes);
        }
        taken
    }

    /// Forgets what was kept for those who would take the same.
    pub(super) fn forget_takes(&mut self) {
        self.0.iter_mut().for_each(|topic| topic.takes.clear());
    }
}

/// Fate of one subscriber's part.
enum Delivered {
    Nothing,
    /// So many messages were sent.
    Sent(u64),
    /// It is owed, in the place of so many values that it has not seen.
    Noted(u64),
}

fn deliver_to<S: OfKind<StateSource>>(
    key: usize,
    batch: &mut Batch<'_>,
    delivery: &mut Delivery<'_, S>,
) -> Delivered {
    let Some(subscription) = delivery.entries.get_mut(key) else {
        missing(&delivery.chassis.metrics, "subscription", key);
        return Delivered::Nothing;
    };
    let Some(StateSource { owed, .. }) = subscription.source.of_kind() else {
        missing(&delivery.chassis.metrics, "subscription to a state topic", key);
        return Delivered::Nothing;
    };
    let offset = batch.position.offset;
    if owed.is_ahead_of(offset) {
        return Delivered::Nothing;
    }
    let is_caught_up = owed.is_caught_up() && subscription.snapshot_reason.is_none();
    if is_caught_up && batch.is_empty() {
        owed.advance(offset);
        return Delivered::Nothing;
    }
    let at_once = is_caught_up && subscription.pace.is_none();
    let idle = if at_once { delivery.sockets.idle(subscription.slot) } else { None };
    let Some(socket) = idle.filter(|_| batch.elements().is_some()) else {
        delivery.sockets.owe(subscription.slot);
        return Delivered::Noted(owed.note(batch.changed, offset));
    };
    owed.advance(offset);
    let elements = batch.elements.get().and_then(Option::as_deref).unwrap_or_default();
    if elements.is_empty() {
        return Delivered::Nothing;
    }
    let drain = Drain { elements, position: batch.position, last: true, snapshot_reason: None };
    let encode = |framing: &Framing| framing.state(&drain, delivery.encoder);
    let frames = batch.frames.get(subscription.framing, delivery.framings, encode);
    socket.send(frames);
    Delivered::Sent(frames.messages)
}

/// The keys that changed after `before` of those that are wanted, unless there
/// are too many to be handed over at once, or the view has expired.
fn changed_since(before: Offset, view: &dyn View, wanted: &Filter) -> Option<Vec<RowKey>> {
    let mut keys = Vec::new();
    let more = view.changed(before, None, wanted, LOOKED_UP_MAX, &mut keys).ok()?;
    (!more).then_some(keys)
}

/// The elements of `keys`, unless there is no room for all of them, or the view
/// has expired.
fn elements_within(view: &dyn View, wanted: &Filter, keys: &[u32], mut room: Room) -> Option<Vec<Bytes>> {
    let mut elements = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(element) = view.element_for(*key, wanted).ok()? else { continue };
        if !room.is_left() {
            return None;
        }
        room.take(element.len());
        elements.push(element);
    }
    Some(elements)
}
