//! `run`: commands and their ends, signals, terminals.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use graphctl::host;
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT};
use signal_hook::flag;

use crate::lab::{self, Client, PATIENCE, Process, Server, Side};
use crate::run::{GRAPHCTL, Run, expect, graphctl, graphctl_with_input};
use crate::screen::Screen;
use crate::stage::server;

/// Where no server is, and none is asked for.
pub(crate) const NOWHERE: &str = "127.0.0.1:1";

/// Longer than any test waits.
const FOR_EVER: [&str; 2] = ["--grace", "1h"];

fn sh(script: &str) -> Run {
    graphctl(NOWHERE, &["run", "--", "sh", "-c", script])
}

/// One of the lab's commands under guard.
pub(crate) fn guarded(address: &str, options: &[&str], arguments: &[&str]) -> Process {
    let launcher = [&[GRAPHCTL, "--address", address, "run"], options, &["--"]].concat();
    let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
    Process::start(&Side::run_by(&launcher), &python(), "commands.py", &arguments)
}

/// What a script runs in its background ignores Ctrl-C, and under `nohup` SIGHUP too; so do all processes that it
/// starts, the tests among them. A handler ends that, because no process inherits it.
pub(crate) fn heed_the_terminal() {
    for signal in [SIGHUP, SIGINT, SIGQUIT].into_iter().filter(|it| host::ignores(*it)) {
        flag::register(signal, Arc::default()).expect("it can be handled");
    }
}

fn python() -> PathBuf {
    lab::ezmsg("3.9.0")
}

pub(crate) fn pid_in(process: &Process, event: &str) -> u32 {
    let pid = process.wait_event(event, PATIENCE)["pid"].as_u64().expect("a pid");
    u32::try_from(pid).expect("process ids are small")
}

/// Whoever has ended was reaped too.
fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

pub(crate) fn code(process: &mut Process) -> Option<i32> {
    process.wait_exit(PATIENCE).code()
}

#[test]
fn a_command_exits_as_it_does() {
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill $$", 143)] {
        expect(&sh(script), code, "", "");
    }
}

#[test]
fn where_no_server_is_nothing_has_to_be_reaped() {
    expect(&graphctl(NOWHERE, &["run", "--reap", "--", "sh", "-c", "exit 3"]), 3, "", "");
}

/// As under `nohup`, and in the background of a script.
#[test]
fn what_is_ignored_stays_ignored() {
    for run in ["run", "run --reap"] {
        let script = format!(
            "trap '' HUP INT; exec {GRAPHCTL} --address {NOWHERE} {run} -- \
             sh -c 'kill -HUP $$; kill -INT $$; kill -TERM $$'"
        );
        let status = Command::new("sh").args(["-c", &script]).status();
        assert_eq!(status.expect("sh starts").code(), Some(143), "{run}");
    }
}

