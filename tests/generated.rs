//! What is generated from the command definitions and committed: `completions/`, `man/`, and the
//! exit codes in the README. Each is made anew and compared; to write them instead, run
//! `GRAPHCTL_WRITE_GENERATED=1 cargo test --test generated`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;
use graphctl::cli::Cli;
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
            clap_complete::generate_to(shell, &mut Cli::command(), "graphctl", folder)
                .expect("a completion script can be written");
        }
    });
}

#[test]
fn man_pages() {
    in_step("man", |folder| {
        clap_mangen::generate_to(Cli::command(), folder).expect("man pages can be written");
    });
}

#[test]
fn exit_codes_in_the_readme() {
    let table =
        Exit::ALL.iter().fold("| code | meaning |\n|---|---|\n".to_owned(), |table, exit| {
            table + &format!("| {} | {} |\n", exit.code(), exit.meaning())
        });
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README is there");
    let (start, end) = ("<!-- exit codes, generated -->\n", "<!-- end -->");
    let from = readme.find(start).expect("the README marks the table's start") + start.len();
    let to = from + readme[from..].find(end).expect("the README marks the table's end");
    let renewed = format!("{}{table}{}", &readme[..from], &readme[to..]);
    if writing() {
        fs::write(&path, &renewed).expect("the README can be written");
    }
    assert!(
        renewed == readme || writing(),
        "the README is out of step: set {WRITE}=1 and run this again"
    );
}
