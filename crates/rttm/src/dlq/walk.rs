//! Dead letters as they are walked.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::{ClassMap, Dlq, REST_CLASSES, numbered};
use crate::window::Window;

/// A [`Dlq`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked {
    day: Window,
    recent: Window,
    classes: ClassMap,
    classes_max: usize,
    free: Vec<u16>,
    given: u16,
}

impl TryFrom<Walked> for Dlq {
    type Error = &'static str;

    fn try_from(
        Walked { day, recent, classes, classes_max, free, given }: Walked,
    ) -> Result<Dlq, &'static str> {
        let fresh = Dlq::new(0);
        let mut shape = fresh.day.shape();
        shape.2 = given.into();
        if day.shape() != shape || recent.shape() != fresh.recent.shape() || given < REST_CLASSES {
            return Err("a window of dead letters has another shape");
        }
        let own = || classes.range(REST_CLASSES..);
        let taken: BTreeSet<u16> = own().map(|(number, _)| *number).chain(free.iter().copied()).collect();
        if !taken.iter().copied().eq(REST_CLASSES..given) || taken.len() != own().count() + free.len() {
            return Err("a class of dead letters has a number that was not given out");
        }
        let numbers: HashMap<_, _> = own().map(|(number, class)| (Arc::clone(&class.key), *number)).collect();
        if numbers.len() != own().count() || classes_max > numbered(u16::MAX) {
            return Err("there are more classes of dead letters than that");
        }
        Ok(Dlq { day, recent, classes, numbers, classes_max, free, given, touched: Vec::new() })
    }
}
