//! Hostile environments: each command does what it does elsewhere, or tells in one line why it cannot, and never
//! touches what is healthy.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::fake::{signal, watched};
use crate::lab::{
    Client, Options, PATIENCE, Phantom, Pipeline, Server, Side, open_session, phantom,
    quiet_phantom,
};
use crate::run::{GRAPHCTL, Run};
use crate::stage::{assert_full_rate, server, wait_until_judged};

/// What takes nothing away that graphctl needs: the command line that is run there is the shell's `"$@"`.
const HARMLESS: [(&str, &str); 10] = [
    ("standard output is closed", r#"exec "$@" >&-"#),
    ("standard error is closed", r#"exec "$@" 2>&-"#),
    ("all three are closed", r#"exec "$@" <&- >&- 2>&-"#),
    ("standard error is a full disk", r#"exec "$@" 2>/dev/full"#),
    ("the environment is empty", r#"exec env -i "$@""#),
    ("the locale is C", r#"LANG=C LC_ALL=C exec "$@""#),
    (
        "the environment is not text",
        r#"no=$(printf '\377'); HOME=$no USER=$no LANG=$no TERM=$no NO_COLOR=$no exec "$@""#,
    ),
    ("the working directory is gone", r#"cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@""#),
    (
        "there may be very many descriptors",
        r#"ulimit -n 1000000 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@""#,
    ),
    ("there are few descriptors", r#"ulimit -n 32; exec "$@""#),
];

/// The same in a mount namespace of its own.
const MOUNTED: [(&str, &str); 2] = [
    ("nothing can be written", r#"mount -o remount,bind,ro / && exec "$@""#),
    ("/proc is empty", r#"mount -t tmpfs none /proc && exec "$@""#),
];

/// How to get a mount namespace: as root, or else as the root of a user namespace.
const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// What runs this script in a mount namespace of its own; where that cannot be done, the test tells so.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn mounting(script: &str) -> Option<Vec<&'static str>> {
    let allows = |way: &&&[&str]| {
        let nothing = ["sh", "-c", script, "sh", GRAPHCTL, "--version"];
        let done = Command::new("unshare").args(**way).args(nothing).output();
        done.is_ok_and(|done| done.status.success())
    };
    let way = WAYS.iter().find(allows);
    if way.is_none() {
        eprintln!("skipped: `{script}` cannot be run in a mount namespace here");
    }
    way.map(|way| [&["unshare"], *way].concat())
}

/// A graphctl in such an environment, of which nothing is read yet.
fn command(around: &[&str], script: &str, address: &str, arguments: &[&str]) -> Command {
    let launcher = [around, &["sh", "-c", script, "sh"]].concat();
    let mut command = Side::run_by(&launcher).command(GRAPHCTL);
    command.args(["--address", address]).args(arguments);
    command.env_remove("GRAPHCTL_NO_ADMIN").env_remove("GRAPHCTL_START_TIMEOUT");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(around: &[&str], script: &str, address: &str, arguments: &[&str]) -> Run {
    watched(command(around, script, address, arguments).spawn().expect("sh starts"))
}

/// Every command at once, on a healthy pipeline, on nothing, and on a session that is to go.
#[track_caller]
fn expect_all_to_work(
    around: &[&str],
    (what, script): (&str, &str),
    (server, healthy): (&mut Server, &str),
    guards: bool,
) {
    let (_session, victim) = open_session(server);
    let audit = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    let path = audit.path().to_str().expect("a path of ours is text");
    let drop = ["sessions", "drop", "-y", &victim, "--force", "--audit", path];
    let recorded = !what.starts_with("nothing can");
    let drop = if recorded { &drop[..] } else { &drop[..5] };
    let commands: [(&[&str], i32); 11] = [
        (&["sessions", "list"], 0),
        (&["sessions", "show", healthy], 0),
        (&["sessions", "check", "SYSTEM"], 1),
        (&["server", "status"], 0),
        (&["sessions", "drop", healthy, "--kill"], 3),
        (&["sessions", "reap", "--kill"], 0),
        (&["sessions", "wait", "--for", "live", "SYSTEM"], 0),
        (drop, 0),
        (&["sessions", "bogus"], 2),
        (&["--help"], 0),
        (&["run", "--", "sh", "-c", "exit 7"], if guards { 7 } else { 126 }),
    ];
    let started = commands.map(|(arguments, code)| {
        let mut command = command(around, script, server.address(), arguments);
        (arguments, code, command.spawn().expect("sh starts"))
    });
    for (arguments, code, child) in started {
        let run = watched(child);
        assert_eq!(run.code, code, "{what}: {arguments:?}: {run:#?}");
        assert!(!run.stderr.contains("panicked"), "{what}: {arguments:?}: {run:#?}");
    }
    server.wait_state("the end of the other", |it| it["clients"]["SessionInfo"] == 1);
    let lines = fs::read_to_string(&audit).expect("it can be read");
    assert_eq!(lines.matches("\"dropped\"").count(), usize::from(recorded), "{what}: {lines}");
    assert_eq!(lines.lines().count(), usize::from(recorded), "{what}: {lines}");
}

#[test]
fn what_is_missing_keeps_no_command_from_its_work() {
    let mut server = server();
    let healthy = Pipeline::running(&server, &Options::default());
    let id = server.witness().sessions().remove(0);
    for environment in HARMLESS {
        expect_all_to_work(&[], environment, (&mut server, &id), true);
    }
    for environment in MOUNTED {
        if let Some(around) = mounting(environment.1) {
            let guards = environment.0 != "/proc is empty";
            expect_all_to_work(&around, environment, (&mut server, &id), guards);
        }
    }
    assert_full_rate(&healthy);
    assert_eq!(server.witness().sessions(), [id]);
    assert_eq!(server.log(), "", "what was meant for nobody came to the server");
}

/// Else what it says would go into the next file, or to the server.
#[test]
fn what_is_closed_is_never_a_socket_or_a_file() {
    let mut server = server();
    let clients = |server: &mut Server, number: usize| {
        server.wait_state("its clients", |it| {
            it["clients"]["SessionInfo"].as_u64().unwrap_or(0) == number as u64
        });
    };
    let _held = open_session(&server);
    let wait = ["sessions", "watch", "-o", "jsonl"];
    let child = command(&[], r#"exec "$@" <&- >&- 2>&-"#, server.address(), &wait).spawn();
    let child = child.expect("sh starts");
    clients(&mut server, 2);
    for descriptor in 0..3 {
        let link = fs::read_link(format!("/proc/{}/fd/{descriptor}", child.id()));
        assert_eq!(link.expect("it is open"), Path::new("/dev/null"), "{descriptor}");
    }
    signal("TERM", &child);
    assert_eq!(watched(child).code, 0);
}

/// What was found, and not that nobody wants to know it.
#[test]
fn what_was_found_is_told_by_the_exit_code_where_nobody_reads() {
    let server = server();
    let held = Client::silent_session(&server, &["SYSTEM"]);
    for (arguments, code) in [
        (&["sessions", "check", "SYSTEM"][..], 1),
        (&["sessions", "list", "--exit-code"], 1),
        (&["sessions", "drop", held.session_id()], 3),
        (&["sessions", "wait", "--for", "free", "SYSTEM", "--wait-timeout", "1ms"], 1),
        (&["sessions", "list"], 0),
        (&["sessions", "bogus"], 2),
        (&["sessions"], 2),
        (&["--version"], 0),
    ] {
        let run = || {
            let mut command = command(&[], r#"exec "$@""#, server.address(), arguments);
            command.stdout(nobody()).stderr(nobody());
            watched(command.spawn().expect("sh starts"))
        };
        assert_eq!(run().code, code, "{arguments:?}");
    }
}

/// A pipe that nobody reads.
fn nobody() -> io::PipeWriter {
    io::pipe().expect("a pipe").1
}

#[test]
fn a_drop_on_a_full_disk_is_told_by_the_exit_code() {
    let server = server();
    let drop = |around: &[&str], script: &str, audit: &[&str]| {
        let (session, id) = open_session(&server);
        let arguments = [&["sessions", "drop", "-y", &id, "--force"], audit].concat();
        let run = run(around, script, server.address(), &arguments);
        let dropped = !server.witness().sessions().contains(&id);
        std::mem::drop(session);
        (run, dropped)
    };
    let (run, dropped) = drop(&[], r#"exec "$@" >/dev/full"#, &[]);
    assert_eq!((run.code, dropped), (3, true), "{run:#?}");
    let told = "1 session dropped\n\
                error: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!(run.redacted().stderr, told);
    let (run, dropped) = drop(&[], r#"exec "$@" >/dev/full 2>&1"#, &[]);
    assert_eq!((run.code, dropped), (3, true), "{run:#?}");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let disk = folder.path().to_str().expect("a path of ours is text");
    let full = |inodes: u32| {
        format!(
            r#"mount -t tmpfs -o size=4k,nr_inodes={inodes} none '{disk}' && {{ yes >'{disk}/filler' 2>/dev/null; exec "$@"; }}"#
        )
    };
    let Some(around) = mounting(&full(3)) else { return };
    let audit = format!("{disk}/audit.jsonl");
    let audit = ["--audit", &audit];
    let (run, dropped) = drop(&around, &full(3), &audit);
    assert_eq!((run.code, dropped), (3, true), "{run:#?}");
    assert!(run.stderr.contains("\nerror: cannot write the audit to "), "{run:#?}");
    let (run, dropped) = drop(&around, &full(2), &audit);
    assert_eq!((run.code, dropped), (2, false), "{run:#?}");
    assert!(
        run.stderr
            .ends_with("hint: nothing was dropped; name a file with --audit that can be written\n")
    );
}

/// The loader of programs itself needs some, and memory.
#[test]
fn where_there_is_too_little_of_anything_it_is_told() {
    let server = server();
    let healthy = Pipeline::running(&server, &Options::default());
    let used_up = "error: cannot go on: Too many open files (os error 24)\n\
                 hint: raise the limit of descriptors or of threads, as with `ulimit -n 64`\n";
    for (arguments, code, told) in [
        (&["sessions", "list"][..], 69, used_up),
        (&["sessions", "reap", "--kill"], 69, used_up),
        (&["sessions", "watch", "--reap", "-o", "jsonl"], 69, used_up),
        (&["sessions", "wait", "--for", "live", "SYSTEM"], 69, used_up),
        (
            &["run", "--", "true"],
            126,
            "error: cannot guard a command: Too many open files (os error 24)\n\
             hint: it takes Linux 5.3 or newer with /proc; nothing was started\n",
        ),
    ] {
        for descriptors in [6, 8, 12] {
            let few = format!(r#"ulimit -n {descriptors}; exec "$@""#);
            let run = run(&[], &few, server.address(), arguments);
            let wanted = Run { code, stdout: String::new(), stderr: told.into() };
            assert_eq!(run, wanted, "{descriptors}: {arguments:?}");
        }
    }
    let named = server.address().replace("127.0.0.1", "localhost");
    let id = server.witness().sessions().remove(0);
    for pages in (12..=24).map(|megabytes| megabytes * 1000) {
        let little = format!(r#"ulimit -v {pages}; ulimit -c 0; exec "$@""#);
        for arguments in [
            &["sessions", "list"][..],
            &["sessions", "drop", &id, "--kill"],
            &["run", "--", "true"],
        ] {
            let run = run(&[], &little, &named, arguments);
            assert_ne!(run.code, 70, "{pages} KiB: {arguments:?}: {run:#?}");
            assert!(!run.stderr.contains("panicked"), "{pages} KiB: {arguments:?}: {run:#?}");
        }
    }
    assert_eq!(server.witness().sessions(), [id]);
    assert_full_rate(&healthy);
}

/// What hides processes from graphctl: all of them, and those of others.
pub(crate) const HIDING: [&str; 2] = [
    r#"mount -t tmpfs none /proc && exec "$@""#,
    r#"mount -t proc -o hidepid=invisible none /proc && exec setpriv --reuid 65534 --clear-groups "$@""#,
];

/// Where graphctl sees no process, the server's machine shows which hold a session. It is only the server's word: no
/// process is ended for it.
#[test]
fn where_processes_are_hidden_the_server_shows_them_and_none_is_ended() {
    for script in HIDING {
        let Some(around) = mounting(script) else { continue };
        let server = server();
        let headless = phantom(&server, Phantom::MainKilledFlowing, "SYSTEM");
        wait_until_judged(&server, "stale headless");
        let family = headless.family();
        let deadline = Instant::now() + PATIENCE;
        while !server.witness().sessions_of("SYSTEM").is_empty() {
            let reap = ["sessions", "reap", "--kill", "--component", "SYSTEM*"];
            let reap = run(&around, script, server.address(), &reap);
            assert!(matches!(reap.code, 0 | 3), "{script}: {reap:#?}");
            assert!(Instant::now() < deadline, "{script}: {reap:#?}");
        }
        assert_eq!(headless.family(), family, "{script}");
    }
}

/// The pids of its `/proc` mean other processes to graphctl, or none.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn nothing_is_ended_by_the_pids_of_another_namespace() {
    let around = ["unshare", "--pid", "--fork", "--kill-child"];
    let possible = Command::new(around[0]).args(&around[1..]).arg("true").status();
    if !possible.is_ok_and(|it| it.success()) {
        eprintln!("skipped: this machine makes no pid namespaces");
        return;
    }
    let server = server();
    let headless = quiet_phantom(&server, Phantom::MainKilled, "SYSTEM");
    wait_until_judged(&server, "stale headless");
    let family = headless.family();
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let drop = ["sessions", "drop", "-y", "--force", "--kill", &id];
    let told = run(&around, r#"exec "$@""#, server.address(), &drop);
    assert_eq!(told.code, 0, "{told:#?}");
    assert!(told.stderr.contains(") ran on the server's machine, "), "{told:#?}");
    assert!(!told.stderr.contains("end") && !told.stderr.contains("kill "), "{told:#?}");
    assert_eq!(headless.family(), family);
}

#[test]
fn a_process_that_is_hidden_is_not_ended() {
    let server = server();
    let tap = Client::stubborn_session(&server, "HELD");
    let Some(around) = mounting(HIDING[0]) else { return };
    let drop = ["sessions", "drop", "-y", "--force", "--kill", tap.session_id()];
    let told = run(&around, HIDING[0], server.address(), &drop);
    let elsewhere = format!(
        ") ran on the server's machine, and may still be running; on that machine: ps -fp {}\n1 session dropped\n",
        tap.pid()
    );
    assert_eq!((told.code, told.stderr.lines().count()), (0, 2), "{told:#?}");
    assert!(told.stderr.ends_with(&elsewhere), "{told:#?}");
    assert!(tap.events().iter().all(|event| event["event"] != "asked"));
}
