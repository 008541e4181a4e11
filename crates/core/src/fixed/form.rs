//! Form of an exact number where it is remembered: text for people, units for machines.

/// Writes and reads a fixed-point number.
macro_rules! of {
    ($name:ident) => {
        /// As a string of digits, for a number is never a float; in a binary form its units.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    let units = Self::from_units_checked(Deserialize::deserialize(deserializer)?);
                    return units.ok_or_else(|| serde::de::Error::custom(Self::RANGE.exceeded()));
                }
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(super) use of;

#[cfg(test)]
mod tests {
    use super::super::Quantity;

    #[test]
    fn in_a_binary_form_it_is_its_units_and_none_out_of_range() {
        for units in [0, 1, -1, Quantity::MAX.units(), -Quantity::MAX.units()] {
            let quantity = Quantity::from_units(units);
            let bytes = rmp_serde::to_vec(&quantity).unwrap();
            assert_eq!(bytes, rmp_serde::to_vec(&units).unwrap());
            assert_eq!(rmp_serde::from_slice::<Quantity>(&bytes).unwrap(), quantity);
        }
        for units in [i128::MAX, i128::MIN, Quantity::MAX.units() + 1] {
            assert!(rmp_serde::from_slice::<Quantity>(&rmp_serde::to_vec(&units).unwrap()).is_err());
        }
    }
}
