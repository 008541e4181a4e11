//! Views never change, and every question is answered as by a plain vector that is copied for each.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use hub_core::{Expired, Offset};
use hub_rows::{Pin, Row, Rows, RowsView};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Edit {
    Push,
    Set(prop::sample::Index),
    /// Writes without a new version.
    SetSilently(prop::sample::Index),
    /// As the next edit, at the same record as the one before.
    SetAgain(prop::sample::Index),
    View,
    /// Lets go of one of the views.
    Drop(prop::sample::Index),
    /// Holds on to one of the views.
    Pin(prop::sample::Index),
    /// Takes back what is kept for views older than one of them.
    Expire(prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => Just(Edit::Push),
        4 => index().prop_map(Edit::Set),
        1 => index().prop_map(Edit::SetSilently),
        1 => index().prop_map(Edit::SetAgain),
        2 => Just(Edit::View),
        2 => index().prop_map(Edit::Drop),
        1 => index().prop_map(Edit::Pin),
        1 => index().prop_map(Edit::Expire),
    ]
}

/// A view, and what the table was when it was taken.
struct Seen {
    view: RowsView<2>,
    model: Vec<Row<2>>,
    at: u64,
    pin: Option<Pin>,
    has_expired: bool,
}

/// The table and what it is to be.
#[derive(Default)]
struct World {
    rows: Rows<2>,
    model: Vec<Row<2>>,
    views: Vec<Seen>,
    /// The record whose edits are made.
    at: u64,
    /// True if a view has them: what comes next is of another record.
    is_viewed: bool,
}

impl World {
    fn apply(&mut self, edit: &Edit, serial: u64) {
        let words = [serial, !serial];
        match edit {
            Edit::Push => {
                self.next_record();
                let row = Row { version: Offset(self.at), aside: serial as u32, words };
                let key = self.rows.push(Offset(self.at), row.version, row.aside, words);
                assert_eq!(key as usize, self.model.len());
                self.model.push(row);
            }
            Edit::Set(index) => {
                self.next_record();
                self.set(*index, Offset(self.at), words);
            }
            Edit::SetSilently(index) => {
                self.next_record();
                self.set(*index, Offset::START, words);
            }
            Edit::SetAgain(index) => {
                if self.is_viewed {
                    self.next_record();
                }
                self.set(*index, Offset(self.at), words);
            }
            Edit::View => {
                self.is_viewed = true;
                let (view, model) = (self.rows.view(Offset(self.at)), self.model.clone());
                self.views.push(Seen { view, model, at: self.at, pin: None, has_expired: false });
            }
            Edit::Drop(index) if !self.views.is_empty() => {
                drop(self.views.remove(index.index(self.views.len())));
            }
            Edit::Pin(index) if !self.views.is_empty() => {
                let place = index.index(self.views.len());
                let seen = &mut self.views[place];
                match seen.view.pin() {
                    Ok(pin) => seen.pin = Some(pin),
                    Err(Expired) => assert!(seen.has_expired),
                }
                assert!(!seen.has_expired || seen.pin.is_none());
            }
            Edit::Expire(index) if !self.views.is_empty() => {
                let at = self.views[index.index(self.views.len())].at;
                let had = self.rows.expire_before(Offset(at));
                let older = self.views.iter_mut().take_while(|seen| seen.at < at && seen.pin.is_none());
                let expired = older.filter(|seen| !seen.has_expired);
                assert_eq!(
                    had,
                    expired.map(|seen| seen.has_expired = true).count(),
                    "those that somebody had"
                );
            }
            Edit::Drop(_) | Edit::Pin(_) | Edit::Expire(_) => {}
        }
    }

    fn next_record(&mut self) {
        self.at += 1;
        self.is_viewed = false;
    }

    fn set(&mut self, index: prop::sample::Index, version: Offset, words: [u64; 2]) {
        if self.model.is_empty() {
            self.rows.set(0, Offset(self.at), version, words);
            assert_eq!(self.rows.get(0), None);
            return;
        }
        let key = index.index(self.model.len());
        self.rows.set(key as u32, Offset(self.at), version, words);
        let row = &mut self.model[key];
        (row.version, row.words) = (row.version.max(version), words);
        assert_eq!(self.rows.get(key as u32), Some(*row));
    }
}

fn check(seen: &Seen, after: Offset, from: Option<u32>, limit: usize) {
    let Seen { view, model, has_expired, .. } = seen;
    assert_eq!(view.len() as usize, model.len());
    assert_eq!(view.newest(), model.iter().map(|row| row.version).max().unwrap_or_default());
    assert_eq!(view.get(view.len()), Ok(None));
    let rows: Result<Vec<_>, Expired> = (0..view.len()).map(|key| Ok(view.get(key)?.unwrap())).collect();
    match &rows {
        Ok(rows) => assert_eq!(rows, model),
        Err(Expired) => assert!(has_expired),
    }
    let mut wanted: Vec<u32> = (0..view.len())
        .filter(|key| from.is_none_or(|from| *key > from) && model[*key as usize].version > after)
        .collect();
    let more = wanted.len() > limit;
    wanted.truncate(limit);
    let mut keys = vec![];
    match view.changed(after, from, limit, &mut keys) {
        Ok(found) => assert_eq!((found, keys), (more, wanted)),
        Err(Expired) => assert!(has_expired),
    }
    // One by one: what did not change since is there, and nothing is there that never was.
    for (key, row) in (0..).zip(model) {
        assert!(view.get(key) == Ok(Some(*row)) || *has_expired && view.get(key) == Err(Expired));
    }
}

