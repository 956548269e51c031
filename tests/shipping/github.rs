//! `--github`: what GitHub Actions is told, and that no name on a server tells it anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Client, Phantom, Server, phantom};
use crate::run::{Run, command, finish, graphctl};
use crate::stage::{server, wait_until_judged};

/// Keys that GitHub Actions would take for commands, or show as something else than text.
const SLY: [&str; 5] = [
    "::error::sly",
    "SLY/A\n::error::sly",
    "SLY/B##[error]sly",
    "SLY/C|<img src=x>`[a](b)`@all&amp;",
    " ::set-output name=a::sly",
];

/// A folder of its own, and a summary in it that is not there yet.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let summary = folder.path().join("summary.md");
    (folder, summary)
}

/// Runs graphctl as a step of a job would.
fn step(server: &Server, summary: &Path, arguments: &[&str]) -> Run {
    let arguments = [arguments, &["--github"]].concat();
    let mut command = command(server.address(), &arguments);
    finish(command.env("GITHUB_STEP_SUMMARY", summary).spawn().expect("graphctl starts"))
}

/// The lines that a runner takes for commands: both forms of ActionCommand.cs of actions/runner.
fn commands(run: &Run) -> Vec<String> {
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    let lines = run.stdout.lines().chain(run.stderr.lines()).filter(is_command);
    lines.map(str::to_owned).collect()
}

fn title(server: &Server, words: &str) -> String {
    format!("title=graphctl%3A {words} on {}", server.address().replace(':', "%3A"))
}

fn read(summary: &Path) -> String {
    fs::read_to_string(summary).unwrap_or_default()
}

#[test]
fn a_phantom_is_a_warning_in_the_way_an_error_and_gone_when_it_is_reaped() {
    let server = server();
    let _phantom = phantom(&server, Phantom::MainKilled, "SYSTEM");
    wait_until_judged(&server, "stale");
    let (_folder, summary) = place();
    let list = step(&server, &summary, &["sessions", "list", "-o", "json"]);
    let warning = format!("::warning {}::", title(&server, "sessions to look at"));
    let told = commands(&list).concat();
    assert!(told.starts_with(&warning) && told.contains("sessions reap --dry-run"), "{list:#?}");
    assert_eq!((list.code, commands(&list).len(), list.stderr.lines().count()), (0, 1, 1));
    assert_eq!(list.json()["sessions"].as_array().map(Vec::len), Some(1));
    let heading = format!("### graphctl: sessions on {}\n\n", escaped(server.address()));
    let table = read(&summary);
    assert!(table.starts_with(&(heading + "| Id | Age | State | Components |\n")), "{table}");

    let check = step(&server, &summary, &["sessions", "check", "SYSTEM"]);
    let error = format!(
        "::error {}::component SYSTEM is held by ",
        title(&server, "component keys are held")
    );
    assert!(commands(&check).concat().starts_with(&error), "{check:#?}");
    assert_eq!((check.code, commands(&check).len()), (1, 1));

    let refused = step(&server, &summary, &["sessions", "reap", "--max", "0"]);
    let error = format!("::error {}::1 session refused%0A", title(&server, "not all is dropped"));
    assert!(commands(&refused).concat().starts_with(&error), "{refused:#?}");
    assert_eq!(refused.code, 3);

    let warning = |words| format!("::warning {}::{words}", title(&server, "dead sessions"));
    let dry = step(&server, &summary, &["sessions", "reap", "--dry-run"]);
    assert_eq!(commands(&dry), [warning("1 session would be dropped%0Awithout --dry-run they go")]);
    let reap = step(&server, &summary, &["sessions", "reap"]);
    assert_eq!((reap.code, commands(&reap)), (0, vec![warning("1 session dropped")]));
    assert_eq!(read(&summary).matches("###").count(), 5);

    for all_is_well in [&["list"][..], &["check", "SYSTEM"], &["reap"]] {
        let run = step(&server, &summary, &[&["sessions"], all_is_well].concat());
        assert_eq!((run.code, commands(&run)), (0, vec![]), "{run:#?}");
    }
    assert_eq!(read(&summary).matches("None.").count(), 3);
}

fn escaped(address: &str) -> String {
    address.replace('.', "&#46;").replace(':', "&#58;")
}

