//! State subscriptions: what a subscriber is still owed.

use std::collections::BTreeSet;

use bytes::Bytes;
use hub_core::{Expired, Offset};

use crate::view::{Filter, RowKey, View};

/// Keys that a scan asks a view for at a time.
const SCAN_KEYS: usize = 256;

/// A subscription to a state topic. It queues no values: it knows what it has
/// handed over (everything up to its *watermark*) and which keys changed
/// since, and pulls their current values when the socket has room.
///
/// A snapshot, a resume and the fall-back of a slow reader are one thing, a
/// *scan*: everything that changed after an offset, in the order of keys. A
/// scan can be cut anywhere and goes on from its cursor; what changes behind
/// the cursor meanwhile becomes dirty, what changes before it is met on the
/// way.
#[derive(Debug)]
pub struct StateSubscription {
    filter: Filter,
    watermark: Offset,
    /// Offset up to which changes have been noted: the watermark gets no further, whatever newer values a view
    /// may show already.
    noted: Offset,
    /// Everything up to here has been handed over, but for the dirty keys and
    /// what a scan still has to meet: where a fall-back begins.
    base: Offset,
    scan: Option<Scan>,
    dirty: BTreeSet<RowKey>,
    /// The dirty keys are all that changed since the base: nothing of it has
    /// been handed over in part.
    dirty_is_all: bool,
    dirty_max: usize,
}

/// The debt to a subscription, where that and its filter are all that decide
/// what it takes next of a view: two with the same debt take the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Debt {
    watermark: Offset,
    noted: Offset,
    base: Offset,
    scan: Option<Scan>,
    is_dirty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Scan {
    /// Offset after which changes are wanted.
    after: Offset,
    /// Keys up to here have been handed over.
    cursor: Option<RowKey>,
    /// Offset at which the topic stood when the scan began.
    begun: Offset,
    /// Too much changed behind the cursor to remember it: scan again from
    /// `begun` when this one ends.
    again: bool,
}

/// The start of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// With everything there is.
    Snapshot,
    /// With what changed after this offset.
    After(Offset),
    /// With what changes from now on.
    Now,
}

impl StateSubscription {
    /// A subscription that begins while its topic stands at `position`;
    /// `dirty_max` keys are remembered one by one.
    pub fn new(filter: Filter, start: Start, position: Offset, dirty_max: usize) -> StateSubscription {
        let (watermark, scan): (_, Option<Scan>) = match start {
            Start::Now => (position, None),
            Start::Snapshot => (Offset::START, Some(Scan::begin(Offset::START, position))),
            Start::After(after) if after >= position => (after, None),
            Start::After(after) => (after, Some(Scan::begin(after, position))),
        };
        StateSubscription {
            filter,
            watermark,
            noted: position.max(watermark),
            base: watermark,
            scan,
            dirty: BTreeSet::new(),
            dirty_is_all: scan.is_none(),
            dirty_max,
        }
    }

    /// The elements it wants.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Everything up to here has been handed over.
    pub fn watermark(&self) -> Offset {
        self.watermark
    }

    /// The offset at which its topic was last noted to stand.
    pub fn noted(&self) -> Offset {
        self.noted
    }

    /// Nothing is owed.
    pub fn is_caught_up(&self) -> bool {
        self.scan.is_none() && self.dirty.is_empty()
    }

    /// True if the subscriber comes from ahead, from another shard or node
    /// that was quicker: he has what the topic at `position` has to tell.
    pub fn is_ahead_of(&self, position: Offset) -> bool {
        self.noted >= position
    }

    /// Nothing was owed and the whole of a flush has been handed over.
    pub fn advance(&mut self, position: Offset) {
        debug_assert!(self.is_caught_up(), "a watermark never passes what is pending");
        debug_assert!(self.dirty_is_all, "whoever is caught up owes nothing in part");
        self.noted = position;
        self.watermark = position;
        self.base = position;
    }

    /// The topic now stands at `position`, and on the way these keys changed of
    /// those that its filter admits; `None`: they are not listed. Gives how
    /// many values that were pending are thereby replaced unseen.
    pub fn note(&mut self, changed: Option<&[RowKey]>, position: Offset) -> u64 {
        if self.is_ahead_of(position) {
            return 0;
        }
        self.noted = position;
        if let Some(scan) = self.scan.as_mut().filter(|scan| scan.cursor.is_none()) {
            // It has not begun to hand over anything: it will meet this, too.
            scan.begun = position;
            return 0;
        }
        if let Some(keys) = changed {
            return self.note_keys(keys);
        }
        self.rescan();
        0
    }

