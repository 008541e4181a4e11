//! History as it is walked.

use std::sync::Arc;

use hub_core::PortfolioId;
use hub_rows::{Elements, read_elements};
use rpds::RedBlackTreeMapSync;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serializer};

use super::{DAYS_KEPT, Day, Valued};

/// Days, the oldest first.
pub(super) mod days {
    use super::*;

    #[derive(Default)]
    struct Restored(Vec<Arc<Day>>);

    impl Elements for Restored {
        type Element = Day;

        fn add(&mut self, day: Day) -> Result<(), &'static str> {
            if self.0.last().is_some_and(|last| last.date >= day.date || last.at >= day.at) {
                return Err("a day is closed before one that is earlier");
            }
            if self.0.len() == DAYS_KEPT {
                return Err("more days are kept than are");
            }
            self.0.push(Arc::new(day));
            Ok(())
        }
    }

    pub(in crate::history) fn serialize<S: Serializer>(
        days: &Arc<Vec<Arc<Day>>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(days.len()))?;
        days.iter().try_for_each(|day| sequence.serialize_element(&**day))?;
        sequence.end()
    }

    pub(in crate::history) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<Vec<Arc<Day>>>, D::Error> {
        read_elements(from).map(|Restored(days)| Arc::new(days))
    }
}

/// Valuations, by portfolio.
pub(super) mod valuations {
    use super::*;

    type Valuations = RedBlackTreeMapSync<PortfolioId, Arc<[Valued]>>;

    #[derive(Deserialize)]
    struct OfPortfolio(PortfolioId, Vec<Valued>);

    #[derive(Default)]
    struct Restored(Valuations);

    impl Elements for Restored {
        type Element = OfPortfolio;

        fn add(&mut self, OfPortfolio(id, valued): OfPortfolio) -> Result<(), &'static str> {
            let is_sorted = valued.is_sorted_by(|one, next| one.date < next.date);
            if !is_sorted || valued.is_empty() || valued.len() > DAYS_KEPT || self.0.contains_key(&id) {
                return Err("a portfolio's valuations are none that it has");
            }
            self.0.insert_mut(id, valued.into());
            Ok(())
        }
    }

    pub(in crate::history) fn serialize<S: Serializer>(of: &Valuations, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(of.size()))?;
        of.iter().try_for_each(|(id, valued)| sequence.serialize_element(&(id, &**valued)))?;
        sequence.end()
    }

    pub(in crate::history) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Valuations, D::Error> {
        read_elements(from).map(|Restored(of)| of)
    }
}
