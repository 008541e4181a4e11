//! Ids of the platform's facts, such as `AN-POS`: what is cited is defined in docs/platform.md.

use std::collections::BTreeSet;

/// Families of ids, each followed by a hyphen. Vectors, such as `V1`, are another family.
const FAMILIES: [&str; 6] = ["AN", "LB", "RT", "AT", "FE", "BUG"];

/// The ids that `markdown` defines: those in its headings, and those in bold.
pub fn defined(markdown: &str) -> BTreeSet<&str> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    let bold = markdown.split("**").skip(1).step_by(2);
    headings.chain(bold).flat_map(words).filter(|word| is_id(word)).collect()
}

/// A complaint for each id that is cited in `text`, the file at `path`, and not among those `defined`.
///
/// Of code, everything is read for ids of families, and comments for vectors, since variants are called `V4`, too.
pub fn undefined(path: &str, text: &str, defined: &BTreeSet<&str>) -> Vec<String> {
    let is_prose = path.rsplit_once('.').is_some_and(|(_, end)| end == "md");
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let comment = if is_prose { line } else { line.find("//").map_or("", |at| &line[at..]) };
        let cited = words(line).filter(|word| is_of_family(word));
        let cited: BTreeSet<&str> = cited.chain(words(comment).filter(|word| is_vector(word))).collect();
        for id in cited.difference(defined) {
            complaints.push(format!("{path}:{}: {id} is not defined in docs/platform.md", number + 1));
        }
    }
    complaints
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|end: char| !(end.is_alphanumeric() || matches!(end, '-' | '_' | ':')))
        .map(|word| word.trim_matches([':', '-']))
}

fn is_id(word: &str) -> bool {
    is_of_family(word) || is_vector(word)
}

fn is_of_family(word: &str) -> bool {
    let family = word.split_once('-').filter(|(family, _)| FAMILIES.contains(family));
    family.is_some_and(|(_, rest)| {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        !rest.is_empty() && rest.chars().all(plain)
    })
}

fn is_vector(word: &str) -> bool {
    word.strip_prefix('V').is_some_and(|rest| {
        matches!(rest.len(), 1..=2) && rest.chars().all(|character| character.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::{defined, undefined};

    const PAGE: &str = "# Facts\n\n### AN-IN-1\n\n### RT-WS, RT-REST: sockets\n\n- **V1**, positions (AN-POS)\n| **BUG-A7** | no 0 |";

    #[test]
    fn headings_and_bold_ids_define() {
        assert_eq!(
            defined(PAGE).into_iter().collect::<Vec<_>>(),
            ["AN-IN-1", "BUG-A7", "RT-REST", "RT-WS", "V1"]
        );
    }

    #[test]
    fn what_is_cited_and_not_defined_is_told() {
        let known = defined(PAGE);
        let code = "//! AN-IN-1..5, AN-POS\nlet address = IpAddr::V4(V9); // vector V2, IpAddr::V6, V1\nconst AN: u8;";
        let told = ["a.rs:1: AN-POS is not defined", "a.rs:2: V2 is not defined"];
        assert_eq!(undefined("a.rs", code, &known), told.map(|line| format!("{line} in docs/platform.md")));
        let told = ["a.md:1: V3 is not defined in docs/platform.md"];
        assert_eq!(undefined("a.md", "V3, AN-in and IPV4 (BUG-A7)", &known), told);
    }
}
