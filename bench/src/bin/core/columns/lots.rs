//! Lots of positions that have more than one.

use hub_core::{Price, Quantity, Timestamp};

/// Instead of a lot's number: there is none.
pub(super) const NO_LOT: u32 = u32::MAX;

/// A purchase, as far as it was not sold.
#[derive(Clone, Copy)]
pub(super) struct Lot {
    pub(super) price: Price,
    pub(super) quantity: Quantity,
    pub(super) time: Timestamp,
}

/// All but the oldest lot of each position, in lists: in the order of application, which in a workload is that of
/// purchase.
pub(super) struct FurtherLots {
    lots: Vec<Lot>,
    next: Vec<u32>,
    /// The first of those that are to be used again.
    free: u32,
}

impl Default for FurtherLots {
    fn default() -> FurtherLots {
        FurtherLots { lots: Vec::new(), next: Vec::new(), free: NO_LOT }
    }
}

impl FurtherLots {
    /// Adds a lot to the end of the list that begins with `first`.
    pub(super) fn push(&mut self, first: &mut u32, lot: Lot) {
        let number = self.place(lot);
        let mut link = first;
        while *link != NO_LOT {
            let before = *link as usize;
            link = &mut self.next[before];
        }
        *link = number;
    }

    /// Takes the first lot out of the list that begins with `first`.
    pub(super) fn pop(&mut self, first: &mut u32) -> Option<Lot> {
        let number = *first;
        let lot = *self.lots.get(number as usize)?;
        *first = std::mem::replace(&mut self.next[number as usize], self.free);
        self.free = number;
        Some(lot)
    }

    /// Quantity of all lots of the list that begins with `first`.
    pub(super) fn held(&self, mut first: u32) -> Quantity {
        let mut units = 0;
        while let Some(lot) = self.lots.get(first as usize) {
            units += lot.quantity.units();
            first = self.next[first as usize];
        }
        Quantity::from_units(units)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    /// Keeps a lot that nothing follows; its number.
    fn place(&mut self, lot: Lot) -> u32 {
        if self.free == NO_LOT {
            self.lots.push(lot);
            self.next.push(NO_LOT);
            return self.lots.len() as u32 - 1;
        }
        let number = self.free;
        self.lots[number as usize] = lot;
        self.free = std::mem::replace(&mut self.next[number as usize], NO_LOT);
        number
    }
}
