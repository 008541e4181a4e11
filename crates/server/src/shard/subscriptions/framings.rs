//! The framings in use, each once.

use std::collections::HashMap;
use std::rc::Rc;

use slab::Slab;

use super::framing::Framing;

/// The key of a [`Framing`] among those in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct FramingId(usize);

/// The framings in use, with how many subscriptions use each.
#[derive(Default)]
pub(super) struct Framings {
    by_value: HashMap<Rc<Framing>, usize>,
    by_key: Slab<(Rc<Framing>, usize)>,
}

impl Framings {
    /// One subscription more uses it.
    pub(super) fn enter(&mut self, framing: Framing) -> FramingId {
        if let Some(key) = self.by_value.get(&framing) {
            self.by_key[*key].1 += 1;
            return FramingId(*key);
        }
        let framing = Rc::new(framing);
        let key = self.by_key.insert((Rc::clone(&framing), 1));
        self.by_value.insert(framing, key);
        FramingId(key)
    }

    /// One subscription less uses it.
    pub(super) fn leave(&mut self, id: FramingId) {
        let (framing, users) = &mut self.by_key[id.0];
        *users -= 1;
        if *users == 0 {
            self.by_value.remove(framing);
            self.by_key.remove(id.0);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_value.is_empty() && self.by_key.is_empty()
    }

    /// A framing that is in use.
    pub(super) fn get(&self, id: FramingId) -> &Framing {
        &self.by_key[id.0].0
    }
}
