//! Walks of what is kept here: a sequence of so many elements, one by one, so that nothing is there twice meanwhile.
//!
//! Room is made as elements come, never for as many as somebody says there are.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::{SerializeSeq as _, SerializeTuple as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::row::Stored;
use crate::{Column, Queue, Rows};

/// Elements that are read one at a time, so that each is there once.
pub trait Elements: Default {
    /// One of them.
    type Element;

    /// Adds one, or says why it can't be one of them.
    fn add(&mut self, element: Self::Element) -> Result<(), &'static str>;
}

impl<T> Elements for Column<T> {
    type Element = T;

    fn add(&mut self, element: T) -> Result<(), &'static str> {
        self.push(element);
        Ok(())
    }
}

impl<T> Elements for Queue<T> {
    type Element = T;

    fn add(&mut self, element: T) -> Result<(), &'static str> {
        self.push_back(element);
        Ok(())
    }
}

struct Each<E>(PhantomData<E>);

impl<'de, E: Elements<Element: Deserialize<'de>>> Visitor<'de> for Each<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<E, A::Error> {
        let mut elements = E::default();
        while let Some(element) = sequence.next_element()? {
            elements.add(element).map_err(A::Error::custom)?;
        }
        Ok(elements)
    }
}

/// Reads elements that were walked as a sequence.
pub fn read_elements<'de, E, D>(from: D) -> Result<E, D::Error>
where
    E: Elements<Element: Deserialize<'de>>,
    D: Deserializer<'de>,
{
    from.deserialize_seq(Each(PhantomData))
}

impl<T: Serialize> Serialize for Column<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|item| sequence.serialize_element(item))?;
        sequence.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Column<T>, D::Error> {
        read_elements(from)
    }
}

impl<T: Serialize> Serialize for Queue<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|item| sequence.serialize_element(item))?;
        sequence.end()
    }
}

/// Ordinals begin anew.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Queue<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Queue<T>, D::Error> {
        read_elements(from)
    }
}

/// A table's rows as they are walked where a part of their words is of this process, such as the numbers of
/// [values](crate::Values): with others in their place.
pub struct WalkedAs<'a, const N: usize, F> {
    rows: &'a Rows<N>,
    words: F,
}

impl<const N: usize> Rows<N> {
    /// The rows, with words that are made of their own, in the order of their keys.
    pub fn walked_as<F: Fn([u64; N]) -> [u64; N]>(&self, words: F) -> WalkedAs<'_, N, F> {
        WalkedAs { rows: self, words }
    }
}

impl<const N: usize, F: Fn([u64; N]) -> [u64; N]> Serialize for WalkedAs<'_, N, F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.rows.len() as usize))?;
        let rows = self.rows.newest().map(|row| Stored { words: (self.words)(row.words), ..row });
        rows.into_iter().try_for_each(|row| sequence.serialize_element(&row))?;
        sequence.end()
    }
}

/// The newest of each row, which is a function of the edits alone: what is kept for views is not walked.
impl<const N: usize> Serialize for Rows<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(self.len() as usize))?;
        self.newest().try_for_each(|row| sequence.serialize_element(&row))?;
        sequence.end()
    }
}

#[derive(Default)]
struct Restored<const N: usize>(Rows<N>);

impl<const N: usize> Elements for Restored<N> {
    type Element = Stored<N>;

    fn add(&mut self, row: Stored<N>) -> Result<(), &'static str> {
        self.0.put_back(row)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Rows<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rows<N>, D::Error> {
        read_elements(from).map(|Restored(rows)| rows)
    }
}

/// The offset of the last write, the version, what is aside, the words. Where its copy from before is, is of this
/// process.
impl<const N: usize> Serialize for Stored<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Stored { stamp, version, older: _, aside, words } = self;
        let mut row = to.serialize_tuple(3 + N)?;
        row.serialize_element(stamp)?;
        row.serialize_element(version)?;
        row.serialize_element(aside)?;
        words.iter().try_for_each(|word| row.serialize_element(word))?;
        row.end()
    }
}

impl<'de, const N: usize> Deserialize<'de> for Stored<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Stored<N>, D::Error> {
        from.deserialize_tuple(3 + N, RowParts)
    }
}

struct RowParts<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for RowParts<N> {
    type Value = Stored<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of {N} words")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Stored<N>, A::Error> {
        let short = |place| move || A::Error::invalid_length(place, &RowParts::<N>);
        let stamp = parts.next_element()?.ok_or_else(short(0))?;
        let version = parts.next_element()?.ok_or_else(short(1))?;
        let aside = parts.next_element()?.ok_or_else(short(2))?;
        let mut words = [0; N];
        for (place, word) in words.iter_mut().enumerate() {
            *word = parts.next_element()?.ok_or_else(short(3 + place))?;
        }
        Ok(Stored { stamp, version, older: 0, aside, words })
    }
}

