//! Every command ends soon after a signal, whatever blocks it, and with its documented exit code.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::blocking::{Command as AtTerminal, open};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::dialogue::opening;
use crate::fake::Step::{Gone, Hold, Send};
use crate::fake::{Fake, session_reply, signal, watched};
use crate::guard::{NOWHERE, heed_the_terminal};
use crate::lab::{PATIENCE, Server};
use crate::run::{GRAPHCTL, Run, command};
use crate::screen::Screen;
use crate::stage::server;

/// What blocks a command.
#[derive(Clone, Copy, Debug)]
enum Block {
    /// Its standard input is a pipe that stays empty.
    Input,
    /// Its standard output is a full pipe.
    Output,
    /// Its standard error is a full pipe.
    Errors,
}

const INTERRUPTED: (&str, i32) = ("INT", 130);
const TERMINATED: (&str, i32) = ("TERM", 143);
const HUNG_UP: (&str, i32) = ("HUP", 143);
const SIGNALS: [(&str, i32); 3] = [INTERRUPTED, TERMINATED, HUNG_UP];

/// SIGTERM and SIGHUP are no failure of a watch.
const OF_WATCH: [(&str, i32); 3] = [INTERRUPTED, ("TERM", 0), ("HUP", 0)];

/// `run` exits as its command did.
const OF_RUN: [(&str, i32); 3] = [("INT", 7), ("TERM", 7), ("HUP", 7)];

