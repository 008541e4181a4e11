//! Length of files and functions.

use crate::source::Source;

/// Lines a file may have.
pub const FILE_LINES: usize = 400;

/// Lines a function may have, from `fn` to its closing brace.
pub const FUNCTION_LINES: usize = 70;

/// A complaint if the file is longer than [`FILE_LINES`].
pub fn file(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > FILE_LINES).then(|| format!("{}: {lines} lines; a file has at most {FILE_LINES}", source.path))
}

/// A complaint for each function that is longer than [`FUNCTION_LINES`].
pub fn functions(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, name, lines) in function_lengths(&source.code) {
        if lines > FUNCTION_LINES {
            let path = &source.path;
            complaints.push(format!(
                "{path}::{name}: {lines} lines from {line} on; a function has at most {FUNCTION_LINES}"
            ));
        }
    }
    complaints
}

/// First line, name and number of lines of each function with a body. `code` has no comments and no literals.
fn function_lengths(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let name: String =
            code[at + 3..].chars().take_while(|next| next.is_alphanumeric() || *next == '_').collect();
        if name.is_empty() {
            continue;
        }
        if let Some(length) = body_end(&code[at..]) {
            let first = code[..at].matches('\n').count() + 1;
            found.push((first, name, code[at..at + length].matches('\n').count() + 1));
        }
    }
    found
}

/// Bytes up to the brace that closes the body; none for a function without one.
fn body_end(code: &str) -> Option<usize> {
    let (mut round, mut braces) = (0, 0);
    for (at, character) in code.char_indices() {
        match character {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces == 0 && round == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{FILE_LINES, FUNCTION_LINES, file, function_lengths, functions};
    use crate::source::Source;

    #[test]
    fn a_long_file_is_told() {
        assert_eq!(file(&Source::new("a.rs", "\n".repeat(FILE_LINES))), None);
        let complaint = file(&Source::new("a.rs", "\n".repeat(FILE_LINES + 1))).unwrap();
        assert_eq!(complaint, "a.rs: 401 lines; a file has at most 400");
    }

    #[test]
    fn a_long_function_is_told() {
        let of = |lines: usize| {
            Source::new(
                "a.rs",
                format!("x();\npub fn f() {{\n{}}}\nfn g() {{}}\n", "a();\n".repeat(lines - 2)),
            )
        };
        assert_eq!(functions(&of(FUNCTION_LINES)), [""; 0]);
        assert_eq!(
            functions(&of(FUNCTION_LINES + 1)),
            ["a.rs::f: 71 lines from 2 on; a function has at most 70"]
        );
    }

    #[test]
    fn declarations_pointers_and_arrays_are_no_bodies() {
        let code = "trait T {\n fn a(&self) -> [u8; 2];\n fn b(&self, f: fn (u8)) {\n }\n}\nfn c(x: [u8; 2]) -> u8 {\n 1 }";
        assert_eq!(function_lengths(code), [(3, "b".to_owned(), 2), (6, "c".to_owned(), 2)]);
    }
}
