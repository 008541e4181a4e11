//! Links in Markdown, and the paths of sources it names: what they lead to exists.

use std::path::Path;

/// A complaint for each link of `markdown`, the file at `path`, to a file or heading that is not there.
///
/// Links with a scheme are ignored. `read` gives the text of a file by its path from the root; none if there is none.
pub fn broken(path: &str, markdown: &str, root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, text) in lines_of_prose(markdown) {
        for target in link_targets(&blank_code_spans(text)) {
            if !leads_somewhere(path, markdown, target, root) {
                complaints.push(format!("{path}:{line}: {target} leads nowhere"));
            }
        }
        for named in code_spans(text).filter(|span| is_source_path(span)) {
            for one in alternatives(named) {
                if !["", "crates/"].iter().any(|prefix| root.join(format!("{prefix}{one}")).exists()) {
                    complaints.push(format!("{path}:{line}: there is no {one}"));
                }
            }
        }
    }
    complaints
}

/// Number and text of each line outside of fenced blocks.
fn lines_of_prose(markdown: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    markdown.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number + 1, line))
    })
}

/// Targets of `[text](target)` and `[name]: target`, but for those with a scheme.
fn link_targets(line: &str) -> Vec<&str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let defined =
        line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    inline.chain(defined).filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// The line with its code spans blanked out, so that brackets in them are no links; a link's text may hold some.
fn blank_code_spans(line: &str) -> String {
    let mut inside = false;
    line.chars()
        .map(|character| {
            inside ^= character == '`';
            if inside && character != '`' { ' ' } else { character }
        })
        .collect()
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn leads_somewhere(path: &str, markdown: &str, target: &str, root: &Path) -> bool {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let full = root.join(folder).join(file);
    match anchor {
        None => full.exists(),
        Some(anchor) if file.is_empty() => has_heading(markdown, anchor),
        Some(anchor) => std::fs::read_to_string(full).is_ok_and(|other| has_heading(&other, anchor)),
    }
}

fn has_heading(markdown: &str, anchor: &str) -> bool {
    let headings = lines_of_prose(markdown).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| slug(line.trim_start_matches('#'))).any(|slug| slug == anchor)
}

/// The anchor of a heading, as GitHub makes it: lower case, blanks as hyphens, no other punctuation.
fn slug(heading: &str) -> String {
    let lower = heading.trim().to_lowercase();
    let kept =
        lower.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// True for a code span that names a file or folder of sources, such as `ws/src/frames.rs`.
fn is_source_path(span: &str) -> bool {
    let plain =
        span.chars().all(|character| character.is_ascii_alphanumeric() || "/_-.{,}".contains(character));
    let first = span.split('/').next().unwrap_or_default();
    plain && !first.is_empty() && (span.contains("/src/") || span.contains("/tests/"))
}

/// The paths that `{a,b}` in a path stands for.
fn alternatives(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else { return vec![path.to_owned()] };
    choices.split(',').flat_map(|choice| alternatives(&format!("{before}{choice}{after}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::{alternatives, broken, is_source_path, slug};

    /// Complaints about a file in this crate's folder `src`.
    fn told(markdown: &str) -> Vec<String> {
        broken("crates/tidy/src/x.md", markdown, &crate::tree::root())
    }

    #[test]
    fn links_to_what_is_there_are_let_be() {
        let fine = "[a](links.rs) [`b`](../src/) [c](https://x.y) [d](#a-heading) `[e](no)` [f]\n```\n[g](no)\n```\n# A `heading`!\n[f]: lib.rs";
        assert_eq!(told(fine), [""; 0]);
        assert_eq!(
            told("[a](../../../docs/testing.md#fuzzing) `tidy/src/{links,lib}.rs` `crates/tidy/src/`"),
            [""; 0]
        );
    }

    #[test]
    fn links_to_nothing_are_told() {
        let markdown =
            "\n[a](no.rs) [b](#no)\n[c](../../../docs/testing.md#no)\n[d]: no.md\n`tidy/src/{lib,no}.rs`";
        let at = |line: usize, what: &str| format!("crates/tidy/src/x.md:{line}: {what}");
        let expected = [
            at(2, "no.rs leads nowhere"),
            at(2, "#no leads nowhere"),
            at(3, "../../../docs/testing.md#no leads nowhere"),
            at(4, "no.md leads nowhere"),
            at(5, "there is no tidy/src/no.rs"),
        ];
        assert_eq!(told(markdown), expected);
    }

    #[test]
    fn anchors_are_as_github_makes_them() {
        assert_eq!(slug(" A price tick, from `the` door"), "a-price-tick-from-the-door");
    }

    #[test]
    fn source_paths_are_known() {
        assert!(is_source_path("ws/src/{a,b}.rs") && is_source_path("launcher/tests/doors"));
        assert!(
            !is_source_path("/x/src/a")
                && !is_source_path("fuzz/src/<target>/x")
                && !is_source_path("src/a.rs")
        );
        assert_eq!(alternatives("a{b,c}d{e,f}"), ["abde", "abdf", "acde", "acdf"]);
    }
}
