//! Documents that are told of a flush only if it touched them.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_core::Offset;
use hub_fanout::{Crowd, Member};

/// The crowds of which somebody follows a member.
#[derive(Default)]
pub(super) struct Crowds(Vec<Followed>);

struct Followed {
    crowd: Arc<dyn Crowd>,
    /// By number.
    channels: BTreeMap<u64, usize>,
    /// Offset up to which it was asked who was touched.
    upto: Offset,
}

/// A channel whose document may have changed.
pub(super) struct TouchedChannel {
    pub(super) key: usize,
    /// It had not as of here, unless it is one that waits to be told already.
    pub(super) stood: Offset,
}

impl Crowds {
    pub(super) fn enter(&mut self, member: Member, channel: usize) {
        let Member { crowd, number } = member;
        if let Some(followed) = self.0.iter_mut().find(|followed| Arc::ptr_eq(&followed.crowd, &crowd)) {
            followed.channels.insert(number, channel);
        } else {
            let channels = BTreeMap::from([(number, channel)]);
            self.0.push(Followed { crowd, channels, upto: Offset::START });
        }
    }

    pub(super) fn leave(&mut self, member: &Member) {
        for followed in self.0.iter_mut().filter(|followed| Arc::ptr_eq(&followed.crowd, &member.crowd)) {
            followed.channels.remove(&member.number);
        }
        self.0.retain(|followed| !followed.channels.is_empty());
    }

    /// Something was applied: asks who was touched by it.
    pub(super) fn touched(&mut self) -> Vec<TouchedChannel> {
        self.0.iter_mut().flat_map(Followed::touched).collect()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Followed {
    fn touched(&mut self) -> Vec<TouchedChannel> {
        let touched = self.crowd.touched(self.upto);
        self.upto = touched.upto;
        let of = |key: &usize| TouchedChannel { key: *key, stood: touched.stood };
        match touched.members {
            Some(members) => members.iter().filter_map(|number| self.channels.get(number)).map(of).collect(),
            None => self.channels.values().map(of).collect(),
        }
    }
}
