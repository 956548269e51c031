//! What lasts over a second is told at a terminal, and leaves nothing there.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, openpt, ptsname, unlockpt};
use rustix::termios::{Action, tcflow};

use crate::lab::{Options, PATIENCE, Pipeline, free_address};
use crate::run::command;
use crate::screen::Screen;
use crate::stage::{server, wait_until_judged};

/// What is left to read of all that was written there.
fn left(written: &str) -> String {
    let mut terminal = vt100::Parser::new(24, 80, 0);
    terminal.process(written.as_bytes());
    terminal.screen().contents()
}

#[test]
fn a_reap_tells_that_it_looks_twice() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    wait_until_judged(&server, "stale");
    let screen = Screen::run(server.address(), &["sessions", "reap", "-y"], 80, 24);
    screen.wait_for("making sure, then dropping 1 session (1s)");
    let left = left(&screen.written());
    assert!(left.ends_with("1 session dropped") && !left.contains("making sure"), "{left}");
}

/// As Ctrl-S holds one up, or a connection that has stalled. What was dropped is on record all the same.
#[test]
fn a_terminal_that_is_held_up_holds_up_no_record() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    wait_until_judged(&server, "stale");
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    unlockpt(&keyboard).expect("it is ours");
    let name = ptsname(&keyboard, Vec::new()).expect("it has a name");
    let name = name.into_string().expect("it is text");
    let terminal = File::options().read(true).write(true).open(name).expect("it opens");
    tcflow(&terminal, Action::OOff).expect("it can be held up");

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let audit = folder.path().join("audit");
    let path = audit.to_str().expect("it is text");
    let mut reap = command(server.address(), &["sessions", "reap", "-y", "--audit", path]);
    let mut reap = reap.stderr(terminal).spawn().expect("graphctl starts");
    let deadline = Instant::now() + PATIENCE;
    while !fs::read_to_string(&audit).is_ok_and(|it| it.contains(r#""outcome":"dropped""#)) {
        assert!(Instant::now() < deadline, "it is not recorded");
        thread::sleep(Duration::from_millis(10));
    }
    let stdout = BufReader::new(reap.stdout.take().expect("it is piped"));
    let told = stdout.lines().map_while(Result::ok).any(|line| line.contains("dropped"));
    reap.kill().and_then(|()| reap.wait()).expect("it is ours");
    assert!(told);
}

#[test]
fn a_wait_tells_for_how_long_it_lasts_until_it_is_interrupted() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    let wait = ["sessions", "wait", "--for", "free", "SYSTEM"];
    let screen = Screen::run(server.address(), &wait, 80, 24);
    screen.wait_for("waiting for the keys to be free (2s)");
    screen.press("\x03");
    let left = left(&screen.written());
    assert!(!left.contains("waiting"), "{left}");
}

#[test]
fn what_else_is_said_stands_on_lines_of_its_own() {
    let nobody = free_address();
    let wait = ["sessions", "check", "--wait", "2s", "SYSTEM"];
    let screen = Screen::run(&nobody, &wait, 80, 24);
    screen.wait_for("waiting for the keys to be free");
    let left = left(&screen.written());
    assert!(left.starts_with(&format!("no GraphServer at {nobody}")), "{left}");
    assert!(left.contains("\nerror: no GraphServer"), "{left}");
    assert!(!left.contains("waiting for the keys"), "{left}");
}

#[test]
fn who_wants_quiet_has_it() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    let wait = ["-q", "sessions", "wait", "--for", "free", "SYSTEM", "--wait-timeout", "2s"];
    let written = Screen::run(server.address(), &wait, 80, 24).written();
    assert!(written.contains("SYSTEM") && !written.contains("waiting"), "{written}");
}
