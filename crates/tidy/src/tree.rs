//! The files that are checked in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold nothing that anybody wrote.
const GENERATED: [&str; 6] = ["target", "node_modules", "corpus", "artifacts", "data", "__pycache__"];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Paths, relative to `root`, with `/` between their parts and in order, of the files that end with `.extension`.
///
/// Hidden folders and what builds and tests leave behind are passed over.
pub fn files(root: &Path, extension: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    walk(root, "", extension, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(root: &Path, folder: &str, extension: &str, found: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !GENERATED.contains(&name.as_str()) {
                walk(root, &path, extension, found)?;
            }
        } else if name.rsplit_once('.').is_some_and(|(_, end)| end == extension) {
            found.push(path);
        }
    }
    Ok(())
}
