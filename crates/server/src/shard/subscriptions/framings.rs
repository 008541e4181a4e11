//! The framings in use, each once, by families: what differs in the
//! subscription's id alone.

use std::collections::HashMap;
use std::rc::Rc;

use slab::Slab;

use super::framing::Framing;

/// The key of a [`Framing`] among those in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FramingId(usize);

/// The key of a family of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FamilyId(usize);

/// The framings in use, with how many subscriptions use each.
#[derive(Default)]
pub(super) struct Framings {
    by_value: HashMap<Rc<Framing>, usize>,
    by_key: Slab<InUse>,
    families_by_value: HashMap<Rc<Framing>, usize>,
    families: Slab<Family>,
}

/// A framing in use.
pub(super) struct InUse {
    pub(super) framing: Rc<Framing>,
    pub(super) family: FamilyId,
    /// The subscription's id, as the family's templates take it.
    pub(super) name: Box<[u8]>,
    pub(super) users: usize,
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
        if let Some(key) = self.by_value.get(&framing) {
            self.by_key[*key].users += 1;
            return FramingId(*key);
        }
        let family = self.enter_family(framing.family());
        let (name, framing) = (framing.name(), Rc::new(framing));
        let key = self.by_key.insert(InUse { framing: Rc::clone(&framing), family, name, users: 1 });
        self.by_value.insert(framing, key);
        FramingId(key)
    }

    fn enter_family(&mut self, framing: Framing) -> FamilyId {
        if let Some(key) = self.families_by_value.get(&framing) {
            self.families[*key].members += 1;
            return FamilyId(*key);
        }
        let framing = Rc::new(framing);
        let key = self.families.insert(Family { framing: Rc::clone(&framing), members: 1 });
        self.families_by_value.insert(framing, key);
        FamilyId(key)
    }

    /// One subscription less uses it.
    pub(super) fn leave(&mut self, id: FramingId) {
        let InUse { framing, family, users, .. } = &mut self.by_key[id.0];
        *users -= 1;
        if *users > 0 {
            return;
        }
        let FamilyId(key) = *family;
        self.by_value.remove(framing);
        self.by_key.remove(id.0);
        let Family { framing, members } = &mut self.families[key];
        *members -= 1;
        if *members == 0 {
            self.families_by_value.remove(framing);
            self.families.remove(key);
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
        &self.by_key[id.0].framing
    }

    /// The same, with its family and name.
    pub(super) fn in_use(&self, id: FramingId) -> &InUse {
        &self.by_key[id.0]
    }

    /// A family of which a framing is in use.
    pub(super) fn family(&self, id: FamilyId) -> &Family {
        &self.families[id.0]
    }
}
