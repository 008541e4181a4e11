//! Walks through the code, told step by step.

/// The numbered steps of each walk (a section `## Something, from here to there`), by its heading.
fn walks(page: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let sections = page.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.filter(|(title, _)| title.contains(", from ")).map(|(title, body)| {
        let is_step = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
        (title, body.lines().filter(is_step).collect())
    })
}

/// A complaint for each step that does not lead to one file, and for a walk without steps: who follows it opens a
/// file per step.
pub fn complaints(page: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (title, steps) in walks(page) {
        if steps.is_empty() {
            complaints.push(format!("{title}: has no steps"));
        }
        for step in steps {
            let links = step.matches("](").count();
            if links != 1 {
                let number = step.split('.').next().unwrap_or_default();
                complaints.push(format!("{title}: step {number} leads to {links} files"));
            }
        }
    }
    complaints
}

/// The number of walks that a page tells.
pub fn count(page: &str) -> usize {
    walks(page).count()
}

#[cfg(test)]
mod tests {
    use super::{complaints, count};

    #[test]
    fn a_step_leads_to_one_file() {
        let page = "# Page\n\n## A key, from a to b\n\n1. [`a`](a.rs) and [`b`](b.rs).\n2. Nothing.\n3. [`c`](c.rs).\n\n\
                    ## An order, from b to c\n\n## Rules\n\n1. None.\n";
        assert_eq!(count(page), 2);
        assert_eq!(
            complaints(page),
            [
                "A key, from a to b: step 1 leads to 2 files",
                "A key, from a to b: step 2 leads to 0 files",
                "An order, from b to c: has no steps"
            ]
        );
    }
}
