//! Terminals on which there is no room, and such as nobody knows.

use std::process::Command;

use crate::lab::{Options, Pipeline};
use crate::run::{GRAPHCTL, command};
use crate::screen::Screen;
use crate::stage::server;

const WATCH: [&str; 4] = ["sessions", "watch", "--interval", "200ms"];

/// One cell, a few, none at all, and none in one direction only.
const SIZES: [(u16, u16); 5] = [(1, 1), (2, 2), (0, 0), (80, 0), (0, 24)];

#[test]
fn a_live_view_without_room_is_there_again_when_there_is() {
    let mut server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    for (columns, rows) in SIZES {
        let screen = Screen::run(server.address(), &WATCH, columns, rows);
        server.wait_state("the live view", |it| it["clients"]["SessionInfo"] == 2);
        screen.resize(80, 24);
        for (key, picture) in [
            ("", "SYSTEM/PUB"),
            ("?", "everything that is known of it"),
            ("?", "quit"),
            ("\r", "last control"),
        ] {
            screen.press(key);
            screen.wait_for(picture);
            screen.resize(columns, rows);
            screen.resize(80, 24);
            screen.wait_for(picture);
        }
        screen.signal("TERM");
        assert!(screen.expect_restored().success(), "{columns}x{rows}");
        server.wait_state("its end", |it| it["clients"]["SessionInfo"] == 1);
    }
}

/// A serial line, and a container without a window, report no size.
#[test]
fn a_terminal_that_reports_no_size_has_80_columns_and_24_rows() {
    let mut server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    let usual = Screen::run(server.address(), &["sessions", "list"], 80, 24).written();
    for (columns, rows) in [(0, 0), (80, 0), (0, 24)] {
        let screen =
            Screen::of_reported(&command(server.address(), &WATCH), (80, 24), (columns, rows));
        screen.wait_for("SYSTEM/PUB");
        screen.wait_for("quit");
        screen.signal("TERM");
        assert!(screen.expect_restored().success(), "{columns}x{rows}");
        let list = command(server.address(), &["sessions", "list"]);
        let list = Screen::of_reported(&list, (80, 24), (columns, rows)).written();
        assert_eq!(list.lines().count(), usual.lines().count(), "{list}\n{usual}");
        let width = |text: &str| text.lines().map(|it| it.chars().count()).max();
        assert_eq!(width(&list), width(&usual), "{list}\n{usual}");
    }
    server.wait_state("its end", |it| it["clients"]["SessionInfo"] == 1);
}

/// What does not fit is forgotten by a terminal, although it may be as large as before when one looks.
#[test]
fn a_terminal_that_was_small_for_a_moment_shows_all_again() {
    let server = server();
    let screen = Screen::run(server.address(), &WATCH, 80, 24);
    let whole =
        screen.wait("a picture", |shown| shown.contains("no sessions") && shown.contains("quit"));
    for _ in 0..10 {
        screen.resize(2, 2);
        screen.resize(80, 24);
        let seen = |shown: &str| shown.lines().last() == whole.lines().last();
        screen.wait("the last line", seen);
    }
    screen.press("q");
    assert!(screen.expect_restored().success());
}

#[test]
fn tables_are_printed_without_room_for_them() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::default());
    for (columns, rows) in SIZES {
        for arguments in [
            &["sessions", "list"][..],
            &["sessions", "list", "-o", "wide"],
            &["sessions", "check", "FREE"],
            &["sessions", "reap", "--dry-run"],
            &["server", "status"],
            &["--help"],
        ] {
            let screen = Screen::run(server.address(), arguments, columns, rows);
            let status = screen.expect_restored();
            assert!(status.success(), "{columns}x{rows}: {arguments:?}: {status}");
        }
    }
}

#[test]
fn a_wide_terminal_also_tells_which_processes_there_are_and_why() {
    let server = server();
    let pipeline = Pipeline::running(&server, &Options::default());
    for (columns, told) in [(159, false), (160, true)] {
        let written = Screen::run(server.address(), &["sessions", "list"], columns, 24).written();
        let process = format!("{}@", pipeline.unit_pid("PUB"));
        assert_eq!(written.contains(&process), told, "{written}");
        let why = "every unit has its process, and 1 process answered";
        assert_eq!(written.contains(why), told, "{written}");
    }
}

#[test]
fn a_terminal_of_which_nobody_has_heard_shows_the_live_view_too() {
    let server = server();
    let mut unset = command(server.address(), &WATCH);
    unset.env_remove("TERM");
    let mut unknown = Command::new("env");
    unknown.args(["TERM=no such terminal", GRAPHCTL, "--address", server.address()]).args(WATCH);
    for terminal in [unset, unknown] {
        let screen = Screen::of(&terminal, 80, 24);
        screen.wait_for("no sessions");
        screen.press("q");
        assert!(screen.expect_restored().success(), "{terminal:?}");
    }
}