/// Of a shell that executed graphctl: what that had started is none of the tree, not even when the guard is killed,
/// and a command may exit as a bug in graphctl would.
#[test]
fn what_was_there_before_is_left_alone() {
    for (end, code) in [("exit 70", 70), ("kill -KILL $PPID; sleep 300", 143)] {
        let script = format!(
            "(sleep 300 & echo $!) ; sleep 300 & echo $!; \
             exec {GRAPHCTL} --address {NOWHERE} run -- sh -c '{end}'"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        let mut process = Process::spawn(script.clone(), command);
        assert_eq!(process.wait_exit(PATIENCE).code(), Some(code), "{}", process.stderr());
        let before = process.events();
        assert_eq!(before.len(), 2);
        for pid in before.iter().map(|pid| pid.as_u64().expect("a pid")) {
            assert!(is_there(u32::try_from(pid).expect("a small one")), "{pid} was ended");
        }
    }
}

#[test]
fn a_command_that_cannot_be_started_is_told() {
    let start = |command| graphctl(NOWHERE, &["run", "--", command]);
    let missing = "error: cannot start 'no-such-command': No such file or directory (os error 2)\n\
                   hint: check its name and PATH; nothing was started\n";
    expect(&start("no-such-command"), 127, "", missing);
    let not_executable = "error: cannot start '/etc/passwd': Permission denied (os error 13)\n\
                          hint: it must be an executable file; name the interpreter of a script, \
                          as in `graphctl run -- python FILE`\n";
    expect(&start("/etc/passwd"), 126, "", not_executable);
}

#[test]
fn a_command_line_without_a_command_is_refused() {
    for arguments in
        [&["run"][..], &["run", "--"], &["run", "true"], &["run", "--grace", "0", "--", "true"]]
    {
        let run = graphctl(NOWHERE, arguments);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{run:#?}");
        assert!(run.stderr.starts_with("error: "), "{run:#?}");
    }
}

#[test]
fn what_is_said_to_a_command_and_by_it_goes_through() {
    let arguments = ["run", "--", "sh", "-c", "cat; echo talk >&2"];
    expect(&graphctl_with_input(NOWHERE, &arguments, "data\n"), 0, "data\n", "talk\n");
}

#[test]
fn a_command_knows_the_server_that_was_named() {
    let echo = ["--", "sh", "-c", "echo $EZMSG_GRAPHSERVER_ADDR"];
    let named = graphctl(NOWHERE, &[&["--address", "lab:7", "run"], &echo[..]].concat());
    expect(&named, 0, "lab:7\n", "");
    let unnamed = graphctl("lab:8", &[&["run"], &echo[..]].concat());
    expect(&unnamed, 0, "lab:8\n", "");
}

/// By pid to graphctl, and to the whole group: that reaches the command anyway.
#[test]
fn each_signal_reaches_the_command_once() {
    heed_the_terminal();
    let mut process = guarded(NOWHERE, &[], &["signals"]);
    process.wait_event("ready", PATIENCE);
    let mut sent = vec!["INT", "TERM", "HUP", "QUIT", "USR1"];
    for name in sent.clone() {
        process.signal(name);
        process.wait_for(name, PATIENCE, |it| it["name"] == name);
    }
    process.interrupt();
    wait_interruptions(&process, 2);
    process.signal("USR2");
    sent.extend(["INT", "USR2"]);
    assert_eq!(code(&mut process), Some(0));
    let told = process.events().into_iter().filter(|it| it["event"] == "signal");
    let told: Vec<_> = told.map(|it| it["name"].clone()).collect();
    assert_eq!(told, sent);
}

fn wait_interruptions(process: &Process, number: usize) {
    let mut seen = 0;
    process.wait_for("interruptions", PATIENCE, |event| {
        seen += usize::from(event["name"] == "INT");
        seen == number
    });
}

#[test]
fn a_daemon_is_ended() {
    let mut process = guarded(NOWHERE, &FOR_EVER, &["daemon"]);
    let daemon = pid_in(&process, "daemon");
    assert_eq!(code(&mut process), Some(4));
    assert!(!is_there(daemon));
    let ended = format!("ended 1 process that was left: pid {daemon} (");
    process.wait_stderr(PATIENCE, &[&ended]);
}

#[test]
fn who_does_not_end_when_asked_is_killed_after_the_grace() {
    let mut process = guarded(NOWHERE, &["--grace", "1200ms"], &["stubborn"]);
    let stubborn = pid_in(&process, "stubborn");
    assert_eq!(code(&mut process), Some(5));
    assert!(!is_there(stubborn));
    let waiting = "waiting up to 1s 200ms (or Ctrl-C) for 1 process that was asked to end: pid ";
    let killed = "killed 1 process that was left and did not end when asked: pid ";
    process.wait_stderr(PATIENCE, &[killed]);
    let said = process.stderr();
    let lines: Vec<_> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with(waiting), "{said}");
    assert!(lines[1].starts_with(killed), "{said}");
}

#[test]
fn who_forks_instead_of_ending_is_killed_after_the_grace() {
    let mut process = guarded(NOWHERE, &["--quiet", "--grace", "100ms"], &["forking"]);
    assert_eq!(code(&mut process), Some(6));
    assert_eq!((process.family(), process.stderr()), (vec![], String::new()));
}

fn script(name: &str) -> String {
    format!("{}/tests/lab/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The first Ctrl-C ends the command, and the second the wait for what it left.
#[test]
fn a_second_ctrl_c_cuts_the_grace_short() {
    heed_the_terminal();
    let body = "(trap '' INT TERM; echo ready; exec sleep 120) & wait";
    let run = ["run", "--grace", "1h", "--", "sh", "-c", body];
    let terminal = Screen::run(NOWHERE, &run, 120, 24);
    terminal.wait_for("ready");
    terminal.press("\u{3}");
    terminal.wait_for("waiting up to 1h (or Ctrl-C) for 1 process");
    terminal.press("\u{3}");
    terminal.wait_for("killed 1 process that was left and did not end when asked");
    assert_eq!(terminal.expect_restored().code(), Some(130));
}

/// The terminal tells everybody; who passed that on would interrupt the command's clean end.
#[test]
fn ctrl_c_reaches_the_command_once_and_ctrl_z_stops_and_fg_goes_on() {
    let mut sh = Command::new("sh");
    let shell = Screen::of(sh.arg("-i"), 200, 50);
    let times = |text: &str, number: usize| {
        shell.wait(text, |shown| shown.matches(text).count() == number);
    };
    let (python, script) = (python(), script("commands.py"));
    shell.press(&format!(
        "{GRAPHCTL} --address {NOWHERE} run -- {} {script} signals\n",
        python.display()
    ));
    shell.wait_for("{\"event\": \"ready\"");
    shell.press("\u{3}");
    times("\"name\": \"INT\"", 1);
    shell.press("\u{1a}");
    times("Stopped", 1);
    // The command hears of it when it goes on, and is in the foreground by then.
    shell.press("kill -USR1 %1; fg\n");
    shell.wait_for("\"name\": \"USR1\"");
    shell.press("\u{3}");
    times("\"name\": \"INT\"", 2);
    shell.press("\u{1a}");
    times("Stopped", 2);
    shell.press("kill -USR2 %1; fg\n");
    shell.wait_for("\"name\": \"USR2\"");
    shell.press("echo status $?\n");
    shell.wait_for("status 0");
    times("\"name\": \"INT\"", 2);
    shell.press("exit\n");
    assert!(shell.expect_restored().success());
}

#[test]
fn a_server_that_does_not_greet_holds_nobody_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address").to_string();
    let begun = Instant::now();
    let mut process = guarded(&address, &["--timeout", "1s"], &["connected", &address]);
    assert_eq!(code(&mut process), Some(7));
    assert!(begun.elapsed() < PATIENCE);
    process.wait_stderr(PATIENCE, &["what it may have left on the server was not cleared: "]);
}

/// Runs a command that leaves a session which the server does not rid itself of.
pub(crate) fn leave_a_ghost(server: &Server, options: &[&str], said: &str) -> Process {
    let mut process = guarded(server.address(), options, &["ghost", server.address()]);
    process.wait_event("greeted", PATIENCE);
    server.signal("STOP");
    process.tell("go on");
    process.wait_event("hung-up", PATIENCE);
    server.signal("CONT");
    assert_eq!(code(&mut process), Some(8));
    process.wait_stderr(PATIENCE, &[said]);
    process
}

fn sessions(server: &mut Server) -> Value {
    server.state()["clients"]["SessionInfo"].clone()
}

#[test]
fn what_the_server_does_not_notice_is_dropped() {
    let mut server = server();
    let other = Client::observer(&server);
    server.ghost();
    leave_a_ghost(&server, &[], "1 session dropped");
    // That of the other, and a ghost that is none of ours.
    assert_eq!(sessions(&mut server), 2);
    other.close();
}

#[test]
fn without_the_admin_channel_it_is_told_what_was_not_done() {
    let mut server = server();
    let not_cleared = "what it may have left on the server was not cleared: run needs the admin \
                       channel, which is switched off (--no-admin or GRAPHCTL_NO_ADMIN)";
    leave_a_ghost(&server, &["--no-admin"], not_cleared);
    assert_eq!(sessions(&mut server), 1);
}
