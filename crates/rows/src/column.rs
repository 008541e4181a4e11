//! A column in blocks.

/// Items of a block.
const BLOCK: usize = 1024;

/// Items by dense keys from 0, which the writer keeps for itself.
///
/// A buffer that doubles copies all there is for the sake of one item. This one grows by a block.
#[derive(Clone, Debug)]
pub struct Column<T> {
    /// Each but the last is full, and none is empty.
    blocks: Vec<Vec<T>>,
}

impl<T> Default for Column<T> {
    fn default() -> Column<T> {
        Column { blocks: Vec::new() }
    }
}

impl<T> Column<T> {
    /// The number of items.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The item.
    pub fn get(&self, key: u32) -> Option<&T> {
        self.blocks.get(key as usize / BLOCK)?.get(key as usize % BLOCK)
    }

    /// The item, to be changed.
    pub fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.blocks.get_mut(key as usize / BLOCK)?.get_mut(key as usize % BLOCK)
    }

    /// The items, by their keys.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// Puts an item in the place of another. One that does not exist stays so.
    pub fn set(&mut self, key: u32, item: T) {
        if let Some(place) = self.get_mut(key) {
            *place = item;
        }
    }

    /// Adds an item, whose key is the number of those before it.
    pub fn push(&mut self, item: T) {
        match self.blocks.last_mut() {
            Some(last) if last.len() < BLOCK => last.push(item),
            last => {
                // A short column takes no more than it needs.
                let room = if last.is_some() { BLOCK } else { 1 };
                let mut block = Vec::with_capacity(room);
                block.push(item);
                self.blocks.push(block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_are_those_of_a_plain_vector(runs in prop::collection::vec(0_i32..3000, 1..12)) {
            let (mut column, mut model) = (Column::default(), Vec::new());
            for run in runs {
                for n in 0..run {
                    column.push(n);
                    model.push(n);
                }
                if let Some(middle) = model.len().checked_sub(1).map(|last| last / 2) {
                    model[middle] += 7;
                    column.set(middle as u32, model[middle]);
                }
                prop_assert_eq!((column.len(), column.is_empty()), (model.len(), model.is_empty()));
                let items: Vec<i32> = (0..).map_while(|key| column.get(key).copied()).collect();
                prop_assert_eq!(&items, &model);
            }
        }
    }

    #[test]
    fn a_short_column_takes_no_block() {
        let mut column = Column::default();
        (0..10_u64).for_each(|n| column.push(n));
        assert!(column.blocks[0].capacity() < 20);
        assert_eq!(column.get_mut(10), None);
    }
}
