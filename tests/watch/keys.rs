//! What keys do in the live view.

use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use graphctl::model::{Holder, Holding, Link, Session};
use graphctl::reap::{Extent, Outcome, Report, Target};
use graphctl::watch::live::Order;
use graphctl::watch::live::ui::Wish;
use proptest::prelude::*;

use crate::made_up::{LOOK, inventory, link, session};
use crate::person::{Person, expect, laboratory, later};

#[test]
fn a_drop_is_asked_for_with_its_plan_and_only_yes_means_yes() {
    let mut person = Person::seeing(80, 24, later());
    person.press(KeyCode::Down);
    person.press(KeyCode::Char('d'));
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
ID        AGE     IDLE  STATE        COMPONENTS
97e16800  10m 0s  <1s   stale ghost  SYSTEM, SYSTEM/PUB, SYSTEM/SUB
a drop takes  the session
Drop 1 session? [y/N]",
    );
    assert_eq!(person.press(KeyCode::Enter), None);
    assert!(person.says("nothing was dropped"), "{}", person.screen());
    person.press(KeyCode::Char('d'));
    let id = session(LOOK - 600, "SYSTEM", &[]).id;
    let yes = person.press(KeyCode::Char('y'));
    assert_eq!(yes, Some(Wish::Order(Order::Drop(vec![id]))));
}

/// A healthy pipeline is never touched: not even asked about.
#[test]
fn what_is_not_proven_dead_cannot_be_dropped_from_here() {
    let mut person = Person::seeing(120, 30, later());
    for (name, verdict) in [("EEG", "live"), ("STUCK", "suspect unresponsive"), ("NEW", "starting")]
    {
        person.types("/");
        person.types(name);
        person.press(KeyCode::Enter);
        assert_eq!(person.press(KeyCode::Char('d')), None);
        let refused = format!("left alone: it is {verdict}, not proven dead (");
        assert!(person.screen().contains(&refused), "{}", person.screen());
        assert!(!person.screen().contains("--force"), "{}", person.screen());
        assert_eq!(person.press(KeyCode::Char('y')), None);
        assert_eq!(person.press(KeyCode::Char('r')), None);
        assert!(person.says("nothing here is proven dead"), "{}", person.screen());
        person.press(KeyCode::Esc);
    }
}

/// `python every_day.py`, pasted into a terminal that does not mark what is pasted.
#[test]
fn keys_that_were_pressed_before_the_question_was_shown_do_not_answer_it() {
    let mut person = Person::seeing(80, 24, later());
    for key in "python every_day.py".chars().chain("ryyy".chars()) {
        let wish = person.press_at_once(KeyCode::Char(key));
        assert!(matches!(wish, None | Some(Wish::Order(Order::Look))), "{wish:?}");
    }
    assert!(person.ui.ignores_answers());
    assert!(person.screen().ends_with("Drop 1 session?"), "{}", person.screen());
    person.ui.accept_answers();
    assert!(person.screen().ends_with("Drop 1 session? [y/N]"), "{}", person.screen());
    let id = session(LOOK - 600, "SYSTEM", &[]).id;
    assert_eq!(person.press(KeyCode::Char('y')), Some(Wish::Order(Order::Drop(vec![id]))));
    person.press_at_once(KeyCode::Char('r'));
    person.press_at_once(KeyCode::Esc);
    assert!(person.says("nothing was dropped"), "{}", person.screen());
}

#[test]
fn pasted_text_is_typed_where_text_is_typed_and_is_ignored_elsewhere() {
    let mut person = Person::seeing(80, 24, later());
    person.ui.paste("python every_day.py");
    assert!(person.says("text can be pasted after /"), "{}", person.screen());
    person.press(KeyCode::Char('r'));
    person.ui.paste("y");
    assert_eq!(person.press_at_once(KeyCode::Char('y')), None, "it may be a part of the text");
    assert!(person.screen().ends_with("Drop 1 session?"), "{}", person.screen());
    person.press(KeyCode::Esc);
    person.press(KeyCode::Char('/'));
    person.ui.paste("STU\u{1b}CK\nq");
    assert!(person.screen().ends_with("/STUCK"), "{}", person.screen());
}

