//! This repository keeps its rules.

use std::process::Command;
use std::sync::LazyLock;

use hub_tidy::source::Source;
use hub_tidy::{
    Exceptions, crates, door, excuse, ids, lengths, licences, links, returns, summaries, tree, twins, walks,
};
use serde_json::Value;

/// Files and functions that are longer than others may be.
const LONG: &Exceptions =
    &[("crates/launcher/tests/config.rs", "a test for each way a configuration can be wrong")];

/// Names that two files of one folder give to types of theirs.
const TWINS: &Exceptions = &[
    ("crates/fanout/src::Inner", "private: what the clones of a handle share"),
    ("fuzz/src::Setup", "targets know nothing of each other"),
    ("fuzz/src::Transcript", "targets know nothing of each other"),
];

/// Places in the shard that return without a word.
const SHRUGS: &Exceptions = &[];

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let root = tree::root();
    let files = tree::files(&root, "rs").expect("a readable checkout");
    files.into_iter().map(|path| Source::new(path.clone(), read(&path))).collect()
});

fn read(path: &str) -> String {
    std::fs::read_to_string(tree::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `cargo metadata`, dependencies of all platforms and features included.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let arguments = ["metadata", "--locked", "--all-features", "--format-version", "1"];
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(tree::root()).output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON of cargo")
});

#[track_caller]
fn no(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    let files = SOURCES.iter().filter_map(lengths::file);
    let complaints: Vec<_> = files.chain(SOURCES.iter().flat_map(lengths::functions)).collect();
    no(&excuse(&complaints, LONG));
}

#[test]
fn summaries_begin_with_a_noun_or_a_verb() {
    no(&summaries::complaints(&SOURCES));
}

#[test]
fn a_name_is_one_type_in_a_folder() {
    no(&excuse(&twins::in_one_folder(&SOURCES), TWINS));
}

#[test]
fn a_shard_shrugs_nothing_off() {
    let shard = |source: &&Source| source.path.starts_with("crates/server/src/shard") && !source.is_test();
    let complaints: Vec<_> = SOURCES.iter().filter(shard).flat_map(returns::unexplained).collect();
    assert!(SOURCES.iter().any(|source| shard(&source)));
    no(&excuse(&complaints, SHRUGS));
}

#[test]
fn one_door_leads_into_the_log() {
    let elsewhere = |source: &&Source| {
        let own = ["crates/log/", "bench/"].iter().any(|folder| source.path.starts_with(folder));
        !own && !source.is_test()
    };
    let complaints: Vec<_> = SOURCES.iter().filter(elsewhere).flat_map(door::others).collect();
    no(&excuse(&complaints, &[("crates/server/src/ingest.rs", "the door")]));
}

#[test]
fn links_lead_somewhere() {
    let root = tree::root();
    let files = tree::files(&root, "md").expect("a readable checkout");
    assert!(files.iter().any(|path| path == "ARCHITECTURE.md"), "{files:?}");
    no(&files.iter().flat_map(|path| links::broken(path, &read(path), &root)).collect::<Vec<_>>());
}

#[test]
fn a_step_of_a_walk_leads_to_one_file() {
    let page = read("ARCHITECTURE.md");
    assert_eq!(walks::count(&page), 4, "a price tick, a SUBSCRIBE, an order, a configuration key");
    no(&walks::complaints(&page));
}

#[test]
fn ids_that_are_cited_are_defined() {
    let page = read("docs/platform.md");
    let defined = ids::defined(&page);
    let of = |extension| tree::files(&tree::root(), extension).expect("a readable checkout");
    let cited = ["md", "rs", "mjs", "py", "toml"].into_iter().flat_map(of);
    let cited = cited.filter(|path| !path.starts_with("crates/tidy/"));
    no(&cited.flat_map(|path| ids::undefined(&path, &read(&path), &defined)).collect::<Vec<_>>());
}

#[test]
fn the_table_of_crates_is_that_of_cargo() {
    let table = crates::of_table(&read("ARCHITECTURE.md"));
    no(&crates::differences(&table, &crates::of_workspace(&METADATA)));
}

#[test]
fn licences_and_sources_are_allowed() {
    let allowed = licences::allowed(&read("deny.toml")).expect("deny.toml lists licences");
    assert!(METADATA["packages"].as_array().is_some_and(|packages| packages.len() > 100));
    no(&licences::complaints(&METADATA, &allowed));
}
