//! Summaries of documentation: a noun or a verb first.

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

/// A complaint for each such summary outside of tests.
pub fn complaints(sources: &[Source]) -> Vec<String> {
    let sources = sources.iter().filter(|source| !source.is_test());
    let places = sources.flat_map(|source| questions(source).into_iter().map(|line| (&source.path, line)));
    places.map(|(path, line)| format!("{path}:{line}: a summary begins with a question")).collect()
}

#[cfg(test)]
mod tests {
    use super::{complaints, questions};
    use crate::source::Source;

    const TEXT: &str = "//! How it works.\n\n/// Whether it is.\n/// What follows.\nfn f() {}\n    /// Whatever is.\n//// What\n// What\nlet a = \"What\";";

    #[test]
    fn first_lines_that_ask_are_found() {
        assert_eq!(questions(&Source::new("a.rs", TEXT)), [1, 3]);
    }

    #[test]
    fn each_is_told_with_its_place_but_of_tests() {
        let sources = [Source::new("crates/a/src/b.rs", TEXT), Source::new("crates/a/tests/c.rs", TEXT)];
        let told = [1, 3].map(|line| format!("crates/a/src/b.rs:{line}: a summary begins with a question"));
        assert_eq!(complaints(&sources), told);
    }
}