type Row = (&'static [&'static str], Block, [(&'static str, i32); 3]);

const TABLE: [Row; 17] = [
    (&["sessions", "list"], Block::Output, SIGNALS),
    (&["sessions", "list", "-o", "json"], Block::Output, SIGNALS),
    (&["--no-admin", "sessions", "list", "-o", "jsonl"], Block::Output, SIGNALS),
    (&["--verbose", "sessions", "list"], Block::Errors, SIGNALS),
    (&["sessions", "show", "GHOST"], Block::Errors, SIGNALS),
    (&["sessions", "check", "--from", "-"], Block::Input, SIGNALS),
    (&["sessions", "check", "GHOST"], Block::Output, SIGNALS),
    (&["sessions", "wait", "--for", "free", "--from", "-"], Block::Input, SIGNALS),
    (&["sessions", "wait", "--for", "free", "NONE"], Block::Errors, SIGNALS),
    (&["sessions", "drop", "-n", "GHOST"], Block::Errors, SIGNALS),
    (&["sessions", "reap", "-n", "-o", "json"], Block::Output, SIGNALS),
    (&["sessions", "reap", "-n"], Block::Errors, SIGNALS),
    (&["server", "status"], Block::Output, SIGNALS),
    (&["sessions", "watch", "-o", "jsonl"], Block::Output, OF_WATCH),
    (&["sessions", "watch", "-o", "jsonl"], Block::Errors, OF_WATCH),
    (&["run", "-o", "json", "--", "sh", "-c", "exit 7"], Block::Output, OF_RUN),
    (&["run", "--", "/nonexistent"], Block::Errors, SIGNALS),
];

#[test]
fn a_signal_ends_a_blocked_command() {
    heed_the_terminal();
    let mut server = server();
    server.ghost_of(&["GHOST"]);
    thread::scope(|scope| {
        for row in &TABLE {
            let server = &server;
            scope.spawn(move || expect_ends(server, row));
        }
    });
}

fn expect_ends(server: &Server, (arguments, block, signals): &Row) {
    for (name, code) in signals {
        let (run, _other_end) = interrupted(server.address(), arguments, *block, name);
        let code = if matches!(arguments, ["run", "--", ..]) { run.code } else { *code };
        assert_eq!(run.code, code, "{name}: {arguments:?}, blocked by {block:?}: {run:#?}");
        assert!(run.code >= 0, "{name}: the signal itself ended {arguments:?}: {run:#?}");
    }
}

/// Sends a signal to a command that is blocked; also returns the other end of the pipe.
fn interrupted(address: &str, arguments: &[&str], block: Block, name: &str) -> (Run, OwnedFd) {
    let (read, write) = io::pipe().expect("a pipe can be made");
    let (read, write) = (OwnedFd::from(read), OwnedFd::from(write));
    let mut command = command(address, arguments);
    let other_end = match block {
        Block::Input => {
            command.stdin(read);
            write
        }
        Block::Output | Block::Errors => {
            fill(&write);
            let is_output = matches!(block, Block::Output);
            let full = Stdio::from(write);
            if is_output {
                command.stdout(full)
            } else {
                command.stderr(full)
            };
            read
        }
    };
    let child = command.spawn().expect("graphctl starts");
    wait_until_blocked(&child, arguments);
    signal(name, &child);
    (watched(child), other_end)
}

/// Fills a pipe, so that the next write to it blocks.
fn fill(pipe: &OwnedFd) {
    let flags = fcntl_getfl(pipe).expect("our own pipe");
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK).expect("our own pipe");
    let mut file = File::from(pipe.try_clone().expect("our own pipe"));
    let full = loop {
        if let Err(error) = file.write(&[b'x'; 4096]) {
            break error;
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    fcntl_setfl(pipe, flags).expect("our own pipe");
}

/// Waits until a thread of the command waits for a pipe or FIFO. The guard of `run` is a child of it.
fn wait_until_blocked(child: &Child, arguments: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    while !threads(child.id()).iter().any(|it| is_blocked(it)) {
        assert!(Instant::now() < deadline, "{arguments:?} is not blocked");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The folders in `/proc` of the threads of a process and of its children.
fn threads(pid: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let own: Vec<_> = tasks.map(|it| it.path().display().to_string()).collect();
    let children = own.iter().filter_map(|it| fs::read_to_string(format!("{it}/children")).ok());
    let children: Vec<u32> = children
        .flat_map(|it| it.split_whitespace().flat_map(str::parse).collect::<Vec<_>>())
        .collect();
    own.into_iter().chain(children.into_iter().flat_map(threads)).collect()
}

/// Whether a thread waits for a pipe, with the handlers of signals in place.
fn is_blocked(thread: &str) -> bool {
    let read = |name: &str| fs::read_to_string(format!("{thread}/{name}")).unwrap_or_default();
    let caught = read("status")
        .lines()
        .find_map(|it| u64::from_str_radix(it.strip_prefix("SigCgt:")?.trim(), 16).ok());
    let handles = caught.is_some_and(|it| it & (1 << 1) != 0 && it & (1 << 14) != 0);
    let blocked = ["pipe_read", "pipe_write", "wait_for_partner"];
    handles && blocked.iter().any(|it| read("wchan").contains(it))
}

/// Opening a FIFO blocks until its other end is opened.
#[test]
fn a_signal_ends_a_command_whose_open_blocks() {
    heed_the_terminal();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let fifo = folder.path().join("keys");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo starts").success());
    let from = ["--from", fifo.to_str().expect("text")];
    for command in [&["sessions", "check"][..], &["sessions", "wait", "--for", "free"]] {
        for (name, code) in SIGNALS {
            let arguments = [command, &from].concat();
            let child = self::command(NOWHERE, &arguments).spawn().expect("graphctl starts");
            wait_until_blocked(&child, &arguments);
            signal(name, &child);
            let run = watched(child);
            assert_eq!(run.code, code, "{name}: {arguments:?}: {run:#?}");
        }
    }
}

/// A server that stops in the middle of a reply.
#[test]
fn a_signal_ends_a_command_that_waits_for_the_server() {
    heed_the_terminal();
    for arguments in [
        &["sessions", "list"][..],
        &["--no-admin", "sessions", "list"],
        &["sessions", "check", "A"],
        &["sessions", "reap", "-n"],
        &["sessions", "watch", "-o", "jsonl"],
    ] {
        for (name, code) in if arguments[1] == "watch" { OF_WATCH } else { SIGNALS } {
            // The session is opened, so that no reply to that is waited for.
            let fake = Fake::start(opening([Send(session_reply()), Hold, Gone]));
            let run = fake.run_signalled(name, arguments);
            assert_eq!(run.code, code, "{name}: {arguments:?}: {run:#?}");
        }
    }
}

#[test]
fn a_signal_ends_a_question() {
    heed_the_terminal();
    let mut server = server();
    let id = server.ghost_of(&["GHOST"]);
    for arguments in [&["sessions", "reap"][..], &["sessions", "drop", &id]] {
        for (name, code) in SIGNALS {
            let screen = Screen::run(server.address(), arguments, 80, 24);
            screen.wait_for("Drop 1 session? [y/N]");
            screen.signal(name);
            assert_eq!(screen.expect_restored().code(), Some(code), "{name}: {arguments:?}");
        }
    }
    assert_eq!(server.witness().sessions_of("GHOST"), [id]);
}

/// As behind a connection that hangs, or after Ctrl-S.
#[test]
fn a_signal_ends_a_live_view_whose_terminal_accepts_no_output() {
    heed_the_terminal();
    let server = server();
    for (name, code) in OF_WATCH {
        let (pty, pts) = open().expect("there are terminals");
        pty.resize(pty_process::Size::new(100, 250)).expect("it has a size");
        let child = AtTerminal::new(GRAPHCTL)
            .args(["--address", server.address(), "sessions", "watch", "--interval", "100ms"])
            .env("TERM", "xterm-256color")
            .spawn(pts)
            .expect("graphctl starts");
        // The tick of each second changes the screen; a key has all of it drawn.
        let deadline = Instant::now() + PATIENCE;
        while !threads(child.id()).iter().any(|it| is_writing_to_terminal(it)) {
            (&pty).write_all(b"\x0c?").expect("it accepts keys");
            assert!(Instant::now() < deadline, "the terminal takes all of it");
            thread::sleep(Duration::from_millis(20));
        }
        signal(name, &child);
        assert_eq!(watched(child).code, code, "{name}");
        let modes = rustix::termios::tcgetattr(&pty).expect("it is a terminal").local_modes;
        assert!(modes.contains(rustix::termios::LocalModes::ICANON), "{name}: it is given back");
    }
}

fn is_writing_to_terminal(thread: &str) -> bool {
    let waits = fs::read_to_string(format!("{thread}/wchan")).unwrap_or_default();
    waits.contains("tty_write") || waits.contains("wait_woken")
}
