//! The table of crates in ARCHITECTURE.md, held against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Crates of ours by the name of their folder, each with those it needs to be built, tests aside.
pub type Crates = BTreeMap<String, BTreeSet<String>>;

/// The crates in the folder `crates`, from `cargo metadata`.
pub fn of_workspace(metadata: &Value) -> Crates {
    let packages = || metadata["packages"].as_array().into_iter().flatten();
    let folder = |package: &Value| {
        let path = package["manifest_path"].as_str()?.strip_suffix("/Cargo.toml")?;
        let (parent, name) = path.rsplit_once('/')?;
        (package["source"].is_null() && parent.ends_with("/crates")).then(|| name.to_owned())
    };
    let folders: BTreeMap<&str, String> =
        packages().filter_map(|package| Some((package["name"].as_str()?, folder(package)?))).collect();
    let needs = |package: &Value| {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
        normal.filter_map(|dependency| folders.get(dependency["name"].as_str()?).cloned()).collect()
    };
    packages().filter_map(|package| Some((folder(package)?, needs(package)))).collect()
}

/// The rows of the table whose head begins with `| Crate |`: first cell and last, the latter as the crates it names.
///
/// "all above" and "all" stand for the rows above, and for those which are not marked as `(dev)`.
pub fn of_table(markdown: &str) -> Crates {
    let mut crates = Crates::new();
    let mut shipped = BTreeSet::new();
    let rows = markdown.lines().skip_while(|line| !line.starts_with("| Crate |")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(name), Some(needs)) = (cells.first(), cells.get(2)) else { continue };
        let needs = if needs.starts_with("all") {
            shipped.clone()
        } else {
            let words = needs.split(|end: char| !end.is_alphanumeric());
            words.filter(|word| shipped.contains(*word)).map(str::to_owned).collect()
        };
        let name = name.trim_matches('`').to_owned();
        if !cells[1].contains("(dev)") {
            shipped.insert(name.clone());
        }
        crates.insert(name, needs);
    }
    crates
}

/// A complaint for each crate that only one of the two has, and for each whose row leads to other crates than it needs,
/// directly or through others.
pub fn differences(table: &Crates, workspace: &Crates) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in table.keys().chain(workspace.keys()).collect::<BTreeSet<_>>() {
        match (table.get(name), workspace.get(name)) {
            (Some(_), Some(_)) => {
                let (told, needed) = (reach(table, name), reach(workspace, name));
                if told != needed {
                    complaints.push(format!("{name}: the table leads to {told:?}, Cargo.toml to {needed:?}"));
                }
            }
            (Some(_), None) => complaints.push(format!("{name}: is in the table and not in crates/")),
            (None, _) => complaints.push(format!("{name}: is in crates/ and not in the table")),
        }
    }
    complaints
}

/// All crates that `name` needs, directly or through others.
fn reach<'a>(crates: &'a Crates, name: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = crates.get(name).into_iter().flatten().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(crates.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{Crates, differences, of_table, of_workspace};
    use serde_json::json;

    const TABLE: &str = "| Crate | What it is | Depends on |\n|---|---|---|\n| `a` | x | |\n| `b` | x; y | `a` |\n| `k` | (dev) | none of ours |\n| `c` | x | all above |\n\n| `no` | | |";

    fn crates(of: &[(&str, &[&str])]) -> Crates {
        of.iter()
            .map(|(name, needs)| ((*name).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn the_table_is_read() {
        assert_eq!(of_table(TABLE), crates(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"]), ("k", &[])]));
    }

    #[test]
    fn crates_and_their_needs_are_read_from_metadata() {
        let package = |name: &str, path: &str, needs: serde_json::Value| json!({ "name": name, "source": null, "manifest_path": path, "dependencies": needs });
        let metadata = json!({ "packages": [
            package("hub-a", "/x/crates/a/Cargo.toml", json!([])),
            package("hub-b", "/x/crates/b/Cargo.toml", json!([{ "name": "hub-a", "kind": null }, { "name": "serde", "kind": null }, { "name": "hub-c", "kind": "dev" }])),
            package("hub-c", "/x/crates/c/Cargo.toml", json!([])),
            package("bench", "/x/bench/Cargo.toml", json!([])),
        ] });
        assert_eq!(of_workspace(&metadata), crates(&[("a", &[]), ("b", &["a"]), ("c", &[])]));
    }

    #[test]
    fn a_way_through_others_is_as_good_and_what_differs_is_told() {
        let workspace = crates(&[("a", &[]), ("b", &["a"]), ("c", &["b", "a"])]);
        assert_eq!(differences(&crates(&[("a", &[]), ("b", &["a"]), ("c", &["b"])]), &workspace), [""; 0]);
        let told = [
            "b: the table leads to {}, Cargo.toml to {\"a\"}",
            "c: is in crates/ and not in the table",
            "d: is in the table and not in crates/",
        ];
        assert_eq!(differences(&crates(&[("a", &[]), ("b", &[]), ("d", &[])]), &workspace), told);
    }
}
