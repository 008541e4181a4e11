//! Licences and sources of all dependencies. `deny.toml` lists the licences, as cargo-deny reads it.

use serde_json::Value;

use crate::spdx;

/// The registry that dependencies come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The licences that `deny.toml` allows: the strings of `allow` in its section `licenses`.
pub fn allowed(deny_toml: &str) -> Option<Vec<String>> {
    let section = deny_toml.split_once("\n[licenses]")?.1;
    let section = section.split("\n[").next()?;
    let list = section.split_once("allow = [")?.1.split_once(']')?.0;
    Some(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// A complaint for each package of `cargo metadata` whose licence is not allowed, or that is neither from crates.io nor
/// of this workspace.
pub fn complaints(metadata: &Value, allowed: &[String]) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.flat_map(|package| [licence(package, allowed), source(package, metadata)]).flatten().collect()
}

fn licence(package: &Value, allowed: &[String]) -> Option<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some(expression) = package["license"].as_str() else {
        return Some(format!("{name}: has no licence expression"));
    };
    match spdx::permits(expression, allowed) {
        Ok(true) => None,
        Ok(false) => Some(format!("{name}: is under {expression}, which deny.toml does not allow")),
        Err(error) => Some(format!("{name}: {error}")),
    }
}

fn source(package: &Value, metadata: &Value) -> Option<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let members = metadata["workspace_members"].as_array();
    match package["source"].as_str() {
        Some(CRATES_IO) => None,
        None if members.is_some_and(|members| members.contains(&package["id"])) => None,
        source => {
            Some(format!("{name}: comes from {}, not from crates.io", source.unwrap_or("a folder outside")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CRATES_IO, allowed, complaints};
    use serde_json::json;

    #[test]
    fn the_list_is_read_from_its_section() {
        let text = "[x]\nallow = [\"GPL-3.0\"]\n\n[licenses]\n# Some.\nallow = [\n    \"MIT\",\n    \"ISC\",\n]\n\n[bans]\nallow = [\"X\"]\n";
        assert_eq!(allowed(text).unwrap(), ["MIT", "ISC"]);
        assert_eq!(allowed("[licenses]\n"), None);
        assert_eq!(allowed("\n[licenses]\n[bans]\nallow = [\"X\"]"), None);
    }

    #[test]
    fn other_licences_and_sources_are_told() {
        let metadata = json!({
            "workspace_members": ["path+file:///hub#0.1.0"],
            "packages": [
                { "name": "ours", "id": "path+file:///hub#0.1.0", "license": "MIT", "source": null },
                { "name": "fine", "id": "1", "license": "MIT OR GPL-3.0", "source": CRATES_IO },
                { "name": "copyleft", "id": "2", "license": "GPL-3.0", "source": CRATES_IO },
                { "name": "bare", "id": "3", "license": null, "source": CRATES_IO },
                { "name": "git", "id": "4", "license": "MIT", "source": "git+https://example.org/x" },
                { "name": "beside", "id": "5", "license": "MIT", "source": null },
            ],
        });
        let told = [
            "copyleft: is under GPL-3.0, which deny.toml does not allow",
            "bare: has no licence expression",
            "git: comes from git+https://example.org/x, not from crates.io",
            "beside: comes from a folder outside, not from crates.io",
        ];
        assert_eq!(complaints(&metadata, &["MIT".to_owned()]), told);
    }
}
