//! The subscribers of a source, by what they want of it: what is selected for
//! one of a group is selected for all.

use std::collections::HashMap;
use std::hash::Hash;

use slab::Slab;
use smallvec::SmallVec;

/// Wishes of subscribers, as values of which equals are one.
pub(super) trait Wanted: Clone + Eq + Hash {
    /// The thing that an element is about.
    type Subject: Copy + Eq + Hash;

    /// The subjects whose elements are wanted; `None`: all elements.
    fn subjects(&self) -> Option<impl Iterator<Item = Self::Subject>>;
}

/// The key of a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(super) struct GroupId(u32);

/// Those who want the same.
pub(super) struct Group<W> {
    pub(super) wanted: W,
    pub(super) subscribers: Vec<usize>,
}

/// All groups of one source.
pub(super) struct Groups<W: Wanted> {
    by_wanted: HashMap<W, GroupId>,
    all: Slab<Group<W>>,
    /// Groups that want the elements of a subject, among others perhaps.
    by_subject: HashMap<W::Subject, SmallVec<[GroupId; 2]>>,
}

impl<W: Wanted> Default for Groups<W> {
    fn default() -> Groups<W> {
        Groups { by_wanted: HashMap::new(), all: Slab::new(), by_subject: HashMap::new() }
    }
}

impl<W: Wanted> Groups<W> {
    /// The subscription `key` has come; gives its group.
    pub(super) fn enter(&mut self, key: usize, wanted: &W) -> GroupId {
        let id = self.by_wanted.get(wanted).copied().unwrap_or_else(|| self.add(wanted));
        self.all[id.0 as usize].subscribers.push(key);
        id
    }

    fn add(&mut self, wanted: &W) -> GroupId {
        let id = GroupId(self.all.insert(Group { wanted: wanted.clone(), subscribers: Vec::new() }) as u32);
        self.by_wanted.insert(wanted.clone(), id);
        for subject in wanted.subjects().into_iter().flatten() {
            self.by_subject.entry(subject).or_default().push(id);
        }
        id
    }

    /// The subscription `key` has left its group; says whether that is gone
    /// with it.
    pub(super) fn leave(&mut self, key: usize, id: GroupId) -> bool {
        let Group { wanted, subscribers } = &mut self.all[id.0 as usize];
        super::delivery::remove(subscribers, key);
        let is_last = subscribers.is_empty();
        if is_last {
            let wanted = wanted.clone();
            self.remove(id, &wanted);
        }
        is_last
    }

    /// Says whether a group is more than one subscriber.
    pub(super) fn is_shared(&self, id: GroupId) -> bool {
        self.all.get(id.0 as usize).is_some_and(|group| group.subscribers.len() > 1)
    }

    fn remove(&mut self, id: GroupId, wanted: &W) {
        self.by_wanted.remove(wanted);
        self.all.remove(id.0 as usize);
        for subject in wanted.subjects().into_iter().flatten() {
            let Some(groups) = self.by_subject.get_mut(&subject) else { continue };
            groups.retain(|other| *other != id);
            if groups.is_empty() {
                self.by_subject.remove(&subject);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Says whether nothing is left of those who were here.
    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        self.is_empty() && self.by_wanted.is_empty() && self.by_subject.is_empty()
    }

    /// The groups, by their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupId, &Group<W>)> {
        self.all.iter().map(|(key, group)| (GroupId(key as u32), group))
    }

    /// All subscribers.
    pub(super) fn subscribers(&self) -> impl Iterator<Item = usize> {
        self.all.iter().flat_map(|(_, group)| group.subscribers.iter().copied())
    }

    /// Which of these elements, ascending, each group wants that does not want
    /// all: takes as long as there are elements and what is wanted of them,
    /// however many groups there are.
    pub(super) fn select<E: Copy + Ord>(
        &self,
        elements: impl Iterator<Item = E>,
        subject: impl Fn(E) -> Option<W::Subject>,
    ) -> Selection<E> {
        let mut selected = Vec::new();
        if !self.by_subject.is_empty() {
            for element in elements {
                let groups = subject(element).and_then(|subject| self.by_subject.get(&subject));
                selected.extend(groups.into_iter().flatten().map(|group| (*group, element)));
            }
        }
        selected.sort_unstable();
        let (groups, elements) = selected.into_iter().unzip();
        Selection { groups, elements, taken: 0 }
    }
}

/// The elements that each group wants, in the order of groups.
pub(super) struct Selection<E> {
    groups: Vec<GroupId>,
    elements: Vec<E>,
    taken: usize,
}

impl<E> Selection<E> {
    /// Those of the next group. Groups are asked for in their order.
    pub(super) fn of(&mut self, group: GroupId) -> &[E] {
        let begin = self.taken;
        self.taken += self.groups[begin..].iter().take_while(|other| **other == group).count();
        &self.elements[begin..self.taken]
    }
}
