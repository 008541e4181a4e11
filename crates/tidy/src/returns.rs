//! Ways out of a function that pass over what is missing.

use crate::source::Source;

/// A complaint for each `else { return }` without a comment that says why nothing is to be done: in the block, on its
/// line or above its statement. A return of a value is an answer, and is ignored.
pub fn unexplained(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (at, _) in source.code.match_indices("else {") {
        let block = &source.code[at + "else {".len()..];
        let inside = block.split('}').next().unwrap_or_default();
        if !matches!(inside.trim().trim_end_matches(';'), "return") {
            continue;
        }
        let first = source.code[..at].matches('\n').count();
        let last = first + inside.matches('\n').count();
        if !is_explained(source, first, last) {
            complaints.push(format!("{}:{}: `else {{ return }}` without a word", source.path, first + 1));
        }
    }
    complaints
}

/// True if a line from `first` to `last` has a comment, or the lines above have one with no end of a statement between.
fn is_explained(source: &Source, first: usize, last: usize) -> bool {
    let lines: Vec<&str> = source.text.lines().collect();
    if lines[first..=last].iter().any(|line| line.contains("//")) {
        return true;
    }
    for line in lines[..first].iter().rev().map(|line| line.trim()) {
        if line.starts_with("//") {
            return true;
        }
        if line.is_empty() || line.ends_with([';', '{', '}']) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::unexplained;
    use crate::source::Source;

    #[test]
    fn a_way_out_wants_a_word() {
        let bare = "fn f() {\n    let Some(a) = b() else { return };\n    let Some(c) =\n        d()\n    else {\n        return;\n    };\n}\n";
        let told = ["a.rs:2: `else { return }` without a word", "a.rs:5: `else { return }` without a word"];
        assert_eq!(unexplained(&Source::new("a.rs", bare)), told);
    }

    #[test]
    fn words_and_answers_are_let_be() {
        let texts = [
            "    let Some(a) = b() else { return }; // It closed meanwhile.\n",
            "    // It closed meanwhile.\n    let Some(a) =\n        b()\n    else { return };\n",
            "    let Some(a) = b() else {\n        // It closed meanwhile.\n        return;\n    };\n",
            "    let Some(a) = b() else { return None };\n",
            "    // let Some(a) = b() else { return };\n",
        ];
        for text in texts {
            assert_eq!(unexplained(&Source::new("a.rs", text)), [""; 0], "{text}");
        }
    }
}
