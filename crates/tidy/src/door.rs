//! The one door into the log.

use crate::source::Source;

/// A complaint for each call that appends to a log by itself: events go in by `Ingest`, which
/// claims their outcomes, refuses while the hub drains, and counts.
pub fn others(source: &Source) -> Vec<String> {
    let calls = source.code.lines().enumerate().filter(|(_, line)| {
        let line = line.replace(' ', "");
        line.contains("log.append(") || line.contains("log().append(")
    });
    calls.map(|(at, _)| format!("{}: line {} appends to the log itself", source.path, at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::others;
    use crate::source::Source;

    #[test]
    fn who_appends_to_the_log_is_named_and_who_appends_to_anything_else_is_not() {
        let text =
            "fn f() {\n    chassis.log.append(a);\n    ingest.append(b);\n    self.log().append(c);\n}\n";
        let complaints = others(&Source::new("a.rs", text));
        assert_eq!(
            complaints,
            ["a.rs: line 2 appends to the log itself", "a.rs: line 4 appends to the log itself"]
        );
        assert!(others(&Source::new("a.rs", "// log.append(a)\n")).is_empty());
    }
}
