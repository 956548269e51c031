//! `run -o json`: the last line of what is printed.

use std::fs::{self, OpenOptions};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use serde_json::{Value, json};

use crate::fake::signal;
use crate::guard::{NOWHERE, code, guarded, leave_a_ghost, pid_in};
use crate::lab::{PATIENCE, Process, schemas};
use crate::run::{command, finish, graphctl};
use crate::stage::server;

fn last_line(process: &Process) -> Value {
    process.wait_for("its last line", PATIENCE, |it| it["command"].is_array())
}

/// Starts a command that does not end by itself.
fn endless(script: &str) -> Process {
    let script = format!("echo '{{\"event\": \"ready\"}}'; {script}; exec sleep 300");
    let run = ["run", "-o", "json", "--reap", "--", "sh", "-c", &script];
    let process = Process::spawn(run.join(" "), command(NOWHERE, &run));
    process.wait_event("ready", PATIENCE);
    process
}

#[test]
fn the_last_line_tells_how_the_command_ended_whatever_it_has_printed() {
    for (script, printed, exit_code, signal) in [
        ("exit 0", "", json!(0), Value::Null),
        ("echo data; exit 3", "data\n", json!(3), Value::Null),
        ("printf '{'; kill -KILL $$", "{", Value::Null, json!(9)),
    ] {
        let arguments = ["sh", "-c", script];
        let mut run = command(NOWHERE, &[&["run", "-o", "json", "--"], &arguments[..]].concat());
        let output = run.output().expect("graphctl starts");
        let stdout = String::from_utf8(output.stdout).expect("it writes UTF-8");
        let (before, line) = stdout.trim_end().rsplit_once('\n').expect("a line of its own");
        assert_eq!(before, printed);
        let expected = json!({
            "schema_version": 1, "server": {"address": NOWHERE}, "command": arguments,
            "exit_code": exit_code, "signal": signal, "reaped": null, "cleared": true,
            "heirs": [], "targets": [], "collisions": [], "detail": null,
        });
        assert_eq!(schemas::documents(line), [expected]);
    }
}

/// A file shows whether a line has ended; of a pipe that is not known.
#[test]
fn no_empty_line_comes_before_the_last_line_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("output");
    for (append, before) in [(false, ""), (true, ""), (true, "earlier\n"), (true, "earlier")] {
        for printed in ["", "data\n", "{"] {
            fs::write(&file, before).expect("it can be written");
            let mut options = OpenOptions::new();
            let output = options.append(append).write(true).open(&file).expect("it is there");
            let arguments = ["run", "-o", "json", "--", "printf", "%s", printed];
            let mut run = command(NOWHERE, &arguments);
            finish(run.stdout(output).spawn().expect("graphctl starts"));
            let text = fs::read_to_string(&file).expect("text");
            let other = format!("{before}{printed}");
            let end = if other.is_empty() || other.ends_with('\n') { "" } else { "\n" };
            let line =
                text.strip_prefix(&format!("{other}{end}")).expect("what was printed before");
            assert!(line.starts_with('{') && line.ends_with("}\n"), "{text:?}");
            assert_eq!(schemas::documents(line).len(), 1);
        }
    }
}

#[test]
fn a_command_that_was_not_started_has_no_last_line() {
    let run = graphctl(NOWHERE, &["run", "-o", "json", "--", "no-such-command"]);
    assert_eq!((run.code, &*run.stdout), (127, ""), "{run:#?}");
}

#[test]
fn a_last_line_that_cannot_be_written_changes_nothing_of_how_it_ends() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
    let mut run = command(NOWHERE, &["run", "-o", "json", "--", "sh", "-c", "exit 3"]);
    let run = finish(run.stdout(Stdio::from(full)).spawn().expect("graphctl starts"));
    let told = "error: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!((run.code, &*run.stderr), (3, told));
}

/// The pipe is full of what the command has printed.
#[test]
fn ctrl_c_ends_the_wait_for_who_does_not_read_the_last_line() {
    let script = "trap '' INT; head -c 65536 /dev/zero; exit 3";
    let run = ["run", "-o", "json", "--", "sh", "-c", script];
    let mut child = command(NOWHERE, &run).spawn().expect("graphctl starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child can be waited for") {
            break status;
        }
        if ioctl_fionread(&stdout).expect("it is a pipe") == 65536 {
            signal("INT", &child);
        }
        assert!(Instant::now() < deadline, "it does not end");
        thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(status.code(), Some(3));
}

#[test]
fn each_process_that_was_left_is_told_with_its_end() {
    for (name, status, outcome) in [("daemon", 4, "ended"), ("stubborn", 5, "killed")] {
        let mut process = guarded(NOWHERE, &["-o", "json", "--grace", "2s"], &[name]);
        let pid = pid_in(&process, name);
        assert_eq!(code(&mut process), Some(status));
        let line = last_line(&process);
        let heirs = line["heirs"].as_array().expect("heirs");
        let told: Vec<_> = heirs.iter().map(|it| (&it["pid"], &it["outcome"])).collect();
        assert_eq!(told, [(&pid.into(), &outcome.into())], "{line:#}");
        assert!(heirs[0]["command"].as_str().is_some_and(|it| it.contains("python")), "{line:#}");
        assert_eq!(line["cleared"], true);
    }
}

/// The line of either is that of the other, but for what only the guard knew.
#[test]
fn whoever_is_left_of_the_two_graphctls_tells_it() {
    let guard_killed = endless("kill -KILL $PPID");
    let front_killed = endless("true");
    front_killed.signal("KILL");
    for (process, reaped) in [(guard_killed, Value::Null), (front_killed, json!([]))] {
        let line = last_line(&process);
        let told = [&line["exit_code"], &line["signal"], &line["reaped"], &line["cleared"]];
        assert_eq!(told, [&Value::Null, &15.into(), &reaped, &true.into()], "{line:#}");
    }
}

#[test]
fn what_was_dropped_before_and_after_is_told() {
    let mut server = server();
    server.ghost();
    let process = leave_a_ghost(&server, &["--reap", "-o", "json"], "1 session dropped");
    let line = last_line(&process);
    for when in ["reaped", "targets"] {
        let targets = line[when].as_array().expect("targets");
        let told: Vec<_> = targets.iter().map(|it| (&it["reason"], &it["outcome"])).collect();
        assert_eq!(told, [(&"ghost".into(), &"dropped".into())], "{when}: {line:#}");
    }
    assert_ne!(line["reaped"][0]["id"], line["targets"][0]["id"]);
    assert_eq!((&line["cleared"], &line["detail"]), (&true.into(), &Value::Null));
}

#[test]
fn what_could_not_be_done_is_told() {
    let server = server();
    let not_cleared = "what it may have left on the server was not cleared: ";
    let process = leave_a_ghost(&server, &["--no-admin", "-o", "json"], not_cleared);
    let line = last_line(&process);
    assert_eq!((&line["cleared"], &line["targets"]), (&false.into(), &json!([])), "{line:#}");
    let why =
        "run needs the admin channel, which is switched off (--no-admin or GRAPHCTL_NO_ADMIN)";
    assert_eq!(line["detail"], why);
}
