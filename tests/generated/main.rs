//! What is generated and committed: `completions/` and `man/` from the command definitions, and the exit
//! codes and the number of dependencies in the README. Each is made anew and compared; to write them instead, run
//! `GRAPHCTL_WRITE_GENERATED=1 cargo test --test generated`.

mod man;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use clap::{Command, CommandFactory as _, Parser as _};
use clap_complete::{Generator as _, Shell};
use graphctl::cli::{Cli, examples};
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
            let mut file = fs::File::create(folder.join(name)).expect("it can be made");
            completing::script(shell, &mut file).expect("it can be written");
        }
    });
}

#[test]
fn man_pages() {
    in_step("man", man::generate);
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn man_pages_are_rendered_without_a_warning() {
    for name in files(&root().join("man")).into_keys() {
        let mut man = process::Command::new("man");
        man.args(["--warnings", "--local-file"]).arg(root().join("man").join(&name));
        let Ok(rendered) = man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").output() else {
            return eprintln!("skipped: there is no man here");
        };
        assert!(rendered.status.success() && rendered.stderr.is_empty(), "{name}: {rendered:?}");
        let page = String::from_utf8(rendered.stdout).expect("it is text");
        assert!(page.contains("SEE ALSO") && page.lines().all(|line| line.chars().count() <= 80));
    }
}

/// Whatever shell it stands in, from our name on it is ours.
#[test]
fn examples_are_lines_that_graphctl_takes() {
    fn check(command: &Command) {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
        assert!(command.has_subcommands() || !examples::of(name).is_empty(), "{name} has none");
        for (line, _) in examples::of(name) {
            let ours = &line[line.find("graphctl").expect("it is ours")..];
            let ours = ours.split(['|', '>', ')']).next().expect("there is something");
            let words = ours.split_whitespace().map(|word| word.trim_matches('\''));
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
        command.get_subcommands().for_each(check);
    }
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    check(&command);
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
    let tree = process::Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges=normal,build", "--prefix=none", linux, "--no-dedupe"])
        .args(["--depth", depth])
        .output()
        .expect("cargo starts");
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).expect("cargo writes text");
    let crates: BTreeSet<_> = tree.lines().skip(1).collect();
    crates.len()
}
