//! Rules about the text of this repository, each a function over text that returns complaints.
//!
//! `tests/repository.rs` holds them against what is checked in; the unit tests show that each can fail. A rule's
//! exceptions are values with a reason each, beside that test; one that is not needed any more is a complaint, too.

pub mod bounds;
pub mod crates;
pub mod door;
pub mod ids;
pub mod lengths;
pub mod licences;
pub mod links;
pub mod returns;
pub mod source;
pub mod spdx;
pub mod summaries;
pub mod tree;
pub mod twins;
pub mod walks;

/// Exceptions of a rule: a key, and the reason it is excused.
pub type Exceptions = [(&'static str, &'static str)];

/// Complaints that no exception covers, and a complaint for each exception that covers none.
///
/// A complaint belongs to an exception whose key it begins with, followed by a colon.
pub fn excuse(complaints: &[String], exceptions: &Exceptions) -> Vec<String> {
    let covers =
        |key: &str, complaint: &str| complaint.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let unused = exceptions
        .iter()
        .filter(|(key, _)| !complaints.iter().any(|complaint| covers(key, complaint)))
        .map(|(key, _)| format!("{key}: needs no exception any more"));
    let left: Vec<String> = complaints
        .iter()
        .filter(|complaint| !exceptions.iter().any(|(key, _)| covers(key, complaint)))
        .cloned()
        .collect();
    left.into_iter().chain(unused).collect()
}

#[cfg(test)]
mod tests {
    use super::excuse;

    #[test]
    fn an_exception_covers_its_key_alone() {
        let complaints = vec!["a.rs: long".to_owned(), "a.rs.old: long".to_owned()];
        assert_eq!(excuse(&complaints, &[("a.rs", "a table")]), ["a.rs.old: long"]);
    }

    #[test]
    fn an_exception_that_covers_nothing_is_told() {
        assert_eq!(excuse(&[], &[("b.rs", "a table")]), ["b.rs: needs no exception any more"]);
    }
}
