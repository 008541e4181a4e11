//! Values as JSON has them.

use hub_core::Money;

pub(crate) fn put_money(out: &mut Vec<u8>, money: Money) {
    money.write_to(out);
}

/// Appends a value, or null where there is none.
pub(crate) fn put_or_null<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => put(out, value),
        None => out.extend_from_slice(b"null"),
    }
}
