//! Whatever comes: the properties that `fuzz/` looks for counterexamples of, on its seeds, on what was
//! found once, and on both with some bytes changed.

mod holds;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// The inputs kept for a target, which is called as its property.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let files = ["seeds", "found"].map(|kind| fs::read_dir(fuzz.join(kind).join(target)));
    let files = files.into_iter().flatten().flatten().map(|file| file.expect("it is listed"));
    let kept: Vec<_> = files.map(|file| fs::read(file.path()).expect("it can be read")).collect();
    assert!(!kept.is_empty(), "{target} has no seeds");
    kept
}

/// A change to some input: bytes from one place to another become others.
fn change() -> impl Strategy<Value = (Index, Index, Vec<u8>)> {
    (any::<Index>(), any::<Index>(), prop::collection::vec(any::<u8>(), 0..12))
}

fn changed(bytes: &[u8], (from, to, others): &(Index, Index, Vec<u8>)) -> Vec<u8> {
    let from = from.index(bytes.len() + 1);
    // Most changes are small: what comes after them is still read.
    let to = bytes.len().min(from + to.index(9));
    [&bytes[..from], others, &bytes[to..]].concat()
}

fn check(target: &str, holds: impl Fn(&[u8])) {
    let kept = kept(target);
    for bytes in &kept {
        holds(bytes);
    }
    let changes = (any::<Index>(), prop::collection::vec(change(), 1..6));
    let config = Config { failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&changes, |(which, changes)| {
        holds(&changes.iter().fold(which.get(&kept).clone(), |bytes, it| changed(&bytes, it)));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_pickle_is_read_or_refused() {
    check("pickle", holds::pickle::holds);
}

#[test]
fn any_snapshot_is_shown_or_refused() {
    check("snapshot", holds::snapshot::holds);
}

#[test]
fn any_admin_reply_is_shown() {
    check("admin_reply", holds::admin_reply::holds);
}

#[test]
fn any_conversation_ends() {
    check("conversation", holds::conversation::holds);
}

#[test]
fn any_request_is_data() {
    check("request", holds::request::holds);
}