#[test]
fn no_key_is_a_command_or_markup() {
    let mut server = server();
    let sly = server.ghost_of(&SLY);
    for key in SLY {
        server.ghost_of(&[&format!("{key}!")]);
    }
    let (_folder, summary) = place();
    let own = |run: &Run| {
        let other = |it: &String| !it.contains(" title=graphctl%3A ") || it.contains("##[");
        assert!(!commands(run).iter().any(other), "{run:#?}");
        commands(run).len()
    };
    for output in ["table", "wide", "json", "jsonl", "name"] {
        assert_eq!(own(&step(&server, &summary, &["sessions", "list", "-o", output])), 1);
        let reap = ["sessions", "reap", "--dry-run", "-o", output];
        assert_eq!(own(&step(&server, &summary, &reap)), 1);
    }
    for output in ["table", "json"] {
        assert_eq!(own(&graphctl(server.address(), &["sessions", "show", &sly, "-o", output])), 0);
        let (refused, plain): (Vec<_>, Vec<_>) =
            SLY.into_iter().partition(|key| key.contains(char::is_control) || key.trim() != *key);
        for key in plain {
            let check = ["sessions", "check", "-o", output, "--github", "--", key];
            assert_eq!(own(&graphctl(server.address(), &check)), 1, "{key}");
        }
        for key in refused {
            let check = ["sessions", "check", "-o", output, "--github", "--", key];
            let run = graphctl(server.address(), &check);
            assert_eq!((run.code, own(&run)), (2, 0), "{key}");
        }
        let check = ["sessions", "check", "-o", output, "--github", "--root", "SLY"];
        assert_eq!(own(&graphctl(server.address(), &check)), 1, "all at and below SLY");
    }
    let summary = read(&summary);
    for markup in ["<img", "](", "@all", "`", "&amp;", "\n::", "##["] {
        assert!(!summary.contains(markup), "{markup} in {summary}");
    }
    let rows = summary.lines().filter(|line| line.starts_with('|'));
    let odd: Vec<_> = rows.filter(|row| !matches!(row.matches('|').count(), 5 | 6)).collect();
    assert!(odd.is_empty(), "{odd:#?}");
}

#[test]
fn a_summary_stays_below_its_limit_and_says_what_it_leaves_out() {
    let server = server();
    let _sessions = ["A", "B"].map(|key| Client::silent_session(&server, &[key]));
    let (_folder, summary) = place();
    let limit = 1024 * 1024;
    fs::write(&summary, vec![b'x'; limit - 240]).expect("it can be written");
    step(&server, &summary, &["sessions", "list"]);
    let text = read(&summary);
    assert!(text.len() <= limit && text.ends_with(" left out.\n"), "{:?}", &text[limit - 241..]);
    fs::write(&summary, vec![b'x'; limit]).expect("it can be written");
    assert_eq!(step(&server, &summary, &["sessions", "list"]).code, 0);
    assert_eq!(read(&summary).len(), limit);
}

#[test]
fn a_summary_that_cannot_be_written_is_told_when_all_else_is_done() {
    let mut server = server();
    server.ghost_of(&["SYSTEM"]);
    let (folder, _) = place();
    let absent = folder.path().join("absent/summary.md");
    let held = step(&server, &absent, &["sessions", "check", "SYSTEM"]);
    assert_eq!(held.code, 1, "what was found outranks that: {held:#?}");
    let run = step(&server, &absent, &["sessions", "reap"]);
    let told = format!(
        "1 session dropped\n::warning {}::1 session dropped\n\
         error: cannot write the summary to {}: No such file or directory (os error 2)\n\
         hint: all else is done and told; GITHUB_STEP_SUMMARY must name a file that can be written, or nothing\n",
        title(&server, "dead sessions"),
        absent.display()
    );
    assert_eq!((run.code, run.stderr), (3, told));
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
}

#[test]
fn a_summary_that_is_no_file_is_refused_before_anything_is_done() {
    let mut server = server();
    let id = server.ghost_of(&["SYSTEM"]);
    let (folder, _) = place();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it starts").success());
    for (path, why) in [
        (folder.path(), "it is a directory, not a regular file"),
        (&pipe, "it is a FIFO, not a regular file"),
        (Path::new("/dev/stdout"), "it leads to /dev, where graphctl writes no file"),
    ] {
        for arguments in
            [&["list"][..], &["check", "SYSTEM"], &["drop", &id], &["reap"], &["reap", "-n"]]
        {
            let run = step(&server, path, &[&["sessions"], arguments].concat());
            let told = format!(
                "error: cannot write the summary to {}: {why}\n\
                 hint: nothing was done; name a regular file in GITHUB_STEP_SUMMARY, or `unset GITHUB_STEP_SUMMARY`\n",
                path.display()
            );
            assert_eq!((run.code, run.stdout, run.stderr), (2, String::new(), told));
        }
    }
    assert_eq!(server.witness().sessions(), [id]);
}

#[test]
fn a_summary_behind_a_link_is_appended_to() {
    let server = server();
    let (_other, summary) = place();
    let (_folder, link) = place();
    std::os::unix::fs::symlink(&summary, &link).expect("a link can be made");
    for tables in 1..3 {
        assert_eq!(step(&server, &link, &["sessions", "list"]).code, 0);
        assert_eq!(read(&summary).matches("###").count(), tables);
    }
    assert!(link.is_symlink());
}