#[cfg(test)]
mod tests {
    use hub_core::Offset;

    use super::*;

    fn walked(what: &impl Serialize) -> Vec<u8> {
        rmp_serde::to_vec(what).unwrap()
    }

    #[test]
    fn a_table_is_walked_as_it_is_now_whatever_is_kept_for_views() {
        let [mut rows, mut seen] = [(); 2].map(|()| Rows::<2>::default());
        let mut views = Vec::new();
        for at in 1..=3000 {
            for rows in [&mut rows, &mut seen] {
                rows.push(Offset(at), Offset(at), at as u32 + 7, [at, u64::MAX - at]);
                // Written, and not changed.
                rows.set(at as u32 / 2, Offset(at), Offset::START, [at, 0]);
            }
            views.push(seen.view(Offset(at)));
        }
        assert!(seen.kept() > 1000);
        let bytes = walked(&rows);
        assert_eq!(walked(&seen), bytes);
        let mut restored: Rows<2> = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!((restored.len(), restored.kept(), walked(&restored)), (3000, 0, bytes));
        for rows in [&mut rows, &mut restored] {
            rows.set(5, Offset(3001), Offset(3001), [1, 2]);
        }
        let views = [&mut rows, &mut restored].map(|rows| rows.view(Offset(3001)));
        let changed = views.each_ref().map(|view| {
            let mut keys = Vec::new();
            view.changed(Offset(2990), None, usize::MAX, &mut keys).unwrap();
            (keys, view.newest(), (0..=3000).map(|key| view.get(key).unwrap()).collect::<Vec<_>>())
        });
        assert_eq!((changed[0].0.len(), &changed[0]), (11, &changed[1]));
    }

    #[test]
    fn words_of_this_process_are_walked_as_others() {
        let mut rows = Rows::<2>::default();
        (1..=3).for_each(|at| _ = rows.push(Offset(at), Offset(at), 0, [at, 100 * at]));
        let walk = walked(&rows.walked_as(|[word, _]| [word, 0]));
        (0..3).for_each(|key| rows.set(key, Offset(3), Offset::START, [u64::from(key) + 1, 0]));
        let restored: Rows<2> = rmp_serde::from_slice(&walk).unwrap();
        assert!((0..4).all(|key| restored.get(key) == rows.get(key)));
        assert_eq!((restored.written(0), rows.written(0)), (Some(Offset(1)), Some(Offset(3))));
    }

    #[test]
    fn a_row_that_nobody_could_read_is_refused() {
        for (stamp, version) in [(u64::MAX, 1), (1, u64::MAX)] {
            let bytes = walked(&[(stamp, version, 0, 7)]);
            let error = rmp_serde::from_slice::<Rows<1>>(&bytes).err().unwrap().to_string();
            assert!(error.contains("offset"), "{error}");
        }
        assert!(rmp_serde::from_slice::<Rows<1>>(&walked(&[(1, 1, 0)])).is_err(), "without its word");
        assert!(rmp_serde::from_slice::<Rows<1>>(&walked(&[(1, 1, 0, 7, 8)])).is_err(), "with another's");
    }

    #[test]
    fn columns_and_queues_come_back_and_ordinals_begin_anew() {
        let (mut column, mut queue) = (Column::default(), Queue::starting_at(u32::MAX - 1500));
        for n in 0..5000_u32 {
            column.push(n);
            queue.push_back(n);
        }
        (0..1000).for_each(|_| _ = queue.pop_front());
        let restored: Column<u32> = rmp_serde::from_slice(&walked(&column)).unwrap();
        assert!(restored.len() == 5000 && (0..5000).all(|n| restored.get(n) == Some(&n)));
        let restored: Queue<u32> = rmp_serde::from_slice(&walked(&queue)).unwrap();
        assert_eq!((restored.len(), restored.front()), (4000, Some((0, &1000))));
        assert!((0..4000).all(|n| restored.get(n) == Some(&(n + 1000))));
    }

    #[test]
    fn a_length_that_is_claimed_makes_no_room() {
        // A sequence of 2^32 - 1, and then nothing.
        let claim = [0xdd, 0xff, 0xff, 0xff, 0xff];
        assert!(rmp_serde::from_slice::<Column<u64>>(&claim).is_err());
        assert!(rmp_serde::from_slice::<Queue<[u64; 32]>>(&claim).is_err());
        assert!(rmp_serde::from_slice::<Rows<9>>(&claim).is_err());
    }
}
