//! Licence expressions of SPDX, evaluated against a list of licences that are allowed.
//!
//! Specification: SPDX 2.3, annex D. `WITH` binds stronger than `AND`, `AND` stronger than `OR`. Cargo's old `/` is read
//! as `OR`.

/// True if the licences of `allowed` suffice to use what `expression` is licensed under.
///
/// A licence with an exception is allowed if the list names both, as `Apache-2.0 WITH LLVM-exception`. An error tells
/// what is no expression.
pub fn permits(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let permitted =
        any(&mut words, allowed).ok_or_else(|| format!("{expression:?} is no licence expression"))?;
    match words.next() {
        None => Ok(permitted),
        Some(word) => Err(format!("{expression:?} is no licence expression from {word:?} on")),
    }
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    let mut permitted = all(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        permitted |= all(words, allowed)?;
    }
    Some(permitted)
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    let mut permitted = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        permitted &= one(words, allowed)?;
    }
    Some(permitted)
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> Option<bool> {
    match words.next()? {
        "(" => {
            let permitted = any(words, allowed)?;
            words.next_if_eq(&")").map(|_| permitted)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        licence => {
            let mut name = licence.to_owned();
            if words.next_if_eq(&"WITH").is_some() {
                name = format!("{licence} WITH {}", words.next()?);
            }
            Some(allowed.contains(&name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::permits;

    #[track_caller]
    fn permitted(expression: &str) -> bool {
        permits(expression, &["MIT".to_owned(), "ISC".to_owned(), "GPL-3.0 WITH Bison".to_owned()]).unwrap()
    }

    #[test]
    fn alone() {
        assert!(permitted("MIT"));
        assert!(!permitted("GPL-3.0"));
        assert!(!permitted("MIT-0"));
    }

    #[test]
    fn one_of_several_is_enough_and_all_are_needed() {
        assert!(permitted("GPL-3.0 OR MIT"));
        assert!(permitted("GPL-3.0/MIT"));
        assert!(!permitted("GPL-3.0 AND MIT"));
        assert!(permitted("ISC AND MIT"));
        assert!(permitted("GPL-3.0 AND MIT OR ISC"));
        assert!(permitted("ISC OR MIT AND GPL-3.0"));
        assert!(!permitted("(ISC OR MIT) AND GPL-3.0"));
        assert!(permitted("(GPL-3.0 OR (ISC)) AND MIT"));
    }

    #[test]
    fn exceptions_are_allowed_by_name() {
        assert!(permitted("GPL-3.0 WITH Bison"));
        assert!(!permitted("MIT WITH Bison"));
        assert!(permitted("GPL-3.0 WITH Other OR MIT"));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for expression in ["", "MIT OR", "MIT ISC", "(MIT", "MIT)", "AND MIT", "MIT WITH"] {
            assert!(permits(expression, &["MIT".to_owned()]).is_err(), "{expression}");
        }
    }
}
