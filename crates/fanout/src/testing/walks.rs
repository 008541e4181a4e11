//! Promises of walks, which are the same for every service.

use std::fmt::Debug;
use std::ops::DerefMut;

use hub_core::Record;

use super::Driver;

/// A service's projection in a driver, as its tests have it.
pub trait Walkable: DerefMut<Target = Driver> {
    /// Everything that people see.
    type Seen: PartialEq + Debug;

    /// A view that a reader holds.
    type Held;

    /// Before the first record.
    fn start() -> Self
    where
        Self: Sized;

    /// Before the first record, with somebody subscribed where that makes a difference.
    fn start_watched() -> Self
    where
        Self: Sized,
    {
        Self::start()
    }

    /// Shows readers what was applied, one of whom holds on to it.
    fn show(&mut self) -> Self::Held;

    /// Everything that people see now.
    fn seen(&mut self) -> Self::Seen;
}

/// Checks that whoever is restored after the first `cut` records goes on as if nothing had been, wherever readers looked.
///
/// # Panics
///
/// If it does not.
pub fn check_goes_on_alike<W: Walkable>(records: &[Record], cut: usize, looks: &[bool]) {
    let (mut first, mut unseen, mut held) = (W::start_watched(), W::start(), Vec::new());
    for (record, looks) in records[..cut].iter().zip(looks) {
        first.apply(record);
        unseen.apply(record);
        if *looks {
            held.push(first.show());
        }
    }
    let walk = first.walk();
    assert_eq!(unseen.walk(), walk, "readers leave no trace");
    let mut second = W::start();
    second.restore(&walk).expect("what was walked can be restored");
    assert_eq!(second.walk(), walk);
    assert_eq!(second.seen(), first.seen());
    for (record, looks) in records[cut..].iter().zip(&looks[cut..]) {
        assert_eq!(second.tell(record), first.tell(record));
        // Never both: what readers do is to make no difference.
        held.push(if *looks { second.show() } else { first.show() });
    }
    assert_eq!(second.walk(), first.walk());
    assert_eq!(second.seen(), first.seen());
}

/// Checks that a walk of which only the first bytes are left is refused, and one of which a byte has other bits is refused
/// or gone on from. `[end, at]` are places in it, whatever its length.
///
/// # Panics
///
/// If it is taken for whole, or something else panics.
pub fn check_damage<W: Walkable>(records: &[Record], cut: usize, [end, at]: [usize; 2], bits: u8) {
    let mut first = W::start();
    for record in &records[..cut] {
        first.apply(record);
    }
    let mut walk = first.walk();
    let [end, at] = [end, at].map(|place| place % walk.len());
    assert!(W::start().restore(&walk[..end]).is_err());
    walk[at] ^= bits;
    let mut second = W::start_watched();
    // A position that is another is for whoever restores to see: he asked for one.
    if second.restore(&walk).is_ok() && second.position() == first.position() {
        second.seen();
        for record in &records[cut..] {
            second.apply(record);
        }
        second.seen();
    }
}
