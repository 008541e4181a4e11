//! Reasons without what differs from case to case.

/// Characters of a reason that tell its class, at most.
const CLASS_MAX_CHARS: usize = 160;

/// The reason with ids and numbers replaced by `<id>` and `<n>` and blanks
/// drawn together, so that a thousand failures of one cause are one class.
pub(crate) fn normalized(reason: &str) -> String {
    let mut out = String::new();
    for word in reason.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        push_word(&mut out, word);
        if out.len() > CLASS_MAX_CHARS * 4 {
            break;
        }
    }
    if let Some((end, _)) = out.char_indices().nth(CLASS_MAX_CHARS) {
        out.truncate(end);
    }
    out
}

/// One word: its runs of letters and digits are looked at, the rest stays.
fn push_word(out: &mut String, word: &str) {
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        if is_part(first) {
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            push_run(out, run);
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
}

/// Of what an id or a number consists.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '_')
}

fn push_run(out: &mut String, run: &str) {
    // A full stop is not part of the number before it.
    let body = run.trim_end_matches(['.', '-']);
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let hex_only = body.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if digits > 0 && hex_only && body.len() >= 16 {
        out.push_str("<id>");
    } else if digits > 0 && body.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
        out.push_str("<n>");
    } else {
        return out.push_str(run);
    }
    out.push_str(&run[body.len()..]);
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn ids_and_numbers_make_no_difference() {
        let cases = [
            ("no such symbol", "no such symbol"),
            ("Trade 550e8400-e29b-41d4-a716-446655440000 not found.", "Trade <id> not found."),
            ("price -12.50 must be > 0", "price <n> must be > <n>"),
            ("took 3001ms,  limit=3000\n(retry 2)", "took 3001ms, limit=<n> (retry <n>)"),
            ("HTTP2 error 503.", "HTTP2 error <n>."),
            ("", ""),
            ("-", "-"),
        ];
        for (reason, class) in cases {
            assert_eq!(normalized(reason), class);
        }
    }

    #[test]
    fn a_class_is_no_copy_of_a_stack_trace() {
        assert_eq!(normalized(&"é".repeat(5000)).chars().count(), 160);
        assert_eq!(normalized(&"at x ".repeat(5000)).chars().count(), 160);
    }
}
