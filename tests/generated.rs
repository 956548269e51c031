//! What is generated and committed: `completions/` and `man/` from the command definitions, and the exit
//! codes and the number of dependencies in the README. Each is made anew and compared; to write them instead, run
//! `GRAPHCTL_WRITE_GENERATED=1 cargo test --test generated`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use clap_complete::{Generator as _, Shell};
use graphctl::cli::Cli;
use graphctl::commands::completing;
use graphctl::exit::Exit;

const WRITE: &str = "GRAPHCTL_WRITE_GENERATED";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn writing() -> bool {
    std::env::var_os(WRITE).is_some()
}

/// Expects the files of a folder to be exactly those that `generate` makes in an empty one.
#[track_caller]
fn in_step(folder: &str, generate: impl Fn(&Path)) {
    let committed = root().join(folder);
    if writing() {
        let _ = fs::remove_dir_all(&committed);
        fs::create_dir_all(&committed).expect("the folder can be made");
        generate(&committed);
    }
    let made = tempfile::tempdir().expect("a temporary folder can be made");
    generate(made.path());
    assert!(
        files(made.path()) == files(&committed),
        "{folder}/ is out of step: set {WRITE}=1 and run this again"
    );
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("generated files are text"))
    });
    entries.collect()
}

#[test]
fn completions() {
    in_step("completions", |folder| {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let name = shell.file_name("graphctl");
            fs::write(folder.join(name), completing::script(shell)).expect("it can be written");
        }
    });
}

#[test]
fn man_pages() {
    in_step("man", |folder| {
        clap_mangen::generate_to(Cli::command(), folder).expect("man pages can be written");
    });
}

/// Expects the README to say just `text` between a comment of that name and the next.
#[track_caller]
fn in_the_readme(name: &str, text: &str) {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README is there");
    let (start, end) = (format!("<!-- {name}, generated -->\n"), "<!-- end -->");
    let from = readme.find(&start).expect("the README marks the start") + start.len();
    let to = from + readme[from..].find(end).expect("the README marks the end");
    let renewed = format!("{}{text}{}", &readme[..from], &readme[to..]);
    if writing() {
        fs::write(&path, &renewed).expect("the README can be written");
    }
    assert!(
        renewed == readme || writing(),
        "the README is out of step: set {WRITE}=1 and run this again"
    );
}

#[test]
fn the_readme() {
    in_the_readme("exit codes", &exit_codes());
    in_the_readme("dependencies", &dependencies());
}

fn exit_codes() -> String {
    Exit::ALL.iter().fold("| code | meaning |\n|---|---|\n".to_owned(), |table, exit| {
        table + &format!("| {} | {} |\n", exit.code(), exit.meaning())
    })
}

fn dependencies() -> String {
    format!(
        "It has {} direct dependencies, each with its reason in [Cargo.toml](Cargo.toml), and on Linux it is\n\
         built of {} crates.\n",
        crates_below("1"),
        crates_below("1000")
    )
}

/// How many crates are built for graphctl on Linux, so many steps away from it at the most.
fn crates_below(depth: &str) -> usize {
    let linux = "--target=x86_64-unknown-linux-gnu";
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges=normal,build", "--prefix=none", linux, "--no-dedupe"])
        .args(["--depth", depth])
        .output()
        .expect("cargo starts");
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).expect("cargo writes text");
    let crates: BTreeSet<_> = tree.lines().skip(1).collect();
    crates.len()
}
