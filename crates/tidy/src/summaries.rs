//! Summaries of documentation: a noun or a verb first.

use std::collections::BTreeMap;

use crate::source::Source;

/// Words that no summary begins with: they ask where a name would tell.
const QUESTIONS: [&str; 8] = ["What", "Whether", "How", "Where", "Who", "Whose", "Why", "When"];

/// Number and lines of the first lines of doc comments that begin with a question word, tests passed over.
pub fn questions(source: &Source) -> Vec<usize> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in source.text.lines().enumerate() {
        let doc = doc_text(line);
        if let Some(text) = doc.filter(|_| !inside) {
            let first = text.trim_start().split(|end: char| !end.is_alphanumeric()).next();
            if first.is_some_and(|word| QUESTIONS.contains(&word)) {
                found.push(number + 1);
            }
        }
        inside = doc.is_some();
    }
    found
}

/// The text of a line of a doc comment, in a block or of its own.
fn doc_text(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("//!").or_else(|| line.strip_prefix("///").filter(|rest| !rest.starts_with('/')))
}

/// A complaint for each crate folder with more such summaries than it is allowed.
pub fn too_many(sources: &[Source], allowed: &[(&str, usize)]) -> Vec<String> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let found = questions(source).into_iter().map(|line| format!("{}:{line}", source.path));
        lines.entry(source.crate_folder()).or_default().extend(found);
    }
    let allowance =
        |folder: &str| allowed.iter().find(|(name, _)| *name == folder).map_or(0, |(_, count)| *count);
    lines
        .into_iter()
        .filter(|(folder, found)| found.len() > allowance(folder))
        .map(|(folder, found)| {
            format!(
                "{folder}: {} summaries begin with a question; {} may: {}",
                found.len(),
                allowance(folder),
                found.join(" ")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{questions, too_many};
    use crate::source::Source;

    const TEXT: &str = "//! How it works.\n\n/// Whether it is.\n/// What follows.\nfn f() {}\n    /// Whatever is.\n//// What\n// What\nlet a = \"What\";";

    #[test]
    fn first_lines_that_ask_are_found() {
        assert_eq!(questions(&Source::new("a.rs", TEXT)), [1, 3]);
    }

    #[test]
    fn more_than_allowed_is_told_by_crate() {
        let sources = [Source::new("crates/a/src/b.rs", TEXT), Source::new("crates/a/tests/c.rs", TEXT)];
        assert_eq!(too_many(&sources, &[("crates/a", 2)]), [""; 0]);
        let told =
            "crates/a: 2 summaries begin with a question; 1 may: crates/a/src/b.rs:1 crates/a/src/b.rs:3";
        assert_eq!(too_many(&sources, &[("crates/a", 1)]), [told]);
    }
}
