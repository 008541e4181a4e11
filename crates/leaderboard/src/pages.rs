//! Pages that one thread edits, while others read them as they were.
//!
//! A page that a view may see is never edited: it is *retired*, and a copy of it
//! edited instead, which has another number. When the oldest view that is left
//! was taken after a page was retired, the page is used again. So an edit costs
//! a copy, but neither an allocation nor counters of owners; who keeps a view
//! keeps the pages that were retired since.
//!
//! Without `unsafe`: pages are behind locks, which nobody ever waits for, since
//! no view sees what is being edited.

mod store;
mod views;

use std::collections::VecDeque;
use std::sync::{Arc, RwLockReadGuard, RwLockWriteGuard};

pub(crate) use store::Store;
pub(crate) use views::{Views, Visible};

/// The pages of one kind, as the thread that edits them has them.
pub(crate) struct Pages<T> {
    store: Arc<Store<T>>,
    /// Pages that were ever used.
    len: u32,
    /// With the age in which each was retired, in their order.
    retired: VecDeque<(u64, u32)>,
    free: Vec<u32>,
}

impl<T: Clone + Default> Pages<T> {
    /// The way to read them.
    pub(crate) fn store(&self) -> &Arc<Store<T>> {
        &self.store
    }

    /// Reads a page.
    pub(crate) fn read(&self, number: u32) -> RwLockReadGuard<'_, T> {
        self.store.read(number)
    }

    /// Edits a page that no view sees: one that was added in this age, or is
    /// [owned](Pages::own).
    pub(crate) fn write(&self, number: u32) -> RwLockWriteGuard<'_, T> {
        self.store.write(number)
    }

    /// A page with this content; `age` is that of now.
    pub(crate) fn add(&mut self, content: T, age: u64) -> u32 {
        let number = self.unused(age);
        *self.write(number) = content;
        number
    }

    /// The number of the page to edit instead of this one: itself, if no view
    /// sees it.
    pub(crate) fn own(&mut self, number: u32, age: u64) -> u32 {
        if self.store.born(number) == age {
            return number;
        }
        self.retired.push_back((age, number));
        let copy = self.unused(age);
        self.write(copy).clone_from(&self.read(number));
        copy
    }

    /// The page is needed by the views that see it, and by nobody else.
    pub(crate) fn retire(&mut self, number: u32, age: u64) {
        if self.store.born(number) == age {
            self.free(number);
        } else {
            self.retired.push_back((age, number));
        }
    }

    /// Takes back the pages that only views from before `oldest` saw.
    pub(crate) fn release(&mut self, oldest: u64) {
        while let Some((age, number)) = self.retired.front().copied()
            && age <= oldest
        {
            self.retired.pop_front();
            self.free(number);
        }
    }

    /// Pages that were ever used.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    fn unused(&mut self, age: u64) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.len += 1;
            self.len - 1
        });
        self.store.bear(number, age);
        number
    }

    fn free(&mut self, number: u32) {
        if std::mem::needs_drop::<T>() {
            // What it holds is let go now, not when the page is used again.
            *self.write(number) = T::default();
        }
        self.free.push(number);
    }
}

impl<T: Default> Default for Pages<T> {
    fn default() -> Pages<T> {
        Pages { store: Arc::default(), len: 0, retired: VecDeque::new(), free: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_page_is_used_again_when_nobody_sees_it() {
        let (mut pages, mut views) = (Pages::<u64>::default(), Views::default());
        let first = pages.add(1, views.age());
        assert_eq!(pages.own(first, views.age()), first, "no view sees it");
        let old = views.take();
        let second = pages.own(first, views.age());
        assert_ne!(first, second);
        *pages.write(second) = 2;
        let young = views.take();
        pages.release(views.oldest());
        assert_eq!((*pages.read(first), *pages.read(second), pages.len()), (1, 2, 2));
        drop(old);
        pages.release(views.oldest());
        assert_eq!(pages.add(3, views.age()), first);
        let third = pages.own(second, views.age());
        drop(young);
        pages.release(views.oldest());
        assert_eq!((pages.add(4, views.age()), *pages.read(third), pages.len()), (second, 2, 3));
        let seen_by_nobody = pages.add(5, views.age());
        pages.retire(seen_by_nobody, views.age());
        assert_eq!(pages.add(6, views.age()), seen_by_nobody);
    }

    #[test]
    fn what_a_page_holds_is_let_go_with_it() {
        let (mut pages, mut views) = (Pages::<Option<Arc<()>>>::default(), Views::default());
        let held = Arc::new(());
        let page = pages.add(Some(Arc::clone(&held)), views.age());
        let view = views.take();
        pages.retire(page, views.age());
        pages.release(views.oldest());
        assert_eq!(Arc::strong_count(&held), 2, "the view sees it");
        drop(view);
        pages.release(views.oldest());
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn readers_of_other_threads_see_what_was_when_their_view_was_taken() {
        const PAGES: u64 = 50;
        let (mut pages, mut views) = (Pages::<[u64; 8]>::default(), Views::default());
        let mut numbers: Vec<u32> = (0..PAGES).map(|_| pages.add([0; 8], views.age())).collect();
        let (sender, receiver) = mpsc::sync_channel::<(Arc<Visible>, Vec<u32>, u64)>(3);
        let (store, is_done) = (Arc::clone(pages.store()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (view, numbers, sum) in receiver {
                    for _ in 0..3 {
                        let pages = numbers.iter().map(|number| *store.read(*number));
                        let read: u64 =
                            pages.inspect(|page| assert_eq!(*page, [page[0]; 8])).map(|page| page[0]).sum();
                        assert_eq!(read, sum);
                    }
                    drop(view);
                }
                is_done.store(true, Ordering::Relaxed);
            });
            for round in 1..=2_000_u64 {
                for index in 0..round % 7 {
                    let number = &mut numbers[((round * 13 + index) % PAGES) as usize];
                    *number = pages.own(*number, views.age());
                    *pages.write(*number) = [round + index; 8];
                }
                let sum = numbers.iter().map(|number| pages.read(*number)[0]).sum();
                sender.send((views.take(), numbers.clone(), sum)).unwrap();
                pages.release(views.oldest());
            }
            drop(sender);
        });
        assert!(is_done.load(Ordering::Relaxed) && pages.len() < PAGES as usize + 7 * 12, "{}", pages.len());
    }
}
