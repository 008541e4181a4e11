//! The last thing that happens: whoever has heard it has heard everything.

use std::collections::BTreeMap;

use crate::book::{BELL, Book, portfolio};
use crate::poster::Poster;
use crate::support::ledger::Event;
use crate::support::session::Topic;
use crate::whereabouts::Whereabouts;

/// Where in the log every position and every unrealised P&L was last changed.
pub(crate) struct Bell {
    /// By portfolio.
    bought: BTreeMap<String, u64>,
    priced: u64,
}

impl Bell {
    pub(crate) fn ring(hub: &Whereabouts, book: &mut Book) -> Bell {
        let mut poster = Poster::new(hub);
        let bought = (0..).map(portfolio).zip(book.ring_the_bell(&mut poster)).collect();
        let priced = poster.post("prices", &[Event::Price(BELL.to_owned(), 70)]).offsets[0];
        book.history.extend([(priced, Event::Price(BELL.to_owned(), 70))]);
        Bell { bought, priced }
    }

    /// The last change of a topic, for one who wants these portfolios.
    pub(crate) fn last(&self, topic: Topic, wants: impl Fn(&str) -> bool) -> u64 {
        let of_these =
            self.bought.iter().filter(|(portfolio, _)| wants(portfolio)).map(|(_, offset)| *offset);
        match topic {
            Topic::Marks => self.priced,
            Topic::Positions | Topic::Transactions => of_these.max().expect("a portfolio that trades"),
        }
    }
}