/// It was proven dead when it was asked about, and is not any more.
#[test]
fn a_question_is_withdrawn_with_its_ground() {
    let mut person = Person::seeing(80, 24, later());
    person.types("r");
    person.watch.see(laboratory(1500, 16.0, true));
    assert!(person.says("97e16800-10ba-11f2-8000-000000000001 is live now"), "{}", person.screen());
    assert_eq!(person.press(KeyCode::Char('y')), None);
}

#[test]
fn a_reap_asks_about_all_that_are_shown_and_dead() {
    let mut person = Person::seeing(80, 24, later());
    person.types("r");
    let id = session(LOOK - 600, "SYSTEM", &[]).id;
    assert_eq!(person.press(KeyCode::Char('Y')), Some(Wish::Order(Order::Drop(vec![id]))));
    person.types("/EEG");
    person.press(KeyCode::Enter);
    person.types("r");
    assert!(person.says("nothing here is proven dead"), "{}", person.screen());
}

#[test]
fn rows_are_found_sorted_and_scrolled_to() {
    let many = (0..100).map(|second| session(LOOK - 500 + second, &format!("P{second}"), &["A"]));
    let mut person = Person::seeing(80, 12, vec![inventory(many.collect(), vec![])]);
    person.press(KeyCode::End);
    assert!(person.screen().contains("P99"), "{}", person.screen());
    assert!(!person.screen().contains("P0,"), "{}", person.screen());
    person.press(KeyCode::PageUp);
    assert!(person.screen().contains("P98"), "what is selected is in sight, and no more moves");
    person.press(KeyCode::Home);
    assert!(person.screen().contains("▸  "), "{}", person.screen());
    person.types("/P7?/A");
    person.press(KeyCode::Enter);
    assert!(person.screen().contains("P70") && !person.screen().contains("P8"));
    person.press(KeyCode::Esc);
    person.types("gssss");
    assert!(person.screen().lines().nth(2).is_some_and(|line| line.contains("P0,")));
    assert!(person.screen().contains("COMPONENTS▾") && person.says("sorted by components"));
    person.types("s");
    assert!(person.screen().contains("AGE▾"), "{}", person.screen());
}

#[test]
fn on_a_small_screen_a_refusal_is_told_in_full_and_a_question_is_seen() {
    let mut person = Person::seeing(40, 10, later());
    person.types("d");
    expect(
        &mut person,
        r"lab:25978 · 5 sessions, 1 stale
   ID        STATE                 COMP…
▸  e5110a00  live                  EEG,…
 ~ 97e16800  stale ghost           SYST…
   d9bede00  suspect unresponsive  STUC…
   eba08100  unknown               TWICE
left alone: it is live, not proven dead
(every unit has its process, and 1
process answered)
Enter details  d drop  ? help  q quit",
    );
    let mut look = later().remove(2);
    let gone = Some(Link { established: Some(false), handled: false, ..link() });
    let ghost = |it: u64| Session {
        link: gone.clone(),
        ..session(LOOK - 500 + it, &format!("P{it}"), &["A"])
    };
    look.sessions.extend((0..20).map(ghost));
    person.watch.see(look);
    person.types("r");
    expect(
        &mut person,
        r"lab:25978 · 25 sessions, 21 stale
97e16800  stale ghost, 10m 0s old:
          SYSTEM, SYSTEM/PUB,
          SYSTEM/SUB
d37c3200  stale ghost, 8m 20s old: P0,
          P0/A
d414c880  stale ghost, 8m 19s old: P1,
          P1/A
d4ad5f00  stale ghost, 8m 18s old: P2,
Drop 21 sessions? [y/N] arrows scroll",
    );
    assert_eq!(person.press(KeyCode::PageDown), None, "to read on is no answer");
    assert!(!person.screen().contains("97e16800"), "{}", person.screen());
    assert!(person.screen().contains("Drop 21 sessions? [y/N]"), "{}", person.screen());
}

/// What lives on of a process that was killed.
fn heir() -> Holder {
    Holder {
        own_pid: 7,
        start: 1,
        parent: 1,
        age: Duration::from_secs(800),
        command: "python".into(),
        state: 'S',
        serving: Some(false),
        lives_elsewhere: true,
        ..Holder::known_by_pid(100)
    }
}

#[test]
fn what_still_flows_is_told_beside_the_question() {
    let mut sends = laboratory(1000, 14.0, true);
    sends.sessions[0].holding =
        Some(Holding { holders: vec![heir()], unsure: None, ..Holding::default() });
    let mut person = Person::seeing(40, 10, vec![laboratory(100, 10.0, true), sends]);
    person.types("d");
    let told =
        "FLOWING: 1 of these still publishes 225\nmsg/s\nDrop 1 session? [y/N] arrows scroll";
    assert!(person.screen().ends_with(told), "{}", person.screen());
}

