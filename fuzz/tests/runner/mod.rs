//! Runs a target for a bounded time, the same way each time.
//!
//! First come the files of `regressions/<target>`, then those of `seeds/<target>`, then mutations of
//! both: input number `n` depends on nothing but `n` and these files. `FUZZ_SECONDS` says for how long
//! (5), `FUZZ_INPUT=<file>` runs that file alone.

mod mutate;

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hub_fuzz::Target;

use self::mutate::Mutator;

const SECONDS: u64 = 5;

/// So many inputs are run, however slow the machine is.
const LEAST_INPUTS: u64 = 2000;

/// Panics, with what is needed to do it again, if any input breaks a promise.
pub(crate) fn bounded(name: &str, target: Target) {
    let folder = |kind: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(kind);
    if let Ok(file) = std::env::var("FUZZ_INPUT") {
        let input = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        return run(name, target, &file, &input);
    }
    let mut seeds = Vec::new();
    for path in files(&folder("regressions").join(name)).into_iter().chain(files(&folder("seeds").join(name)))
    {
        let input = fs::read(&path).expect("a file");
        run(name, target, &path.display().to_string(), &input);
        seeds.push(input);
    }
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let words = fs::read_to_string(folder("dictionaries").join(format!("{name}.dict"))).expect("words");
    let mutator = Mutator::new(seeds, &words);
    let seconds = std::env::var("FUZZ_SECONDS").map_or(SECONDS, |text| text.parse().expect("a number"));
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut number = 0;
    while number < LEAST_INPUTS || Instant::now() < end {
        run(name, target, &format!("mutation {number}"), &mutator.input(number));
        number += 1;
    }
    eprintln!("{name}: {number} inputs");
}

fn run(name: &str, target: Target, origin: &str, input: &[u8]) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) else { return };
    let mut hex = String::with_capacity(2 * input.len());
    for byte in input {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    eprintln!("{name} fails for {origin}. To keep the input:");
    eprintln!("  echo {hex} | xxd -r -p > fuzz/regressions/{name}/NAME");
    resume_unwind(panic);
}

/// The files of a folder, in the order of their names; none if there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.expect("an entry").path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}
