//! Who sits before the live view, and what there is to see.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use graphctl::model::{Inventory, Process, Traffic};
use graphctl::watch::live::Theme;
use graphctl::watch::live::screen::draw;
use graphctl::watch::live::ui::{Ui, Wish};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::made_up::{LOOK, ghost, inventory, process, session};
use crate::{Watch, silent};

pub(crate) const PLAIN: Theme = Theme { color: false, unicode: true };

/// A screen of that size, and who sits before it.
pub(crate) struct Person {
    pub(crate) watch: Watch,
    pub(crate) ui: Ui,
    pub(crate) terminal: Terminal<TestBackend>,
}

impl Person {
    pub(crate) fn at(width: u16, height: u16) -> Self {
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen");
        Self { watch: Watch::new(), ui: Ui::new(PLAIN, "lab:25978".into()), terminal }
    }

    /// After looks at these.
    pub(crate) fn seeing(width: u16, height: u16, looks: Vec<Inventory>) -> Self {
        let mut person = Self::at(width, height);
        for look in looks {
            person.watch.see(look);
        }
        person
    }

    pub(crate) fn screen(&mut self) -> String {
        self.ui.refresh(&self.watch.state);
        let (state, ui, now) = (&self.watch.state, &mut self.ui, Instant::now());
        self.terminal.draw(|frame| draw(frame, state, ui, now)).expect("it can be drawn");
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let symbols: Vec<_> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        let lines = symbols.chunks(width).map(|line| line.concat().trim_end().to_owned() + "\n");
        lines.collect::<String>().trim_end().to_owned()
    }

    /// Presses a key, and waits until a question that it opens accepts answers.
    pub(crate) fn press(&mut self, key: KeyCode) -> Option<Wish> {
        let wish = self.press_at_once(key);
        self.ui.accept_answers();
        wish
    }

    /// Presses a key without such a wait.
    pub(crate) fn press_at_once(&mut self, key: KeyCode) -> Option<Wish> {
        self.ui.press(KeyEvent::new(key, KeyModifiers::NONE), &self.watch.state)
    }

    /// Whether that stands above the keys.
    pub(crate) fn says(&mut self, text: &str) -> bool {
        let keys = "\nEnter details  d drop  r reap  / filter  s sort  ? help  q quit";
        self.screen().strip_suffix(keys).is_some_and(|screen| screen.ends_with(text))
    }

    pub(crate) fn types(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }
}

/// A session that sends messages, one that becomes a ghost when its process leaves, one that does not answer, and two
/// that collide.
pub(crate) fn laboratory(published: u64, seconds: f64, owned: bool) -> Inventory {
    let traffic = Some(Traffic { published, received: 0, seconds, rate: None });
    let mut processes = vec![
        Process { traffic, ..process(LOOK - 899, &["EEG/PUB"]) },
        Process { units: vec!["STUCK/A".into()], ..silent() },
    ];
    if owned {
        processes.push(process(LOOK - 599, &["SYSTEM/PUB", "SYSTEM/SUB"]));
    }
    let system = session(LOOK - 600, "SYSTEM", &["PUB", "SUB"]);
    inventory(
        vec![
            session(LOOK - 900, "EEG", &["PUB"]),
            if owned { system } else { ghost(system) },
            session(LOOK - 60, "STUCK", &["A"]),
            session(LOOK - 30, "TWICE", &[]),
            session(LOOK - 20, "TWICE", &[]),
        ],
        processes,
    )
}

/// One has left since, and one has come.
pub(crate) fn later() -> Vec<Inventory> {
    let mut last = laboratory(1000, 14.0, false);
    last.sessions.truncate(4);
    last.sessions.push(session(LOOK - 1, "NEW", &["A"]));
    vec![laboratory(100, 10.0, true), laboratory(500, 12.0, true), last]
}

/// The screen, but for the lines that are empty.
#[track_caller]
pub(crate) fn expect(person: &mut Person, expected: &str) {
    let screen = person.screen();
    let height = usize::from(person.terminal.backend().buffer().area.height);
    assert!(screen.lines().count() <= height, "{screen}");
    let lines: Vec<_> = screen.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.join("\n"), expected, "the screen was\n{screen}");
}
