//! The documents that are being watched, one of each kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hub_fanout::Document;

use crate::document::{DocumentKey, Resumed, Updates, Window};
use crate::reads::LeaderboardReads;

/// Documents without subscribers are swept out when there are more than this
/// and than twice as many as were left by the last sweep.
const SWEEP_FROM: usize = 64;

/// Hands out the same document to all who want the same, so that it is
/// composed once for all of them.
///
/// It holds no document alive; what it remembers is bounded by about twice
/// the documents being watched. It is asked when somebody subscribes, never on
/// the way of a message.
pub(crate) struct Documents {
    reads: LeaderboardReads,
    known: Mutex<Known>,
}

struct Known {
    documents: HashMap<DocumentKey, Shared>,
    sweep_at: usize,
}

enum Shared {
    Updates(Weak<Updates>),
    Other(Weak<dyn Document>),
}

impl Shared {
    fn is_watched(&self) -> bool {
        match self {
            Shared::Updates(document) => document.strong_count() > 0,
            Shared::Other(document) => document.strong_count() > 0,
        }
    }
}

impl Documents {
    pub(crate) fn new(reads: LeaderboardReads) -> Documents {
        let known = Known { documents: HashMap::new(), sweep_at: SWEEP_FROM };
        Documents { reads, known: Mutex::new(known) }
    }

    /// The document that shows this.
    pub(crate) fn get(&self, key: DocumentKey) -> Arc<dyn Document> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            DocumentKey::Updates { limit } => known.updates(limit, &self.reads),
            DocumentKey::Resumed { limit, from } => {
                let updates = known.updates(limit, &self.reads);
                known.other(key, || Arc::new(Resumed { updates, from }))
            }
            DocumentKey::Top { limit, form } => {
                known.other(key, || Arc::new(Window::top(self.reads.clone(), limit, form)))
            }
            DocumentKey::Around { id, range } => {
                known.other(key, || Arc::new(Window::around(self.reads.clone(), id, range)))
            }
        }
    }
}

impl Known {
    fn updates(&mut self, limit: usize, reads: &LeaderboardReads) -> Arc<Updates> {
        let key = DocumentKey::Updates { limit };
        if let Some(Shared::Updates(document)) = self.documents.get(&key)
            && let Some(document) = document.upgrade()
        {
            return document;
        }
        let document = Arc::new(Updates { reads: reads.clone(), limit });
        self.remember(key, Shared::Updates(Arc::downgrade(&document)));
        document
    }

    fn other(&mut self, key: DocumentKey, make: impl FnOnce() -> Arc<dyn Document>) -> Arc<dyn Document> {
        if let Some(Shared::Other(document)) = self.documents.get(&key)
            && let Some(document) = document.upgrade()
        {
            return document;
        }
        let document = make();
        self.remember(key, Shared::Other(Arc::downgrade(&document)));
        document
    }

    fn remember(&mut self, key: DocumentKey, document: Shared) {
        self.documents.insert(key, document);
        if self.documents.len() > self.sweep_at {
            self.documents.retain(|_, document| document.is_watched());
            self.sweep_at = SWEEP_FROM.max(2 * self.documents.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_core::PortfolioId;

    use super::*;
    use crate::document::Form;

    #[test]
    fn who_wants_the_same_shares_it_and_what_nobody_watches_is_forgotten() {
        let documents = Documents::new(crate::register(None).1);
        let around = |n: u128| DocumentKey::Around { id: PortfolioId::from_bytes(n.to_be_bytes()), range: 5 };
        let (a, b) = (documents.get(around(1)), documents.get(around(1)));
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &documents.get(around(2))));
        let top = |form| documents.get(DocumentKey::Top { limit: 10, form });
        assert!(!Arc::ptr_eq(&top(Form::Pms), &top(Form::TopPerformers)));
        (0..10_000).for_each(|n| drop(documents.get(around(n))));
        assert!(documents.known.lock().unwrap().documents.len() <= SWEEP_FROM + 1);
        assert!(Arc::ptr_eq(&a, &documents.get(around(1))), "what is watched is kept");
    }

    #[test]
    fn one_who_comes_back_shares_with_those_of_the_same_position() {
        let documents = Documents::new(crate::register(None).1);
        let resumed = |offset: u64| {
            let from = format!("000000000000beef-{offset}").parse().unwrap();
            documents.get(DocumentKey::Resumed { limit: 50, from })
        };
        let held = resumed(1);
        assert!(Arc::ptr_eq(&held, &resumed(1)));
        assert!(!Arc::ptr_eq(&held, &resumed(2)));
    }
}
