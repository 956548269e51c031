//! The live view at several sizes.

use std::time::{Duration, Instant, SystemTime};

use crossterm::event::KeyCode;
use graphctl::watch::live::ui::{Ui, Wish};
use graphctl::watch::live::{Order, Theme};
use ratatui::style::Color;

use crate::made_up::{LOOK, inventory, session};
use crate::person::{PLAIN, Person, expect, later};

#[test]
fn a_wide_screen_shows_every_column() {
    let mut person = Person::seeing(120, 30, later());
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
   ID        AGE▾     IDLE     MSG/S  STATE                 FOR      CHANGE        COMPONENTS
▸  e5110a00  15m 0s   <1s        250  live                  4s                     EEG, EEG/PUB
 ~ 97e16800  10m 0s   <1s          -  stale ghost           <1s      was live      SYSTEM, SYSTEM/PUB, SYSTEM/SUB
   d9bede00  1m 0s    1m 0s        -  suspect unresponsive  4s                     STUCK, STUCK/A
   eba08100  30s      30s          -  unknown               4s                     TWICE
 - f1966200  20s      -            -  gone                  -        was unknown   TWICE
 + fce98d80  1s       1s           -  starting              <1s      new           NEW, NEW/A
Enter details  d drop  r reap  / filter  s sort  ? help  q quit",
    );
}

#[test]
fn at_80_columns_what_is_new_is_told_by_its_sign_alone() {
    let mut person = Person::seeing(80, 24, later());
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
   ID        AGE▾     IDLE     MSG/S  STATE                 COMPONENTS
▸  e5110a00  15m 0s   <1s        250  live                  EEG, EEG/PUB
 ~ 97e16800  10m 0s   <1s          -  stale ghost           SYSTEM, SYSTEM/PUB,…
   d9bede00  1m 0s    1m 0s        -  suspect unresponsive  STUCK, STUCK/A
   eba08100  30s      30s          -  unknown               TWICE
 - f1966200  20s      -            -  gone                  TWICE
 + fce98d80  1s       1s           -  starting              NEW, NEW/A
Enter details  d drop  r reap  / filter  s sort  ? help  q quit",
    );
}

#[test]
fn a_small_screen_shows_what_matters_most() {
    let mut person = Person::seeing(40, 10, later());
    expect(
        &mut person,
        r"lab:25978 · 5 sessions, 1 stale
   ID        STATE                 COMP…
▸  e5110a00  live                  EEG,…
 ~ 97e16800  stale ghost           SYST…
   d9bede00  suspect unresponsive  STUC…
   eba08100  unknown               TWICE
 - f1966200  gone                  TWICE
 + fce98d80  starting              NEW,…
Enter details  d drop  ? help  q quit",
    );
}

#[test]
fn what_collides_is_marked_and_told() {
    let mut person = Person::seeing(80, 24, later()[..2].to_vec());
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions · looked <1s ago
   ID        AGE▾     IDLE     MSG/S  STATE                 COMPONENTS
▸  e5110a00  15m 0s   <1s        200  live                  EEG, EEG/PUB
   97e16800  10m 0s   10m 0s       -  live                  SYSTEM, SYSTEM/PUB,…
   d9bede00  1m 0s    1m 0s        -  suspect unresponsive  STUCK, STUCK/A
   eba08100  30s      30s          -  unknown !             TWICE
   f1966200  20s      20s          -  unknown !             TWICE
! collision: component TWICE is held by eba08100, f1966200
Enter details  d drop  r reap  / filter  s sort  ? help  q quit",
    );
}

