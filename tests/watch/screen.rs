//! The live view at several sizes, and what its keys do.

use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use graphctl::model::{Holder, Holding, Inventory, Process, Traffic};
use graphctl::reap::{Extent, Outcome, Report, Target};
use graphctl::watch::live::screen::draw;
use graphctl::watch::live::ui::{Ui, Wish};
use graphctl::watch::live::{Order, Theme};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use crate::made_up::{LOOK, inventory, process, session};
use crate::{Watch, silent};

const PLAIN: Theme = Theme { color: false, unicode: true };

/// A screen of that size, and who sits before it.
struct Person {
    watch: Watch,
    ui: Ui,
    terminal: Terminal<TestBackend>,
}

impl Person {
    fn at(width: u16, height: u16) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
        Self { watch: Watch::new(), ui: Ui::new(PLAIN, "lab:25978".into()), terminal }
    }

    /// After looks at these.
    fn seeing(width: u16, height: u16, looks: Vec<Inventory>) -> Self {
        let mut person = Self::at(width, height);
        for look in looks {
            person.watch.see(look);
        }
        person
    }

    fn screen(&mut self) -> String {
        self.ui.refresh(&self.watch.state);
        let (state, ui, now) = (&self.watch.state, &mut self.ui, Instant::now());
        self.terminal.draw(|frame| draw(frame, state, ui, now)).expect("it can be drawn");
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let symbols: Vec<_> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        let lines = symbols.chunks(width).map(|line| line.concat().trim_end().to_owned() + "\n");
        lines.collect::<String>().trim_end().to_owned()
    }

    fn press(&mut self, key: KeyCode) -> Option<Wish> {
        self.ui.press(KeyEvent::new(key, KeyModifiers::NONE), &self.watch.state)
    }

    /// Whether that stands above the keys.
    fn says(&mut self, text: &str) -> bool {
        let keys = "\nEnter details  d drop  r reap  / filter  s sort  ? help  q quit";
        self.screen().strip_suffix(keys).is_some_and(|screen| screen.ends_with(text))
    }

    fn types(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }
}

/// One that lives and sends, one that has lost its process, one that does not answer, two that collide.
fn laboratory(published: u64, seconds: f64, owned: bool) -> Inventory {
    let traffic = Some(Traffic { published, received: 0, seconds, rate: None });
    let mut processes = vec![
        Process { traffic, ..process(LOOK - 899, &["EEG/PUB"]) },
        Process { units: vec!["STUCK/A".into()], ..silent() },
    ];
    if owned {
        processes.push(process(LOOK - 599, &["SYSTEM/PUB", "SYSTEM/SUB"]));
    }
    inventory(
        vec![
            session(LOOK - 900, "EEG", &["PUB"]),
            session(LOOK - 600, "SYSTEM", &["PUB", "SUB"]),
            session(LOOK - 60, "STUCK", &["A"]),
            session(LOOK - 30, "TWICE", &[]),
            session(LOOK - 20, "TWICE", &[]),
        ],
        processes,
    )
}

/// One has left since, and one has come.
fn later() -> Vec<Inventory> {
    let mut last = laboratory(1000, 14.0, false);
    last.sessions.truncate(4);
    last.sessions.push(session(LOOK - 1, "NEW", &["A"]));
    vec![laboratory(100, 10.0, true), laboratory(500, 12.0, true), last]
}

/// The screen, but for the lines that are empty.
#[track_caller]
fn expect(person: &mut Person, expected: &str) {
    let screen = person.screen();
    let height = usize::from(person.terminal.backend().buffer().area.height);
    assert!(screen.lines().count() <= height, "{screen}");
    let lines: Vec<_> = screen.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.join("\n"), expected, "the screen was\n{screen}");
}

