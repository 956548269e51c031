//! `--audit` and `--reason`: what a drop leaves in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;

use crate::lab::{Client, schemas};
use crate::run::{GRAPHCTL, command, expect, finish, graphctl, prepared};
use crate::stage::server;

const GONE: &str = "ffffffff-ffff-1fff-8fff-ffffffffffff";

/// A folder of its own, and a file in it that is not there yet.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("audit.jsonl");
    (folder, file)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

fn lines(file: &Path) -> Vec<Value> {
    let audit = fs::read_to_string(file).expect("the audit is there");
    assert!(audit.is_empty() || audit.ends_with('\n'), "{audit:?}");
    schemas::documents(&audit)
}

#[test]
fn a_reap_leaves_a_line_for_each_target() {
    let mut server = server();
    let sly = "LAB/\u{1b}[2J";
    for keys in [["SYSTEM", "SYSTEM/PUB"], ["LAB", sly]] {
        server.ghost_of(&keys);
    }
    let (_folder, file) = place();
    let reason = "nightly\n\"clean-up\" \u{1b}[0m";
    let arguments = ["sessions", "reap", "-o", "jsonl", "--audit", text(&file), "--reason", reason];
    let dry = graphctl(server.address(), &[&arguments[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, lines(&file)), (0, vec![]), "{dry:#?}");

    let before = SystemTime::now();
    let child = command(server.address(), &arguments)
        .env("USER", "operator")
        .spawn()
        .expect("graphctl starts");
    let pid = child.id();
    let run = finish(child);
    assert_eq!((run.code, run.stderr.as_str()), (0, "2 sessions dropped\n"));
    let mut audit = lines(&file);
    let about = graphctl(server.address(), &["server", "status", "-o", "json"]).json();
    let about = about["server"].clone();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("this machine has a name");
    for line in &mut audit {
        let line = line.as_object_mut().expect("a line is an object");
        let time = line.remove("time").expect("a time");
        let time = humantime::parse_rfc3339(time.as_str().expect("it is text"));
        let after = before - std::time::Duration::from_millis(1);
        assert!((after..=SystemTime::now()).contains(&time.expect("it is RFC 3339")));
        for (field, value) in [
            ("server", about.clone()),
            ("why", Value::from(reason)),
            ("user", "operator".into()),
            ("host", host.trim().into()),
            ("pid", pid.into()),
        ] {
            assert_eq!(line.remove(field), Some(value), "{field}");
        }
    }
    assert_eq!(audit, run.documents(), "the rest is what is printed");
    let of = |field: &str| audit.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["dropped", "dropped"]);
    assert_eq!(
        of("components"),
        [serde_json::json!(["SYSTEM", "SYSTEM/PUB"]), serde_json::json!(["LAB", sly])]
    );
    assert!(!fs::read_to_string(&file).expect("it is there").contains('\u{1b}'));
}

#[test]
fn what_does_not_go_is_recorded_too() {
    let server = server();
    let held = Client::silent_session(&server, &["SYSTEM"]);
    let (_folder, file) = place();
    let drop = |id: &str, more: &[&str]| {
        let arguments = ["sessions", "drop", id, "--audit", text(&file)];
        graphctl(server.address(), &[&arguments[..], more].concat()).code
    };
    assert_eq!(drop(held.session_id(), &[]), 3);
    assert_eq!(drop(held.session_id(), &["--force", "--dry-run"]), 0);
    assert_eq!(drop(held.session_id(), &["-y", "--force", "--reason", "asked to"]), 0);
    assert_eq!(drop(held.session_id(), &[]), 0);
    let lines = lines(&file);
    let of = |field: &str| lines.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["refused", "dropped", "already-gone"]);
    assert_eq!(of("why"), [Value::Null, "asked to".into(), Value::Null]);
    assert_eq!(of("verdict"), ["starting".into(), "starting".into(), Value::Null]);
    let detail = lines[0]["detail"].as_str().expect("it says why");
    assert!(detail.starts_with("it is starting, not proven dead"), "{detail}");
}