/// It is not to be taken for another one by whoever presses the next key.
#[test]
fn what_leaves_hands_on_to_its_neighbour() {
    let mut person = Person::seeing(80, 24, later());
    let chosen = |person: &mut Person| {
        let screen = person.screen();
        let row = screen.lines().find(|line| line.starts_with('▸'));
        row.map(|row| row.chars().skip(3).take(8).collect::<String>())
    };
    person.types("jj");
    assert_eq!(chosen(&mut person).as_deref(), Some("d9bede00"));
    let mut look = later().remove(2);
    look.processes.clear();
    look.sessions.remove(0);
    person.watch.see(look.clone());
    assert_eq!(chosen(&mut person).as_deref(), Some("d9bede00"), "others come and go");
    look.sessions.remove(1);
    for _ in 0..4 {
        person.watch.see(look.clone());
        person.screen();
    }
    assert_eq!(chosen(&mut person).as_deref(), Some("eba08100"));
}

#[test]
fn what_was_dropped_stands_there_once() {
    let mut person = Person::seeing(80, 24, later());
    let look = person.watch.state.look().expect("a look");
    let case = look.cases.iter().find(|case| case.verdict.is_stale()).expect("one is stale");
    let target = Target::ended(&look.inventory, case, Outcome::Dropped, String::new());
    let extent = Extent { dry_run: false, kill: false, free: false };
    let report = Report::new(look.inventory.server.clone(), extent, vec![target]);
    person.watch.state.drop_ended(report, SystemTime::now());
    let screen = person.screen();
    let rows: Vec<_> = screen.lines().filter(|row| row.contains("97e16800")).collect();
    assert_eq!(rows.len(), 1, "{screen}");
    assert!(rows[0].contains("dropped"), "{screen}");
    person.types("jd");
    assert!(person.says("it is gone"), "{}", person.screen());
}

#[test]
fn control_is_for_the_terminal() {
    let mut person = Person::seeing(80, 24, later());
    let control = |person: &mut Person, key| {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL);
        person.ui.press(key, &person.watch.state)
    };
    person.types("r");
    assert_eq!(control(&mut person, 'l'), Some(Wish::Redraw));
    assert_eq!(control(&mut person, 'z'), Some(Wish::Suspend));
    assert_eq!(control(&mut person, 'c'), Some(Wish::Order(Order::Interrupt)));
    assert!(person.screen().ends_with("Drop 1 session? [y/N]"), "{}", person.screen());
    assert_eq!(control(&mut person, 'y'), None, "that is no yes");
    assert!(person.says("nothing was dropped"), "{}", person.screen());
}

fn key() -> impl Strategy<Value = KeyCode> {
    let keys = ['j', 'k', 'd', 'r', '/', 's', '?', 'q', 'y', 'n', 'G', 'g', 'E', '*', '['];
    let moves = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::End,
        KeyCode::Home,
        KeyCode::PageDown,
        KeyCode::PageUp,
        KeyCode::Backspace,
    ];
    let keys = keys.map(KeyCode::Char).into_iter().chain(moves).collect::<Vec<_>>();
    proptest::sample::select(keys)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// And never is anything asked to go that is not proven dead.
    #[test]
    fn no_size_and_no_keys_are_too_much(
        width in 1..90_u16,
        height in 1..30_u16,
        keys in proptest::collection::vec((key(), 0..6_usize), 0..40),
    ) {
        let mut person = Person::at(width, height);
        let looks = [later(), vec![inventory(vec![], vec![])]].concat();
        for (key, look) in keys {
            if let Some(look) = looks.get(look) {
                person.watch.see(look.clone());
            }
            let dead = session(LOOK - 600, "SYSTEM", &[]).id;
            if let Some(Wish::Order(Order::Drop(ids))) = person.press(key) {
                let stale = |it: &&graphctl::judge::Case| it.verdict.is_stale();
                let look = person.watch.state.look().expect("it asked about something");
                let stale: Vec<_> = look.cases.iter().filter(stale).map(|it| it.id).collect();
                prop_assert!(ids.iter().all(|id| stale.contains(id) && *id == dead));
            }
            person.screen();
        }
    }
}
