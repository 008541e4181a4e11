//! Bounds outside of the limits that can be set: constants whose names say that they bound.

use crate::source::Source;

/// Words in the name of a number or duration that make it a bound. Units (`_BYTES`, `_MS`) are none: nearly all of those
/// are sizes of buffers and periods of sending, and a list of them would hide what bounds a peer.
const WORDS: [&str; 8] = ["MAX", "MIN", "LIMIT", "CAPACITY", "KEPT", "TIMEOUT", "DEADLINE", "AFTER"];

/// Types of no bound: a `LIMIT` may be a query's parameter.
const PARAMETERS: [&str; 2] = ["Parameter", "Count"];

/// A complaint for each such constant of `source`, under the name of its crate and its own: `server HEADERS_MAX`.
///
/// The file of limits, tests, and crates that no peer reaches are passed over.
pub fn fixed(source: &Source) -> Vec<String> {
    let folder = source.crate_folder().trim_start_matches("crates/");
    let is_unreached = ["bench", "demo", "fuzz", "testkit", "tidy"].contains(&folder);
    if is_unreached || source.is_test() || source.path == "crates/core/src/limits.rs" {
        return Vec::new();
    }
    let shipped = source.code.split("mod tests {").next().unwrap_or_default();
    let is_bound = |(name, of): &(&str, &str)| {
        name.split('_').any(|word| WORDS.contains(&word)) && !of.starts_with('&') && !PARAMETERS.contains(of)
    };
    let bounds = shipped.lines().filter_map(constant).filter(is_bound);
    bounds
        .map(|(name, _)| format!("{folder} {name}: is a bound outside of limits.rs ({})", source.path))
        .collect()
}

/// The name and type of the constant that a line defines.
fn constant(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once("const ")?;
    let visibility = before.trim();
    let (name, value) = after.split_once(':')?;
    let of = value.split('=').next()?.trim();
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    ((visibility.is_empty() || visibility.starts_with("pub")) && name.chars().all(upper))
        .then_some((name, of))
}

#[cfg(test)]
mod tests {
    use super::fixed;
    use crate::source::Source;

    const TEXT: &str = "pub(super) const ROWS_MAX: usize = 1;\nconst MAX: u8 = 2;\nconst MAXIMAL: u8 = 3;\n// const OLD_MAX: u8\nconst fn max() {}\nconst LIMIT: Parameter = p();\nconst LIMIT_NAMES: &[&str] = &[];\nconst SILENT_AFTER: Duration = S;\nmod tests {\nconst A_MAX: u8 = 4;\n}";

    #[test]
    fn constants_whose_names_say_so_are_bounds() {
        let told = |path| fixed(&Source::new(path, TEXT));
        let bound = |name| format!("server {name}: is a bound outside of limits.rs (crates/server/src/a.rs)");
        assert_eq!(told("crates/server/src/a.rs"), ["ROWS_MAX", "MAX", "SILENT_AFTER"].map(bound));
        assert_eq!(told("crates/server/tests/a.rs"), [""; 0]);
        assert_eq!(told("crates/core/src/limits.rs"), [""; 0]);
        assert_eq!(told("crates/testkit/src/a.rs"), [""; 0]);
    }
}
