//! The documents that are being watched, one of each kind.

use std::sync::Arc;

use hub_fanout::{Document, Interned};

use crate::document::{Around, DocumentKey, Resumed, Updates, Window};
use crate::reads::LeaderboardReads;
use crate::surroundings::Surroundings;

/// Hands out the same document to all who want the same, so that it is
/// composed once for all of them.
///
/// It is asked when somebody subscribes, never on the way of a message.
pub(crate) struct Documents {
    reads: LeaderboardReads,
    /// By limit: those who resume share them, too.
    updates: Interned<usize, Updates>,
    others: Interned<DocumentKey, dyn Document>,
    surroundings: Arc<Surroundings>,
}

impl Documents {
    pub(crate) fn new(reads: LeaderboardReads) -> Documents {
        let surroundings = Arc::new(Surroundings::new(reads.clone()));
        Documents { reads, updates: Interned::default(), others: Interned::default(), surroundings }
    }

    /// The document that shows this.
    pub(crate) fn get(&self, key: DocumentKey) -> Arc<dyn Document> {
        match key {
            DocumentKey::Updates { limit } => self.updates(limit),
            key => self.others.get(key, |key| self.make(key)),
        }
    }

    fn updates(&self, limit: usize) -> Arc<Updates> {
        self.updates.get(limit, |limit| Arc::new(Updates { reads: self.reads.clone(), limit: *limit }))
    }

    fn make(&self, key: &DocumentKey) -> Arc<dyn Document> {
        match *key {
            DocumentKey::Updates { limit } => self.updates(limit),
            DocumentKey::Resumed { limit, from } => Arc::new(Resumed { updates: self.updates(limit), from }),
            DocumentKey::Top { limit, form } => Arc::new(Window::top(self.reads.clone(), limit, form)),
            DocumentKey::Around { id, range, form } => {
                Arc::new(Around::new(self.reads.clone(), Arc::clone(&self.surroundings), id, range, form))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::PortfolioId;

    use super::*;
    use crate::LeaderboardConfig;
    use crate::document::Form;

    #[test]
    fn who_wants_the_same_shares_it() {
        let documents = Documents::new(crate::register(&LeaderboardConfig::default(), None).1);
        let around = |n: u128| DocumentKey::Around {
            id: PortfolioId::from_bytes(n.to_be_bytes()),
            range: 5,
            form: Form::Around,
        };
        let (a, b) = (documents.get(around(1)), documents.get(around(1)));
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &documents.get(around(2))));
        let top = |form| documents.get(DocumentKey::Top { limit: 10, form });
        assert!(!Arc::ptr_eq(&top(Form::Pms), &top(Form::TopPerformers)));
        (0..10_000).for_each(|n| drop(documents.get(around(n))));
        assert!(Arc::ptr_eq(&a, &documents.get(around(1))), "what is watched is kept");
    }

    #[test]
    fn one_who_comes_back_shares_with_those_of_the_same_position() {
        let documents = Documents::new(crate::register(&LeaderboardConfig::default(), None).1);
        let resumed = |offset: u64| {
            let from = format!("000000000000beef-{offset}").parse().unwrap();
            documents.get(DocumentKey::Resumed { limit: 50, from })
        };
        let held = resumed(1);
        assert!(Arc::ptr_eq(&held, &resumed(1)));
        assert!(!Arc::ptr_eq(&held, &resumed(2)));
        let updates = || documents.get(DocumentKey::Updates { limit: 50 });
        assert!(Arc::ptr_eq(&updates(), &updates()), "alive in what is resumed");
    }
}
