//! Who is asked before a drop, and where: the real binary at a real terminal, with its streams redirected.

use std::fs;
use std::process::Command;

use crate::lab::{Options, Pipeline, Server};
use crate::run::{GRAPHCTL, expect, graphctl};
use crate::screen::Screen;
use crate::stage::{assert_full_rate, server};

const QUESTION: &str = "Drop 1 session? [y/N]";

/// Runs a shell script at a terminal, with these arguments behind graphctl's own.
fn at_terminal(server: &Server, script: &str, arguments: &[&str]) -> Screen {
    let mut command = Command::new("sh");
    command.args(["-c", script, GRAPHCTL]).args(arguments);
    command.env("EZMSG_GRAPHSERVER_ADDR", server.address());
    Screen::of(&command, 200, 40)
}

fn live_pipeline(server: &Server) -> (Pipeline, String) {
    let pipeline = Pipeline::running(server, &Options::default());
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    (pipeline, id)
}

/// Each redirects at least one stream, and must not answer the question by that.
const REDIRECTED: [&str; 6] = [
    r#"echo y | "$0" sessions drop --force "$1"; echo status $?"#,
    r#"yes | "$0" sessions drop --force "$1" >/dev/null; echo status $?"#,
    r#""$0" sessions drop --force "$1" 2>/dev/null; echo status $?"#,
    r#""$0" sessions drop --force "$1" >/dev/null 2>&1; echo status $?"#,
    r#"x=$("$0" sessions drop --force "$1" -o name); echo "status $?""#,
    r#""$0" sessions drop --force "$1" </dev/null; echo status $?"#,
];

#[test]
fn a_person_is_asked_at_the_terminal_whatever_is_redirected() {
    let server = server();
    let (pipeline, id) = live_pipeline(&server);
    for script in REDIRECTED {
        let screen = at_terminal(&server, script, &[&id]);
        let shown = screen.wait_for(QUESTION);
        assert!(shown.contains("live") && shown.contains("SYSTEM"), "{script}: {shown}");
        screen.press("n\n");
        screen.wait_for("status 0");
        assert_eq!(server.witness().sessions_of("SYSTEM"), std::slice::from_ref(&id), "{script}");
    }
    assert_full_rate(&pipeline);
    let screen = at_terminal(&server, REDIRECTED[0], &[&id]);
    screen.wait_for(QUESTION);
    screen.press("y\n");
    screen.wait_for("1 session dropped");
    screen.wait_for("status 0");
}

#[test]
fn a_reap_asks_too_and_the_end_of_the_input_means_no() {
    let mut server = server();
    let id = server.ghost_of(&["GHOST"]);
    let script = r#""$0" sessions reap </dev/null 2>/dev/null; echo status $?"#;
    let screen = at_terminal(&server, script, &[]);
    screen.wait_for(QUESTION);
    screen.press("\u{4}");
    screen.wait_for("status 0");
    assert_eq!(server.witness().sessions_of("GHOST"), [id]);
}

/// What was typed while the server was looked at cannot be meant as an answer.
#[test]
fn what_was_typed_before_the_question_does_not_answer_it() {
    let mut server = server();
    let id = server.ghost_of(&["GHOST"]);
    // The terminal takes the line before graphctl starts.
    let script = r#"echo ready; read go; "$0" sessions reap; echo status $?"#;
    let screen = at_terminal(&server, script, &[]);
    screen.wait_for("ready");
    screen.press("go\ny\n");
    screen.wait_for(QUESTION);
    assert_eq!(server.witness().sessions_of("GHOST"), [id]);
    screen.press("n\n");
    screen.wait_for("nothing was dropped");
}

/// A terminal keeps no more than some thousand characters: a long text arrives in pieces.
#[test]
fn a_long_paste_does_not_answer_the_question() {
    let server = server();
    let (pipeline, id) = live_pipeline(&server);
    let script = r#"echo ready; "$0" sessions drop --force "$1"; echo status $?"#;
    let screen = at_terminal(&server, script, &[&id]);
    screen.wait_for("ready");
    screen.press(&"y\n".repeat(9000));
    screen.wait_for("[y/N]");
    assert_eq!(server.witness().sessions_of("SYSTEM"), std::slice::from_ref(&id));
    screen.press("n\n");
    screen.wait_for("nothing was dropped");
    assert_full_rate(&pipeline);
}

/// `while read id; do graphctl sessions drop "$id"; done < ids`
#[test]
fn each_drop_of_a_loop_asks_and_none_reads_the_input_of_the_loop() {
    let mut server = server();
    let ids = ["ONE", "TWO", "THREE"].map(|key| server.ghost_of(&[key]));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let list = folder.path().join("ids");
    fs::write(&list, ids.join("\n") + "\n").expect("our own folder");
    let script = r#"while read id; do clear; "$0" sessions drop "$id"; done < "$1"; echo done"#;
    let screen = at_terminal(&server, script, &[list.to_str().expect("text")]);
    for (key, answer) in [("ONE", "y\n"), ("TWO", "n\n"), ("THREE", "y\n")] {
        screen.wait("the next question", |it| it.contains(key) && it.contains(QUESTION));
        screen.press(answer);
    }
    screen.wait_for("done");
    let left = server.witness().sessions();
    assert!(left.contains(&ids[1]) && !left.contains(&ids[0]) && !left.contains(&ids[2]));
}

#[test]
fn a_forced_drop_without_a_terminal_requires_yes() {
    let mut server = server();
    let (pipeline, id) = live_pipeline(&server);
    let ghost = server.ghost_of(&["GHOST"]);
    let drop = ["sessions", "drop", "--force", &ghost, &id];
    let refused = graphctl(server.address(), &drop);
    expect(
        &refused,
        3,
        "ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  AGE  stale ghost  refused  GHOST\n\
         SHORTID  AGE  live  refused  SYSTEM, SYSTEM/PUB, SYSTEM/SUB\n",
        "FULL-ID refused: nothing is dropped, because another id of this command requires -y\n\
         FULL-ID refused: it is live, not proven dead, and there is no terminal to ask at; \
         to drop it anyway: graphctl sessions drop --force -y FULL-ID\n\
         0 sessions dropped\n",
    );
    assert_eq!(server.witness().sessions_of("GHOST"), std::slice::from_ref(&ghost));
    assert_full_rate(&pipeline);
    let dead = graphctl(server.address(), &["sessions", "drop", "--force", &ghost]);
    assert_eq!(dead.code, 0, "{dead:#?}");
    let forced = graphctl(server.address(), &["sessions", "drop", "--force", &id, "-y"]);
    assert_eq!((forced.code, server.witness().sessions_of("SYSTEM")), (0, vec![]), "{forced:#?}");
}
