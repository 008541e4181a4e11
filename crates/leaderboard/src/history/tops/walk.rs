//! Tops of the past as they are walked: as if the offset had ended at which something changed last, whether or not a
//! batch has.

use std::collections::BTreeMap;

use hub_core::Offset;
use serde::{Deserialize, Serialize};

use super::{Change, GENERATION_MAX, Tops};
use crate::history::generations::Generations;
use crate::ranking::Ranking;

/// [`Tops`] to be walked, or that were.
#[derive(Serialize, Deserialize)]
pub(in crate::history) struct WalkedTops {
    size: usize,
    log: Generations<Change>,
    floor: Offset,
    at: Offset,
    since_whole: usize,
}

impl Tops {
    /// A value of it to be walked. A clone costs nothing.
    pub(in crate::history) fn to_walk(&self, ranking: &Ranking) -> WalkedTops {
        let mut ended = self.clone();
        ended.end_offset(ranking);
        let Tops { size, log, floor, open: _, at, last: _, since_whole } = ended;
        WalkedTops { size, log, floor, at, since_whole }
    }

    /// The tops that were walked, beside the ranking that it was of.
    pub(in crate::history) fn of_walk(walked: WalkedTops, ranking: &Ranking) -> Result<Tops, &'static str> {
        let WalkedTops { size, log, floor, at, since_whole } = walked;
        let fresh = Tops::default();
        if size != fresh.size || since_whole >= size || log.weight() >= GENERATION_MAX + size {
            return Err("a top of the past has another size");
        }
        let last = ranking.at(size - 1).map(|row| row.rank_key());
        Ok(Tops { size, log, floor, open: BTreeMap::new(), at, last, since_whole })
    }
}