#[test]
fn a_wide_screen_shows_every_column() {
    let mut person = Person::seeing(120, 30, later());
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
   ID        AGE▾     IDLE     MSG/S  STATE                 FOR      CHANGE        COMPONENTS
▸  e5110a00  15m 0s   15m 0s     250  live                  4s                     EEG, EEG/PUB
 ~ 97e16800  10m 0s   <1s          -  stale abandoned       <1s      was live      SYSTEM, SYSTEM/PUB, SYSTEM/SUB
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
▸  e5110a00  15m 0s   15m 0s     250  live                  EEG, EEG/PUB
 ~ 97e16800  10m 0s   <1s          -  stale abandoned       SYSTEM, SYSTEM/PUB,…
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
 ~ 97e16800  stale abandoned       SYST…
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
▸  e5110a00  15m 0s   15m 0s     200  live                  EEG, EEG/PUB
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
stale abandoned for <1s
session        97e16800-10ba-11f2-8000-000000000001
state          stale abandoned
               no process owns its 2 units
               1 process that owned its units left, the last <1s ago
age            10m 0s
last activity  <1s ago
client         10.0.0.7:4711
edges          1
components     SYSTEM (collection)
               SYSTEM/PUB
               SYSTEM/SUB
left           pid 100 on lab owned SYSTEM/PUB, SYSTEM/SUB, and left <1s ago
a drop takes   the session
next           graphctl sessions drop 97e16800-10ba-11f2-8000-000000000001
arrows scroll  d drop  ? help  Esc back",
    );
    person.watch.see(inventory(vec![], vec![]));
    let screen = person.screen();
    assert!(screen.contains("\nstale abandoned for"), "{screen}");
    let keys = "it is gone; this is how it was\narrows scroll  d drop  ? help  Esc back";
    assert!(screen.ends_with(keys), "{screen}");
    assert_eq!(person.press(KeyCode::Char('q')), None);
}

#[test]
fn a_drop_is_asked_for_with_its_plan_and_only_yes_means_yes() {
    let mut person = Person::seeing(80, 24, later());
    person.press(KeyCode::Down);
    person.press(KeyCode::Char('d'));
    expect(
        &mut person,
        r"lab:25978 · ezmsg 3.9.0 · 5 sessions, 1 stale · looked <1s ago
ID        AGE     IDLE  STATE            COMPONENTS
97e16800  10m 0s  <1s   stale abandoned  SYSTEM, SYSTEM/PUB, SYSTEM/SUB
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
        let refused = format!("it is {verdict}, not proven dead: graphctl sessions drop --force");
        assert!(person.screen().contains(&refused), "{}", person.screen());
        assert_eq!(person.press(KeyCode::Char('y')), None);
        assert_eq!(person.press(KeyCode::Char('r')), None);
        assert!(person.says("nothing here is proven dead"), "{}", person.screen());
        person.press(KeyCode::Esc);
    }
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
fn on_a_small_screen_a_refusal_is_told_in_full_and_a_question_is_seen() {
    let mut person = Person::seeing(40, 10, later());
    person.types("d");
    expect(
        &mut person,
        r"lab:25978 · 5 sessions, 1 stale
   ID        STATE                 COMP…
▸  e5110a00  live                  EEG,…
 ~ 97e16800  stale abandoned       SYST…
   d9bede00  suspect unresponsive  STUC…
it is live, not proven dead: graphctl
sessions drop --force
e5110a00-10b9-11f2-8000-000000000001
(every unit has its process, and 1…
Enter details  d drop  ? help  q quit",
    );
    let mut look = later().remove(2);
    look.sessions.extend((0..20).map(|it| session(LOOK - 500 + it, &format!("P{it}"), &["A"])));
    person.watch.see(look);
    person.types("r");
    expect(
        &mut person,
        r"lab:25978 · 25 sessions, 21 stale
97e16800  stale abandoned, 10m 0s old:
          SYSTEM, SYSTEM/PUB,
          SYSTEM/SUB
d37c3200  stale never-started, 8m 20s
          old: P0, P0/A
d414c880  stale never-started, 8m 19s
          old: P1, P1/A
d4ad5f00  stale never-started, 8m 18s
Drop 21 sessions? [y/N] arrows scroll",
    );
    assert_eq!(person.press(KeyCode::PageDown), None, "to read on is no answer");
    assert!(!person.screen().contains("97e16800"), "{}", person.screen());
    assert!(person.screen().contains("Drop 21 sessions? [y/N]"), "{}", person.screen());
}

#[test]
fn help_can_be_read_on_a_small_screen() {
    let mut person = Person::seeing(40, 10, later());
    person.types("?");
    assert!(person.screen().contains("the one above"), "{}", person.screen());
    person.press(KeyCode::End);
    assert!(person.screen().contains("collides with something"), "{}", person.screen());
}

/// What lives on of a process that was killed.
fn heir() -> Holder {
    Holder {
        pid: 100,
        start: 1,
        parent: 1,
        age: Duration::from_secs(800),
        command: "python".into(),
        state: 'S',
        serving: Some(false),
        lives_elsewhere: true,
    }
}

#[test]
fn what_still_flows_is_told_beside_the_question() {
    let mut sends = laboratory(1000, 14.0, true);
    sends.sessions[0].holding = Some(Holding { holders: vec![heir()], unsure: None });
    let mut person = Person::seeing(40, 10, vec![laboratory(100, 10.0, true), sends]);
    person.types("d");
    let told = "FLOWING: 1 of these still publishes 225\nmsg/s\nDrop 1 session? [y/N]";
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
