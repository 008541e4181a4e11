//! A Rust file as rules read it: its text, and its code with comments and literals blanked out.

/// A Rust file.
pub struct Source {
    /// Path from the root of the repository.
    pub path: String,
    /// The text as it is.
    pub text: String,
    /// The text with each character of a comment, string or character literal replaced by a blank. Line for line as
    /// long as `text`.
    pub code: String,
}

impl Source {
    /// The file at `path` that holds `text`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let code = blank_out(&text);
        Self { path: path.into(), text, code }
    }

    /// True for a test: in a folder `tests`, or a file `tests.rs` beside the code.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// The crate's folder, such as `crates/ws`.
    pub fn crate_folder(&self) -> &str {
        let parts = if self.path.starts_with("crates/") { 2 } else { 1 };
        self.path.match_indices('/').nth(parts - 1).map_or(self.path.as_str(), |(at, _)| &self.path[..at])
    }
}

/// `text` with blanks for every character, but line ends, of comments and literals.
fn blank_out(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_length(rest, code.chars().next_back());
        if hidden == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..hidden].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
            rest = &rest[hidden..];
        }
    }
    code
}

/// Bytes of the comment or literal that `rest` begins with; 0 if it begins with none.
fn hidden_length(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    let prefix = match rest.find(|character: char| !matches!(character, 'b' | 'c' | 'r')) {
        Some(prefix) if prefix <= 2 && !(prefix > 0 && in_word) => prefix,
        _ => return 0,
    };
    let quoted = &rest[prefix..];
    if rest[..prefix].ends_with('r') {
        let hashes = quoted.len() - quoted.trim_start_matches('#').len();
        if quoted[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let opened = prefix + hashes + 1;
            return rest[opened..].find(&end).map_or(rest.len(), |at| opened + at + end.len());
        }
        return 0;
    }
    match quoted.chars().next() {
        Some('"') => prefix + string_length(quoted, '"'),
        Some('\'') if is_character(quoted) => prefix + string_length(quoted, '\''),
        _ => 0,
    }
}

/// True for a quote that begins a character, false for a lifetime.
fn is_character(quoted: &str) -> bool {
    let mut characters = quoted.chars().skip(1);
    match characters.next() {
        Some('\\') => true,
        Some(_) => characters.next() == Some('\''),
        None => false,
    }
}

fn string_length(quoted: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in quoted.char_indices().skip(1) {
        if !escaped && character == quote {
            return at + 1;
        }
        escaped = !escaped && character == '\\';
    }
    quoted.len()
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[track_caller]
    fn code(text: &str) -> String {
        let code = Source::new("a.rs", text).code;
        assert_eq!(code.lines().count(), text.lines().count());
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_blanks() {
        assert_eq!(code("a // {\nb /* { /* { */ } */ c"), "a b c");
        assert_eq!(code(r#"f("{\"", 'x', '{', '\'', b"}", b'}')"#), "f( , , , , , )");
        assert_eq!(code("f(r\"\\\", r#\"\"{\"#, br##\"\"#{\"##, c\"{\")"), "f( , , , )");
    }

    #[test]
    fn lifetimes_and_words_stay() {
        assert_eq!(
            code("fn f<'a>(r: &'a str, br: u8) -> &'static str { r }"),
            "fn f<'a>(r: &'a str, br: u8) -> &'static str { r }"
        );
        assert_eq!(code("let r#type = for_r; r"), "let r#type = for_r; r");
    }

    #[test]
    fn crates_and_tests_are_known_by_path() {
        let source = |path| Source::new(path, "");
        assert_eq!(source("crates/ws/src/lib.rs").crate_folder(), "crates/ws");
        assert_eq!(source("bench/src/lib.rs").crate_folder(), "bench");
        assert!(source("crates/ws/tests/a.rs").is_test());
        assert!(source("crates/ws/src/a/tests.rs").is_test());
        assert!(!source("crates/ws/src/a.rs").is_test());
    }
}