    /// Hands over current values from `view`, which shows everything that has
    /// been noted and perhaps more, as far as `room` goes, and says whether
    /// nothing is owed any more: then the watermark is where the topic was
    /// last noted to stand.
    ///
    /// A view that has expired hands over what it still has, and the rest
    /// stays owed: a later one shows it.
    pub fn take(
        &mut self,
        view: &dyn View,
        mut room: Room,
        elements: &mut Vec<Bytes>,
    ) -> Result<bool, Expired> {
        self.take_scan(view, &mut room, elements)?;
        while room.is_left()
            && self.scan.is_none()
            && let Some(key) = self.dirty.pop_first()
        {
            if let Err(expired) = hand_over(view, key, &self.filter, &mut room, elements) {
                self.dirty.insert(key);
                return Err(expired);
            }
            self.dirty_is_all = false;
        }
        if self.is_caught_up() {
            self.watermark = self.noted;
            self.base = self.noted;
            self.dirty_is_all = true;
            return Ok(true);
        }
        Ok(false)
    }

    /// The debt to it; `None` where that is a matter of what it remembers.
    pub fn debt(&self) -> Option<Debt> {
        let StateSubscription { watermark, noted, base, scan, .. } = *self;
        let is_dirty = !self.dirty.is_empty();
        let decides = !is_dirty || scan.is_none() && self.dirty_is_all;
        decides.then_some(Debt { watermark, noted, base, scan, is_dirty })
    }

    /// It has been handed what another one took who was owed the same: now it is
    /// owed what that one is.
    pub fn follow(&mut self, debt: &Debt) {
        debug_assert!(!debt.is_dirty, "what was taken in part is a matter of what is remembered");
        self.dirty.clear();
        self.dirty_is_all = debt.scan.is_none();
        (self.watermark, self.base, self.scan) = (debt.watermark, debt.base, debt.scan);
    }

    fn note_keys(&mut self, keys: &[RowKey]) -> u64 {
        // A key beyond the cursor is met by the scan with its new value.
        let behind = |key: RowKey| match &self.scan {
            None => true,
            Some(scan) => scan.cursor.is_some_and(|cursor| key <= cursor),
        };
        let missed: Vec<RowKey> = keys.iter().copied().filter(|key| behind(*key)).collect();
        let replaced = missed.iter().filter(|key| self.dirty.contains(key)).count() as u64;
        if self.dirty.len() + missed.len() > self.dirty_max {
            self.rescan();
        } else {
            self.dirty.extend(missed);
        }
        replaced
    }

    /// Falls back to "everything changed since". The dirty keys are among it:
    /// without a scan they changed after the base, with one after it began.
    fn rescan(&mut self) {
        self.dirty.clear();
        self.dirty_is_all = false;
        match &mut self.scan {
            Some(scan) => scan.again = true,
            None => self.scan = Some(Scan::begin(self.base, self.noted)),
        }
    }

    fn take_scan(
        &mut self,
        view: &dyn View,
        room: &mut Room,
        elements: &mut Vec<Bytes>,
    ) -> Result<(), Expired> {
        let mut keys = Vec::new();
        while let Some(scan) = &mut self.scan {
            if !room.is_left() {
                // Look ahead, so that the last message knows that it is.
                keys.clear();
                let more = view.changed(scan.after, scan.cursor, &self.filter, 1, &mut keys)?;
                if more || !keys.is_empty() {
                    return Ok(());
                }
            }
            keys.clear();
            let more = view.changed(scan.after, scan.cursor, &self.filter, SCAN_KEYS, &mut keys)?;
            for key in &keys {
                if !room.is_left() {
                    break;
                }
                hand_over(view, *key, &self.filter, room, elements)?;
                scan.cursor = Some(*key);
            }
            let reached_end = !more && scan.cursor >= keys.last().copied();
            if reached_end {
                self.base = scan.begun;
                self.scan = scan.again.then(|| Scan::begin(scan.begun, self.noted));
            }
        }
        Ok(())
    }
}

impl Scan {
    fn begin(after: Offset, position: Offset) -> Scan {
        Scan { after, cursor: None, begun: position, again: false }
    }
}

fn hand_over(
    view: &dyn View,
    key: RowKey,
    filter: &Filter,
    room: &mut Room,
    elements: &mut Vec<Bytes>,
) -> Result<(), Expired> {
    if let Some(element) = view.element_for(key, filter)? {
        room.take(element.len());
        elements.push(element);
    }
    Ok(())
}

/// Room for what may be handed over: bytes, of which each element takes its own
/// and what its frame adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    left: usize,
    per_element: usize,
}

impl Room {
    /// Room for `bytes`, where each element costs `per_element` more than its
    /// own length.
    pub fn new(bytes: usize, per_element: usize) -> Room {
        Room { left: bytes, per_element }
    }

    /// True while another element may be handed over.
    pub fn is_left(&self) -> bool {
        self.left > 0
    }

    /// An element of `bytes` is handed over.
    pub fn take(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes.saturating_add(self.per_element));
    }
}