#[test]
fn details_are_what_show_says_and_for_how_long() {
    let mut person = Person::seeing(80, 24, later());
    person.press(KeyCode::Down);
    assert_eq!(person.press(KeyCode::Enter), None);
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
stale ghost for <1s
session       97e16800-10ba-11f2-8000-000000000001
state         stale ghost
              its connection is closed, and no task of the server reads from
              it any more
age           10m 0s
last control  <1s ago
client        10.0.0.7:4711
edges         1
components    SYSTEM (collection)
              SYSTEM/PUB
              SYSTEM/SUB
left          pid 100 on lab owned SYSTEM/PUB, SYSTEM/SUB, and left <1s ago
a drop takes  the session
next          graphctl sessions drop 97e16800-10ba-11f2-8000-000000000001
arrows scroll  d drop  ? help  Esc back",
    );
    person.watch.see(inventory(vec![], vec![]));
    let screen = person.screen();
    assert!(screen.contains("\nstale ghost for"), "{screen}");
    let keys = "it is gone; this is how it was\narrows scroll  d drop  ? help  Esc back";
    assert!(screen.ends_with(keys), "{screen}");
    assert_eq!(person.press(KeyCode::Char('q')), None);
}

#[test]
fn keys_are_explained() {
    let mut person = Person::seeing(80, 24, later());
    person.types("?");
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
up, k       the one above
down, j     the one below
PgUp, PgDn  a page up or down
Home, End   the first, the last
Enter       everything that is known of it
d           drop it, if it is proven dead; asks first
r           reap: drop all that are proven dead and shown; asks first
/           show those whose id starts so, or with a component key like this
            or this glob
Esc         show all again; close what is open
s           sort by age, idle time, message rate, state, components
Space       look at once
Ctrl-L      draw the screen anew
Ctrl-Z      suspend
q           leave, or close what is open
+           new since a moment ago
~           judged otherwise a moment ago
-           gone since a moment ago
!           collides with something
arrows scroll  Esc back",
    );
    assert_eq!(person.press(KeyCode::Char('q')), None, "it closes the help");
    assert_eq!(person.press(KeyCode::Char('q')), Some(Wish::Order(Order::Quit)));
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut person = Person::at(80, 24);
    expect(
        &mut person,
        "lab:25978 · connecting
   ID        AGE▾     IDLE     MSG/S  STATE   FOR      COMPONENTS
   nothing was seen yet
Enter details  d drop  r reap  / filter  s sort  ? help  q quit",
    );
}

#[test]
fn a_server_that_is_lost_is_told_and_what_was_known_stays() {
    let mut person = Person::seeing(80, 24, later());
    let since = Instant::now().checked_sub(Duration::from_secs(75)).expect("a minute ago");
    person.watch.state.lose("no GraphServer at lab".into(), since, SystemTime::now());
    let screen = person.screen();
    let title = "lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · LOST 1m 15s ago\n";
    assert!(screen.starts_with(title), "{screen}");
    assert!(screen.contains("\nLOST: no GraphServer at lab\n"), "{screen}");
    assert!(screen.contains("SYSTEM/PUB"), "{screen}");
}

#[test]
fn what_a_terminal_cannot_show_is_not_sent_to_it() {
    let named = session(LOOK - 60, "Größe\u{1b}[2J", &["Ω"]);
    let mut person = Person::seeing(80, 24, vec![inventory(vec![named], vec![])]);
    let screen = person.screen();
    assert!(screen.contains("Größe\\u{1b}[2J, Größe"), "{screen}");
    person.ui = Ui::new(Theme { unicode: false, ..PLAIN }, "lab:25978".into());
    let screen = person.screen();
    assert!(screen.is_ascii() && screen.contains("Gr??e"), "{screen}");
}

#[test]
fn help_can_be_read_on_a_small_screen() {
    let mut person = Person::seeing(40, 10, later());
    person.types("?");
    assert!(person.screen().contains("the one above"), "{}", person.screen());
    person.press(KeyCode::End);
    assert!(person.screen().contains("collides with something"), "{}", person.screen());
}

#[test]
fn without_colour_there_is_none() {
    let mut person = Person::seeing(80, 24, later());
    let colours = |person: &mut Person| {
        person.screen();
        let cells = person.terminal.backend().buffer().content();
        cells.iter().filter(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset)).count()
    };
    assert_eq!(colours(&mut person), 0);
    person.ui = Ui::new(Theme { color: true, ..PLAIN }, "lab:25978".into());
    assert_ne!(colours(&mut person), 0);
}
