//! The framings in use, each once, by families: what differs in the
//! subscription's id alone.

use std::collections::HashMap;
use std::rc::Rc;

use slab::Slab;

use super::framing::Framing;

/// The key of a [`Framing`] among those in use. No other ever gets the same:
/// what was encoded by one may be kept for longer than it is in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FramingId(Numbered);

/// The key of a family of them, likewise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FamilyId(Numbered);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Numbered {
    key: u32,
    serial: u32,
}

/// The framings in use, with how many subscriptions use each.
#[derive(Default)]
pub(super) struct Framings {
    by_value: HashMap<Rc<Framing>, FramingId>,
    by_key: Slab<InUse>,
    families_by_value: HashMap<Rc<Framing>, FamilyId>,
    families: Slab<Family>,
    /// Of the last that came.
    serial: u32,
}

/// A framing in use.
pub(super) struct InUse {
    id: FramingId,
    pub(super) framing: Rc<Framing>,
    pub(super) family: FamilyId,
    /// The subscription's id, as the family's templates take it.
    pub(super) name: Box<[u8]>,
    users: usize,
}

/// A family in use.
pub(super) struct Family {
    /// By which its templates are made.
    pub(super) framing: Rc<Framing>,
    /// Number of framings of it that are in use.
    pub(super) members: usize,
}

impl Framings {
    /// One subscription more uses it.
    pub(super) fn enter(&mut self, framing: Framing) -> FramingId {
        if let Some(id) = self.by_value.get(&framing) {
            self.by_key[id.0.key as usize].users += 1;
            return *id;
        }
        let family = self.enter_family(framing.family());
        let (name, framing) = (framing.name(), Rc::new(framing));
        let id = FramingId(self.numbered(self.by_key.vacant_key()));
        self.by_key.insert(InUse { id, framing: Rc::clone(&framing), family, name, users: 1 });
        self.by_value.insert(framing, id);
        id
    }

    fn numbered(&mut self, key: usize) -> Numbered {
        self.serial = self.serial.wrapping_add(1);
        Numbered { key: key as u32, serial: self.serial }
    }

    fn enter_family(&mut self, framing: Framing) -> FamilyId {
        if let Some(id) = self.families_by_value.get(&framing) {
            self.families[id.0.key as usize].members += 1;
            return *id;
        }
        let framing = Rc::new(framing);
        let key = self.families.insert(Family { framing: Rc::clone(&framing), members: 1 });
        let id = FamilyId(self.numbered(key));
        self.families_by_value.insert(framing, id);
        id
    }

    /// One subscription less uses it.
    pub(super) fn leave(&mut self, id: FramingId) {
        let InUse { framing, family, users, .. } = &mut self.by_key[id.0.key as usize];
        *users -= 1;
        if *users > 0 {
            return;
        }
        let family = family.0.key as usize;
        self.by_value.remove(framing);
        self.by_key.remove(id.0.key as usize);
        let Family { framing, members } = &mut self.families[family];
        *members -= 1;
        if *members == 0 {
            self.families_by_value.remove(framing);
            self.families.remove(family);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_value.is_empty()
            && self.by_key.is_empty()
            && self.families_by_value.is_empty()
            && self.families.is_empty()
    }

    /// A framing that is in use.
    pub(super) fn get(&self, id: FramingId) -> &Framing {
        &self.by_key[id.0.key as usize].framing
    }

    /// The same, with its family and name.
    pub(super) fn in_use(&self, id: FramingId) -> &InUse {
        &self.by_key[id.0.key as usize]
    }

    /// Says whether more than one subscription uses a framing, which may not
    /// be in use any more.
    pub(super) fn is_shared(&self, id: FramingId) -> bool {
        let in_use = self.by_key.get(id.0.key as usize);
        in_use.is_some_and(|in_use| in_use.id == id && in_use.users > 1)
    }

    /// A family of which a framing is in use.
    pub(super) fn family(&self, id: FamilyId) -> &Family {
        &self.families[id.0.key as usize]
    }
}
