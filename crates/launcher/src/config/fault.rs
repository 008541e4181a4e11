//! A value that can't be, before it is known where it was set.

use std::fmt;

use ::config::ConfigError as LayerError;
use hub_core::Contradiction;

use super::error::ConfigError;
use super::layer::{Layer, topmost};

/// A key whose value can't be, and why; the value and its origin are looked up
/// where the layers are known.
#[derive(PartialEq, Debug)]
pub(super) struct Fault {
    key: String,
    reason: String,
}

impl Fault {
    pub(super) fn new(key: impl Into<String>, reason: impl Into<String>) -> Fault {
        Fault { key: key.into(), reason: reason.into() }
    }

    /// The error: the topmost layer that sets the key is at fault.
    pub(super) fn locate(self, layers: &[Layer]) -> ConfigError {
        // An element of a list is `relay.destinations[1]`.
        let key = self.key.split('[').next().unwrap_or_default();
        match topmost(layers, key) {
            Some(entry) => entry.clone().refused(key, &self.reason),
            None => ConfigError::Layering(format!("{}: {}", self.key, self.reason)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

impl From<LayerError> for Fault {
    /// Of a value that has the right kind and yet is no value of its field's
    /// type.
    fn from(error: LayerError) -> Fault {
        match error {
            LayerError::At { error, key, .. } => {
                Fault { key: key.unwrap_or_default(), reason: Fault::from(*error).reason }
            }
            LayerError::Type { expected, key, .. } => {
                Fault::new(key.unwrap_or_default(), format!("must be {expected}"))
            }
            other => Fault::new("", other.to_string()),
        }
    }
}

impl From<Contradiction> for Fault {
    fn from(Contradiction { key, reason }: Contradiction) -> Fault {
        Fault::new(key, reason)
    }
}
