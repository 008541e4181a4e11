//! Bounds outside of the limits that can be set: constants with `MAX` in their names.

use crate::source::Source;

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
    let names = shipped.lines().filter_map(constant).filter(|name| name.split('_').any(|word| word == "MAX"));
    names.map(|name| format!("{folder} {name}: is a bound outside of limits.rs ({})", source.path)).collect()
}

/// The name of the constant that a line defines.
fn constant(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("const ")?;
    let visibility = before.trim();
    let name = after.split(':').next()?;
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    ((visibility.is_empty() || visibility.starts_with("pub")) && name.chars().all(upper)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::fixed;
    use crate::source::Source;

    const TEXT: &str = "pub(super) const ROWS_MAX: usize = 1;\nconst MAX: u8 = 2;\nconst MAXIMAL: u8 = 3;\n// const OLD_MAX: u8\nconst fn max() {}\nmod tests {\nconst A_MAX: u8 = 4;\n}";

    #[test]
    fn constants_with_max_in_their_names_are_bounds() {
        let told = |path| fixed(&Source::new(path, TEXT));
        let bound = |name| format!("server {name}: is a bound outside of limits.rs (crates/server/src/a.rs)");
        assert_eq!(told("crates/server/src/a.rs"), [bound("ROWS_MAX"), bound("MAX")]);
        assert_eq!(told("crates/server/tests/a.rs"), [""; 0]);
        assert_eq!(told("crates/core/src/limits.rs"), [""; 0]);
        assert_eq!(told("crates/testkit/src/a.rs"), [""; 0]);
    }
}
