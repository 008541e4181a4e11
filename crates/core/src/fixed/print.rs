//! Numbers as they are printed: in every row that is sent.

/// A number's text: a valid JSON number.
pub(super) struct Text {
    bytes: [u8; DIGITS_MAX],
    begin: usize,
}

/// Sign, the 39 digits of 128 bits, a point and 18 places.
const DIGITS_MAX: usize = 60;

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
        // From the last digit on.
        let mut text = Text { bytes: [0; DIGITS_MAX], begin: DIGITS_MAX };
        if fraction > 0 {
            let mut places = SCALE;
            // With as many zeros as places there would be no fraction.
            for (power, zeros) in [(100_000_000, 8), (100_000_000, 8), (10_000, 4), (100, 2), (10, 1)] {
                if zeros < places && fraction % power == 0 {
                    fraction /= power;
                    places -= zeros;
                }
            }
            text.put_places(fraction, places);
            text.put(b'.');
        }
        text.put_whole(whole);
        if units < 0 {
            text.put(b'-');
        }
        text
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.begin..]
    }

    fn put(&mut self, byte: u8) {
        self.begin -= 1;
        self.bytes[self.begin] = byte;
    }

    fn put_pair(&mut self, number: u64) {
        let [tens, ones] = PAIRS[(number % 100) as usize];
        self.put(ones);
        self.put(tens);
    }

    /// So many digits, zeros in front included.
    fn put_places(&mut self, mut number: u64, mut places: u32) {
        while places >= 2 {
            self.put_pair(number);
            number /= 100;
            places -= 2;
        }
        if places > 0 {
            self.put(b'0' + (number % 10) as u8);
        }
    }

    fn put_whole(&mut self, mut number: u128) {
        // Nobody has that much; it only has to be right.
        while number > u128::from(u64::MAX) {
            self.put(b'0' + (number % 10) as u8);
            number /= 10;
        }
        let mut number = number as u64;
        while number >= 100 {
            self.put_pair(number);
            number /= 100;
        }
        if number >= 10 {
            self.put_pair(number);
        } else {
            self.put(b'0' + number as u8);
        }
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
