//! Numbers as they are printed: in every row that is sent.

use std::fmt;

/// Writes `units * 10^-scale` without trailing zeros: a valid JSON number.
pub(super) fn write_scaled(f: &mut fmt::Formatter<'_>, units: i128, scale: u32) -> fmt::Result {
    let one = 10_u128.pow(scale);
    let size = units.unsigned_abs();
    // No scale here is beyond 18 places, and 64-bit division is much the cheaper.
    let (whole, mut fraction, mut places) = (size / one, (size % one) as u64, scale);
    let sign = if units < 0 { "-" } else { "" };
    let Ok(whole) = u64::try_from(whole) else {
        // Nobody has that much; it only has to be right.
        let text = format!("{sign}{whole}.{fraction:0places$}", places = places as usize);
        return f.write_str(text.trim_end_matches('0').trim_end_matches('.'));
    };
    // From the last digit on: a number is in every row that is sent.
    let mut text = [0; DIGITS_MAX];
    let mut begin = text.len();
    let mut put = |digit: u8| {
        begin -= 1;
        text[begin] = digit;
    };
    if fraction > 0 {
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            places -= 1;
        }
        put_digits(fraction, places, &mut put);
        put(b'.');
    }
    put_digits(whole, 1, &mut put);
    if units < 0 {
        put(b'-');
    }
    f.write_str(str::from_utf8(&text[begin..]).unwrap_or_default())
}

/// Sign, 20 digits, a point and 18 places.
const DIGITS_MAX: usize = 40;

/// Gives the digits of a number, the last one first, `least` of them or more.
fn put_digits(mut number: u64, least: u32, put: &mut impl FnMut(u8)) {
    let mut given = 0;
    while number > 0 || given < least {
        put(b'0' + (number % 10) as u8);
        number /= 10;
        given += 1;
    }
}
