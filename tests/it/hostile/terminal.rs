//! The same names where a person sits: tables, questions and the live view, byte for byte as they reach the terminal.

use super::names::{OTHER, assert_harmless, server};
use crate::dialogue::REGISTER;
use crate::fake::Fake;
use crate::fake::Step::{Expect, Gone, Hold};
use crate::screen::Screen;

/// What is left of what was written to a terminal when all is taken away that graphctl means: colours, and the moves
/// of the cursor.
fn without_own_sequences(written: &str) -> String {
    let own = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]|\r").expect("a pattern");
    own.replace_all(written, "").into_owned()
}

#[test]
fn a_table_keeps_its_columns_at_a_terminal() {
    for (columns, arguments) in
        [(80, &["-q", "sessions", "list"][..]), (50, &["sessions", "show", OTHER])]
    {
        let fake = Fake::start(server(1));
        let screen = Screen::run(fake.address(), arguments, columns, 50);
        let written = without_own_sequences(&screen.written());
        fake.finish();
        assert_harmless(&written);
        assert!(written.contains("<\\u{1b}[2J"), "{written}");
        for line in written.lines() {
            let wide = line.chars().filter(|it| *it != '\u{301}').count();
            assert!(wide <= columns.into(), "{wide} columns: {line}");
        }
    }
}

#[test]
fn a_question_is_asked_about_harmless_names() {
    let fake = Fake::start([server(1), vec![Gone]].concat());
    let screen = Screen::run(fake.address(), &["sessions", "reap"], 80, 24);
    screen.wait_for("Drop 1 session? [y/N]");
    screen.press("n\n");
    let written = without_own_sequences(&screen.written());
    fake.finish();
    assert!(written.contains("ROOT/KEY<") && written.contains("nothing was dropped"), "{written}");
    assert_harmless(&written);
}

#[test]
fn the_live_view_shows_no_name_raw() {
    let fake = Fake::start([server(1), vec![Expect(REGISTER), Hold]].concat());
    let screen =
        Screen::run(fake.address(), &["sessions", "watch", "--interval", "200ms"], 120, 30);
    screen.wait_for("ROOT/KEY<\\u{1b}[2J");
    screen.wait_for("LOCKED: ");
    fake.held();
    screen.press("\r");
    screen.wait_for("stale ghost for");
    screen.press("G");
    screen.wait_for("a drop takes");
    screen.press("qd");
    screen.wait_for("Drop 1 session? [y/N]");
    screen.press("nq");
    let written = without_own_sequences(&screen.written());
    fake.release();
    fake.finish();
    assert_harmless(&written);
}