#[test]
fn without_an_audit_that_can_be_written_nothing_is_dropped() {
    let server = server();
    let held = Client::silent_session(&server, &["SYSTEM"]);
    let (folder, _) = place();
    let absent = folder.path().join("absent/audit.jsonl");
    let (pipe, output) = (folder.path().join("pipe"), folder.path().join("output"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it starts").success());
    std::os::unix::fs::symlink("/proc/self/fd/1", &output).expect("a link can be made");
    let ways: [&[&str]; 3] = [
        &["sessions", "drop", "-y", held.session_id(), "--force"],
        &["sessions", "reap"],
        &["sessions", "reap", "--dry-run"],
    ];
    for way in ways {
        for (path, why) in [
            (folder.path(), "it is a directory, not a regular file"),
            (&pipe, "it is a FIFO, not a regular file"),
            (Path::new("/dev/null"), "it leads to /dev, where graphctl writes no file"),
            (&output, "it leads to /proc, where graphctl writes no file"),
            (&absent, "No such file or directory (os error 2)"),
        ] {
            let run = graphctl(server.address(), &[way, &["--audit", text(path)]].concat());
            let told = format!(
                "error: cannot write the audit to {}: {why}\n\
                 hint: nothing was dropped; name a file with --audit that can be written\n",
                path.display()
            );
            assert_eq!((run.code, run.stdout, run.stderr), (2, String::new(), told));
        }
        let run = graphctl(server.address(), &[way, &["--audit", "-"]].concat());
        let told = "error: --audit appends to a file, and '-' is standard output\n\
                    hint: name a file; -o jsonl prints what becomes of each target on standard output\n";
        expect(&run, 2, "", told);
    }
    assert_eq!(server.witness().sessions(), [held.session_id()]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_drop_that_cannot_be_recorded_is_told() {
    let server = server();
    let held = Client::silent_session(&server, &["SYSTEM"]);
    let id = held.session_id();
    let (_folder, file) = place();
    let drop = ["sessions", "drop", "-y", id, "--force", "--audit", text(&file)];
    let table = "ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  AGE  starting  dropped  SYSTEM\n";
    let told = format!(
        "1 session dropped\n\
         error: cannot write the audit to {}: File too large (os error 27)\n\
         hint: what became of the sessions stands above, and not in the audit\n",
        file.display()
    );
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$@""#, "sh", GRAPHCTL]);
    let child = prepared(limited, server.address(), &drop).spawn().expect("sh starts");
    expect(&finish(child), 3, table, &told);
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
}

/// A link may lead to the disk where audits are kept.
#[test]
#[cfg(unix)]
fn an_audit_behind_a_link_is_appended_to() {
    let server = server();
    let (_other, file) = place();
    let (_folder, link) = place();
    std::os::unix::fs::symlink(&file, &link).expect("a link can be made");
    let run = graphctl(server.address(), &["sessions", "drop", GONE, "--audit", text(&link)]);
    assert_eq!((run.code, lines(&file).len()), (0, 1), "{run:#?}");
    assert!(link.is_symlink());
}

/// Of many that write at once, each line is whole, however long.
#[test]
fn lines_of_several_graphctls_do_not_mix() {
    let server = server();
    let (_folder, file) = place();
    let reasons: Vec<_> = ('a'..='p').map(|letter| letter.to_string().repeat(100_000)).collect();
    let arguments = ["sessions", "drop", GONE, "--audit", text(&file), "--reason"];
    let started = reasons.iter().map(|reason| {
        let arguments = [&arguments[..], &[reason]].concat();
        command(server.address(), &arguments).spawn().expect("graphctl starts")
    });
    for child in started.collect::<Vec<_>>() {
        assert_eq!(finish(child).code, 0);
    }
    let mut whys: Vec<_> = lines(&file).iter().map(|line| line["why"].clone()).collect();
    whys.sort_by_key(|why| why.as_str().map(str::to_owned));
    assert_eq!(whys, reasons);
}

#[test]
fn a_reason_is_told_without_an_audit_too() {
    let server = server();
    let run = graphctl(server.address(), &["sessions", "reap", "-o", "json", "--reason", "A"]);
    assert_eq!(run.json()["why"], "A");
}