proptest! {
    #[test]
    fn a_view_never_changes_and_every_question_is_answered_as_by_a_plain_vector(
        edits in prop::collection::vec(edit(), 0..1500),
        after in 0_u64..1000, from in prop::option::of(0_u32..700), limit in 0_usize..50,
    ) {
        let mut world = World::default();
        for (serial, edit) in (1..).zip(&edits) {
            world.apply(edit, serial);
        }
        for seen in &world.views {
            check(seen, Offset(after), from, limit);
            check(seen, Offset::START, None, usize::MAX);
        }
        world.views.clear();
        drop(world.rows.view(Offset(world.at)));
        prop_assert_eq!(world.rows.kept(), 0, "nobody needs a copy");
    }
}

#[test]
fn copies_are_made_once_for_a_view_and_used_again() {
    let mut rows = Rows::<1>::default();
    for at in 1..=10 {
        rows.push(Offset(at), Offset(at), 0, [at]);
    }
    for at in 11..=20 {
        rows.set(3, Offset(at), Offset(at), [at]);
    }
    assert_eq!(rows.kept(), 0, "nobody looks");
    let mut at = 20;
    for _ in 0..1000 {
        let view = rows.view(Offset(at));
        let seen = view.get(3);
        for _ in 0..3 {
            at += 1;
            rows.set(3, Offset(at), Offset(at), [at]);
        }
        assert_eq!(view.get(3), seen);
        assert_eq!(rows.kept(), 1);
    }
}

/// Rows whose words add up to the view's position, whatever the writer does meanwhile.
#[test]
fn readers_of_many_threads_see_whole_rows_of_their_own_position() {
    const ROWS: u32 = 500;
    const RECORDS: u64 = 30_000;
    let mut rows = Rows::<2>::default();
    for _ in 0..ROWS {
        rows.push(Offset(1), Offset(1), 0, [0, !0]);
    }
    let newest = Mutex::new((rows.view(Offset(1)), 0));
    let is_over = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let reader = || {
            let mut looks = 0_u64;
            while !is_over.load(Ordering::Relaxed) || looks == 0 {
                let (view, sum) = newest.lock().unwrap().clone();
                // Twice: it stays as it is.
                for _ in 0..2 {
                    let rows = (0..view.len()).map(|key| view.get(key).unwrap().unwrap().words);
                    let seen: u64 = rows
                        .map(|words| if words[0] == !words[1] { words[0] } else { panic!("{words:?}") })
                        .sum();
                    assert_eq!(seen, sum);
                }
                looks += 1;
            }
            looks
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(reader)).collect();
        let mut sum = 0;
        for at in 2..RECORDS {
            // In an order that comes back to a row sooner or later.
            let key = (at * at % u64::from(ROWS)) as u32;
            sum += at;
            let word = rows.get(key).unwrap().words[0] + at;
            // Half at first, as one record may do.
            rows.set(key, Offset(at), Offset(at), [1, 2]);
            rows.set(key, Offset(at), Offset(at), [word, !word]);
            if at % 7 == 0 {
                *newest.lock().unwrap() = (rows.view(Offset(at)), sum);
            }
        }
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>()
    });
    assert!(looks >= 3);
    drop(newest);
    drop(rows.view(Offset(RECORDS)));
    assert_eq!(rows.kept(), 0, "nobody needs a copy");
}

#[test]
fn a_view_held_for_long_costs_each_row_once() {
    let mut rows = Rows::<1>::default();
    let mut at = 0;
    for _ in 0..100 {
        at += 1;
        rows.push(Offset(at), Offset(at), 0, [at]);
    }
    let held = rows.view(Offset(at));
    for _ in 0..10 {
        for key in 0..50 {
            at += 1;
            rows.set(key, Offset(at), Offset(at), [at]);
        }
    }
    assert_eq!(rows.kept(), 50);
    assert!((0..100).all(|key| held.get(key).unwrap().unwrap().words == [u64::from(key) + 1]));
    drop(held);
    drop(rows.view(Offset(at)));
    assert_eq!(rows.kept(), 0);
}

/// Views expire while they are read: what is read is what was, or has expired.
#[test]
fn readers_of_a_view_that_expires_are_told_so() {
    const ROWS: u32 = 64;
    let mut rows = Rows::<2>::default();
    for _ in 0..ROWS {
        rows.push(Offset(1), Offset(1), 0, [0, !0]);
    }
    let mut model = [0_u64; ROWS as usize];
    let newest = Mutex::new((rows.view(Offset(1)), model));
    let (told, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let reader = || {
            while !is_over.load(Ordering::Relaxed) {
                let (view, model) = newest.lock().unwrap().clone();
                for (key, word) in (0..).zip(&model).cycle().take(20 * model.len()) {
                    match view.get(key) {
                        Ok(row) => assert_eq!(row.unwrap().words, [*word, !word]),
                        Err(Expired) => drop(told.fetch_add(1, Ordering::Relaxed)),
                    }
                }
            }
        };
        (0..2).for_each(|_| drop(scope.spawn(reader)));
        let mut at = 1;
        while told.load(Ordering::Relaxed) < 1000 {
            for _ in 0..100 {
                at += 1;
                let key = (at * 31 % u64::from(ROWS)) as usize;
                rows.set(key as u32, Offset(at), Offset(at), [at, !at]);
                model[key] = at;
            }
            *newest.lock().unwrap() = (rows.view(Offset(at)), model);
            rows.expire_before(Offset(at));
            assert_eq!(
                (rows.kept(), rows.kept_bytes()),
                (0, 0),
                "nothing is kept for those that have expired"
            );
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
