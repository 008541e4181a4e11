//! Lengths in headers.

/// Digits and nothing else: `str::parse` would take a sign too.
pub(crate) fn parse(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
