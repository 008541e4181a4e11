//! Reasons not to start with a configuration.

use std::fmt;
use std::path::PathBuf;

/// Place where a value was set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nowhere: it is built in.
    Default,
    /// In this file.
    File(PathBuf),
    /// In the environment variable of this name.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("built-in default"),
            Origin::File(path) => path.display().fmt(f),
            Origin::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A fault of a configuration; each prints as one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: can't be read: {cause}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Cause, from the system.
        cause: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line, column and cause, in words.
        reason: String,
    },
    /// There is no such key.
    #[error("{key} ({origin}): no such key{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// As it was written.
        key: String,
        /// Place where it was written.
        origin: Origin,
        /// A key that looks like it.
        suggestion: Option<String>,
    },
    /// A value of the wrong type or out of range, or one that contradicts
    /// another.
    #[error("{key} = {value} ({origin}): {reason}")]
    Value {
        /// The full key, such as `analytics.bind`.
        key: String,
        /// The value, as TOML would write it.
        value: String,
        /// Place where it was set.
        origin: Origin,
        /// Requirement that it misses, such as "must be 1 to 100".
        reason: String,
    },
    /// The layers can't be merged: a fault of the program, not of its input.
    #[error("the configuration can't be put together: {0}")]
    Layering(String),
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|key| format!("; did you mean {key}?")).unwrap_or_default()
}
