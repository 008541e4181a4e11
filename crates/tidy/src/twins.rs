//! Types of one name in one folder.

use std::collections::BTreeMap;

use crate::source::Source;

/// A complaint for each name that two files of one folder give to types of theirs. Tests are passed over.
pub fn in_one_folder(sources: &[Source]) -> Vec<String> {
    let mut files: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        for name in type_names(&source.code) {
            files.entry((folder, name)).or_default().push(file);
        }
    }
    files
        .into_iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|((folder, name), files)| format!("{folder}::{name}: a type in each of {}", files.join(", ")))
        .collect()
}

/// Names of the types that are defined outside of any block.
fn type_names(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter_map(|line| {
        let mut words =
            line.split_whitespace().skip_while(|word| word.starts_with("pub") || word.ends_with(')'));
        let keyword = words.next()?;
        let name = words.next()?;
        let defines =
            !line.starts_with(' ') && matches!(keyword, "struct" | "enum" | "trait" | "type" | "union");
        defines.then(|| name.split(|end: char| !end.is_alphanumeric()).next())?
    })
}

#[cfg(test)]
mod tests {
    use super::in_one_folder;
    use crate::source::Source;

    #[test]
    fn twins_in_a_folder_are_told() {
        let sources = [
            Source::new(
                "c/src/a.rs",
                "pub(in crate::b) struct Place<T>(T);\nimpl X {\n    type Place = u8;\n}\n",
            ),
            Source::new("c/src/b.rs", "enum Place {\n    A,\n}\n// struct Other;\nstruct Other;\n"),
            Source::new("c/src/d.rs", "// struct Other;\n"),
            Source::new("c/src/d/e.rs", "struct Place;\n"),
            Source::new("c/src/tests.rs", "struct Other;\n"),
        ];
        assert_eq!(in_one_folder(&sources), ["c/src::Place: a type in each of a.rs, b.rs"]);
    }
}
