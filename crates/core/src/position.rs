//! Positions: of a record in a log, and of a subscriber that follows it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identity of one log. A log that is created anew has a new epoch, and one
/// that is restored from a copy is given one (docs/operations.md), so that
/// offsets of two histories are never compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Epoch(pub u64);

/// The ordinal of a record in its log: the first record has offset 1, each
/// next one is larger. 0 means "before the first record".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Offset(pub u64);

impl Offset {
    /// Before the first record.
    pub const START: Offset = Offset(0);

    /// The offset after this one.
    #[must_use]
    pub fn next(self) -> Offset {
        Offset(self.0.saturating_add(1))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in one history. On the wire: `<epoch>-<offset>`, the epoch as 16
/// lower-case hexadecimal digits, the offset in decimal.
///
/// ```
/// use hub_core::{Epoch, Offset, Position};
/// let position = Position { epoch: Epoch(0xbeef), offset: Offset(42) };
/// assert_eq!(position.to_string(), "000000000000beef-42");
/// assert_eq!("000000000000beef-42".parse(), Ok(position));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Which history.
    pub epoch: Epoch,
    /// Offset within it.
    pub offset: Offset,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.offset)
    }
}

/// A text that is not `<epoch>-<offset>`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a position is <epoch>-<offset>, 16 hexadecimal digits and a decimal number")]
pub struct PositionError;

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (epoch, offset) = text.split_once('-').ok_or(PositionError)?;
        let digits_only =
            |text: &str, ok: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(ok);
        if epoch.len() != 16
            || !digits_only(epoch, u8::is_ascii_hexdigit)
            || !digits_only(offset, u8::is_ascii_digit)
        {
            return Err(PositionError);
        }
        Ok(Position {
            epoch: Epoch(u64::from_str_radix(epoch, 16).map_err(|_| PositionError)?),
            // Of more digits than fit: further than any log comes, as this is.
            offset: Offset(offset.parse().unwrap_or(u64::MAX)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_a_position_is_refused() {
        for text in
            ["", "1", "-", "-1", "beef-1", "000000000000beef-", "000000000000beef-+1", "000000000000beeg-1"]
        {
            assert_eq!(text.parse::<Position>(), Err(PositionError), "{text:?}");
        }
    }

    #[test]
    fn an_offset_beyond_all_is_one_that_no_log_reaches() {
        let far = Position { epoch: Epoch(0xbeef), offset: Offset(u64::MAX) };
        assert_eq!("000000000000beef-18446744073709551616".parse(), Ok(far));
    }
}
