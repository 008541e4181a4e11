//! Numbers as they are printed: in every row that is sent.

use std::fmt;

/// A number's text, a valid JSON number, before it is written: its parts, and how long they are. So it is written where
/// it is to be, and what was just written byte by byte is not copied as a whole, which processors do slowly.
pub(super) struct Text {
    is_negative: bool,
    whole: u128,
    whole_digits: usize,
    /// Without the zeros at its end, of so many places.
    fraction: u64,
    places: usize,
}

/// Sign, the 39 digits of 128 bits, a point and 18 places.
const BYTES_MAX: usize = 60;

/// The digits of the numbers below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

impl Text {
    /// `units * 10^-SCALE` without trailing zeros; no scale here is beyond 18 places.
    pub(super) fn of<const SCALE: u32>(units: i128) -> Text {
        let (whole, mut fraction) = split::<SCALE>(units.unsigned_abs());
        let mut places = 0;
        if fraction > 0 {
            places = SCALE;
            // With as many zeros as places there would be no fraction.
            for (power, zeros) in [(100_000_000, 8), (100_000_000, 8), (10_000, 4), (100, 2), (10, 1)] {
                if zeros < places && fraction % power == 0 {
                    fraction /= power;
                    places -= zeros;
                }
            }
        }
        let whole_digits = match u64::try_from(whole) {
            Ok(whole) => whole.checked_ilog10(),
            Err(_) => whole.checked_ilog10(),
        };
        let whole_digits = whole_digits.unwrap_or(0) as usize + 1;
        Text { is_negative: units < 0, whole, whole_digits, fraction, places: places as usize }
    }

    /// The number of its bytes.
    fn len(&self) -> usize {
        let fraction = if self.places > 0 { 1 + self.places } else { 0 };
        usize::from(self.is_negative) + self.whole_digits + fraction
    }

    /// Says it to a formatter.
    pub(super) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES_MAX];
        let bytes = &mut bytes[..self.len()];
        self.fill(bytes);
        f.write_str(str::from_utf8(bytes).unwrap_or_default())
    }

    /// Appends it.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.resize(begin + self.len(), 0);
        self.fill(&mut out[begin..]);
    }

    /// Writes it over as many bytes.
    fn fill(&self, bytes: &mut [u8]) {
        let (sign, bytes) = bytes.split_at_mut(usize::from(self.is_negative));
        sign.fill(b'-');
        let (whole, rest) = bytes.split_at_mut(self.whole_digits);
        let mut number = self.whole;
        let mut end = whole.len();
        // Nobody has that much; it only has to be right.
        while number > u128::from(u64::MAX) {
            end -= 1;
            whole[end] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        put(number as u64, &mut whole[..end]);
        if let Some((point, places)) = rest.split_first_mut() {
            *point = b'.';
            put(self.fraction, places);
        }
    }
}

/// Writes a number over as many digits, zeros in front included.
fn put(mut number: u64, digits: &mut [u8]) {
    let mut pairs = digits.rchunks_exact_mut(2);
    for pair in &mut pairs {
        pair.copy_from_slice(&PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    if let [first] = pairs.into_remainder() {
        *first = b'0' + (number % 10) as u8;
    }
}

/// The whole number, and the places of `SCALE` digits behind it.
fn split<const SCALE: u32>(size: u128) -> (u128, u64) {
    // 10^n is 2^n times 5^n. Without the twos most sizes have 64 bits, whose division is much the cheaper.
    let Ok(halved) = u64::try_from(size >> SCALE) else {
        let one = 10_u128.pow(SCALE);
        return (size / one, (size % one) as u64);
    };
    let (fives, twos) = (5_u64.pow(SCALE), size as u64 & ((1 << SCALE) - 1));
    (u128::from(halved / fives), (halved % fives) << SCALE | twos)
}
