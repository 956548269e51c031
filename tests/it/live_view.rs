//! The live view of `sessions watch`: the real binary at a terminal, on a real server.

use std::process::Command;

use graphctl::select::Filter;
use graphctl::watch::live::{Live, Theme};
use graphctl::watch::state::State;

use crate::lab::{Options, Pipeline};
use crate::run::{command, expect, finish, graphctl};
use crate::screen::Screen;
use crate::stage::{assert_full_rate, server};

const WATCH: [&str; 4] = ["sessions", "watch", "--interval", "200ms"];

#[test]
fn a_person_finds_a_phantom_and_drops_it() {
    let mut server = server();
    let healthy = Options { name: "HEALTHY".into(), ..Options::two_processes() };
    let healthy = Pipeline::running(&server, &healthy);
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]);
    let screen = Screen::run(server.address(), &WATCH, 80, 24);
    let shown = screen.wait_for("stale ghost");
    assert!(shown.contains("HEALTHY") && shown.contains("2 sessions"), "{shown}");
    screen.wait("the rate of the healthy one", |shown| {
        shown.lines().any(|line| line.contains("HEALTHY") && line.contains("live"))
    });

    // The healthy one is selected: it is the oldest.
    screen.press("d");
    screen.wait_for("left alone: it is live, not proven dead (every unit has its process");
    screen.press("j");
    screen.wait("the other row", |shown| {
        shown.lines().any(|it| it.starts_with('▸') && it.contains("stale"))
    });
    screen.press("\r");
    let details = screen.wait_for("a drop takes");
    let id = details.lines().find_map(|line| line.strip_prefix("session")).expect("an id").trim();
    let told = graphctl(server.address(), &["sessions", "show", id]).stdout;
    let told = told.lines().filter(|it| it.starts_with("components") || it.starts_with("next"));
    told.for_each(|line| assert!(details.contains(line), "{line} is not in\n{details}"));
    screen.press("q");

    screen.press("d");
    screen.wait_for("Drop 1 session? [y/N]");
    screen.press("n");
    screen.wait_for("nothing was dropped");
    assert_eq!(server.witness().sessions_of("SYSTEM").len(), 1);
    screen.press("r");
    screen.wait_for("a drop takes  the session");
    screen.resize(40, 10);
    screen.wait("the question on a small screen", |shown| {
        shown.lines().count() <= 10 && shown.ends_with("Drop 1 session? [y/N]")
    });
    screen.resize(80, 24);
    screen.press("y");
    screen.wait_for("\ndropped ");
    assert_eq!(server.witness().sessions_of("SYSTEM").len(), 0);
    // What was told stays until a key is pressed.
    screen.press("k");
    screen.wait("its row to leave", |shown| !shown.contains("SYSTEM"));
    screen.press("q");
    assert!(screen.expect_restored().success());
    assert_full_rate(&healthy);
}

#[test]
fn it_is_filtered_sorted_explained_and_resized() {
    let server = server();
    let _one = Pipeline::running(&server, &Options { name: "ONE".into(), ..Options::default() });
    let _two = Pipeline::running(&server, &Options { name: "TWO".into(), ..Options::default() });
    let screen = Screen::run(server.address(), &WATCH, 100, 20);
    screen.wait_for("TWO/SUB");
    screen.press("/TWO\r");
    screen.wait("only one of them", |shown| {
        !shown.contains("ONE/SUB") && shown.contains("1 of 2 sessions /TWO")
    });
    screen.press("\u{1b}");
    screen.wait_for("ONE/SUB");
    screen.press("s");
    screen.wait_for("sorted by idle time");
    screen.wait_for("IDLE▾");
    screen.press("?");
    screen.wait_for("everything that is known of it");
    screen.press("?");
    // Nobody could let it go on: this terminal has no shell.
    screen.press("\u{1a}");
    screen.resize(40, 10);
    let shown = screen.wait("a small screen", |shown| {
        shown.contains("STATE") && !shown.contains("AGE") && shown.contains("ONE")
    });
    assert!(shown.lines().all(|line| line.chars().count() <= 40), "{shown}");
    screen.press("q");
    assert!(screen.expect_restored().success());
}

/// As a person's hand does who drags a window's corner and types on.
#[test]
fn a_key_is_heard_that_is_pressed_in_the_moment_of_a_resize() {
    let server = server();
    let screen = Screen::run(server.address(), &WATCH, 80, 24);
    screen.wait_for("looked");
    for turn in 0..200 {
        screen.resize(80, 24 + turn % 2);
        screen.press("?");
        let explained = turn % 2 == 0;
        screen.wait(if explained { "help" } else { "the list" }, |shown| {
            shown.contains("everything that is known") == explained
        });
    }
    screen.press("q");
    assert!(screen.expect_restored().success());
}

/// What brings it to an end, its exit status, and how that is done.
type End = (&'static str, i32, fn(&Screen));

/// However it ends, the terminal is as it was.
#[test]
fn the_terminal_is_given_back_at_every_end() {
    let server = server();
    let ends: [End; 5] = [
        ("q", 0, |screen| screen.press("q")),
        ("Ctrl-C", 130, |screen| screen.press("\u{3}")),
        ("SIGTERM", 0, |screen| screen.signal("TERM")),
        ("SIGINT", 130, |screen| screen.signal("INT")),
        ("SIGHUP", 0, |screen| screen.signal("HUP")),
    ];
    for (end, code, come) in ends {
        let screen = Screen::run(server.address(), &WATCH, 80, 24);
        screen.wait_for("no sessions");
        come(&screen);
        assert_eq!(screen.expect_restored().code(), Some(code), "{end}");
    }
}

#[test]
fn without_a_server_it_says_so_and_goes_on() {
    let screen = Screen::run("127.0.0.1:1", &WATCH, 80, 24);
    screen.wait_for("no GraphServer at 127.0.0.1:1");
    screen.press("q");
    assert!(screen.expect_restored().success());
}

#[test]
fn a_table_needs_a_terminal() {
    let arguments = [&WATCH[..], &["-o", "table"]].concat();
    let told = "error: the live view needs a terminal on standard output\n\
                hint: -o jsonl tells what happens, an event a line\n";
    expect(&graphctl("127.0.0.1:1", &arguments), 2, "", told);
    let mut dumb = command("127.0.0.1:1", &arguments);
    expect(&finish(dumb.env("TERM", "dumb").spawn().expect("graphctl starts")), 2, "", told);
}

/// What another test runs at a terminal: it is not to pass.
#[test]
#[ignore = "it panics, for the test below"]
fn a_view_that_panics() {
    let theme = Theme { color: false, unicode: true };
    let mut live = Live::open(theme, "nowhere".into()).expect("a terminal");
    live.draw(&State::new(Filter::default())).expect("it can be drawn");
    panic!("a bug in the live view");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told_there() {
    let this = std::env::current_exe().expect("this test is a program");
    let mut test = Command::new(this);
    test.args(["--ignored", "--exact", "live_view::a_view_that_panics", "--nocapture"]);
    let screen = Screen::of(&test, 80, 24);
    let told = screen.wait_for("a bug in the live view");
    assert!(!told.contains("Enter details"), "it is told on the screen from before:\n{told}");
    assert_eq!(screen.expect_restored().code(), Some(101));
}
