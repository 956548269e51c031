//! What a person has chosen and opened, and what keys do with it. Pure: it knows no terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use uuid::Uuid;

use super::panes::{Details, Question, here};
use super::rows::{List, Row};
use super::scroll::{Page, Step};
use super::style::Theme;
use super::texts;
use crate::reap::Warrant;
use crate::render::{lock, printable};
use crate::watch::state::State;

/// How many of the last things that were told stay in sight.
const TOLD: usize = 8;

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// To leave.
    Quit,
    /// To leave, by Ctrl-C.
    Interrupt,
    /// To look at once.
    Look,
    /// To drop these, which was confirmed.
    Drop(Vec<Uuid>),
}

/// What a key means to the world around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Something is to be done.
    Order(Order),
    /// Everything is to be drawn anew.
    Redraw,
    /// Ctrl-Z: to be stopped, until a shell lets us go on.
    Suspend,
}

/// What a person has chosen and opened.
#[derive(Debug)]
pub struct Ui {
    pub(super) theme: Theme,
    pub(super) address: String,
    pub(super) list: List,
    /// Over the list.
    pub(super) details: Option<Details>,
    /// Over all else.
    pub(super) over: Option<Over>,
    /// The newest last.
    pub(super) told: Vec<String>,
}

/// What takes the keys before all else.
#[derive(Debug)]
pub(super) enum Over {
    Typing,
    Question(Question),
    Help(Page),
}

impl Ui {
    /// A list of a server that was not reached yet.
    #[must_use]
    pub fn new(theme: Theme, address: String) -> Self {
        Self { theme, address, list: List::default(), details: None, over: None, told: Vec::new() }
    }

    /// Says something until the next key.
    pub fn tell(&mut self, text: &str) {
        self.told.push(printable(text));
        let old = self.told.len().saturating_sub(TOLD);
        self.told.drain(..old);
    }

    /// Takes in what has changed: a question is about what is still what it was when it was asked.
    pub fn refresh(&mut self, state: &State) {
        let Some(Over::Question(question)) = &mut self.over else { return };
        let out = question.settle(state);
        if question.is_empty() {
            self.over = None;
        }
        if let Some(out) = out {
            self.tell(&out);
        }
    }

    /// Makes the texts of what is open, for a screen of that width.
    pub(super) fn make(&mut self, state: &State, width: u16) {
        if let Some(details) = &mut self.details {
            details.make(state, width);
        }
        match &mut self.over {
            Some(Over::Question(question)) => question.make(state, width),
            Some(Over::Help(page)) => page.make((None, width, 0), || texts::help(width)),
            Some(Over::Typing) | None => {}
        }
    }

    /// Whether a question is shown that does not accept answers yet.
    #[must_use]
    pub const fn ignores_answers(&self) -> bool {
        matches!(&self.over, Some(Over::Question(question)) if !question.accepts_answers)
    }

    /// The question has been on the screen for a while in which no key was pressed. It accepts answers from now on.
    pub const fn accept_answers(&mut self) {
        if let Some(Over::Question(question)) = &mut self.over {
            question.accepts_answers = true;
        }
    }

    /// Takes pasted text in. It is typed only where text can be typed, and is no command elsewhere.
    pub fn paste(&mut self, text: &str) {
        if matches!(self.over, Some(Over::Typing)) {
            let line = text.lines().next().unwrap_or_default();
            line.chars().filter(|it| !it.is_control()).for_each(|it| self.list.search.push(it));
        } else {
            // What follows may be a part of it: a text that is pasted can contain the mark of its end.
            if let Some(Over::Question(question)) = &mut self.over {
                question.accepts_answers = false;
            }
            self.tell("the pasted text is ignored: text can be pasted after /");
        }
    }

    /// Takes a key in; what it asks for beyond the screen.
    pub fn press(&mut self, key: KeyEvent, state: &State) -> Option<Wish> {
        match key.code {
            _ if !key.modifiers.contains(KeyModifiers::CONTROL) => {}
            KeyCode::Char('c') => return Some(Wish::Order(Order::Interrupt)),
            KeyCode::Char('l') => return Some(Wish::Redraw),
            KeyCode::Char('z') => return Some(Wish::Suspend),
            _ => {}
        }
        self.press_here(key, state).map(Wish::Order)
    }

    fn press_here(&mut self, key: KeyEvent, state: &State) -> Option<Order> {
        self.told.clear();
        self.refresh(state);
        // What is held with Control or Alt is no letter.
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        let key = if plain { key } else { KeyEvent::from(KeyCode::Null) };
        match self.over.take() {
            Some(Over::Typing) => self.type_in(key, state),
            Some(Over::Question(question)) => return self.answer(question, key),
            Some(Over::Help(page)) => self.read_help(page, key),
            None if self.details.is_some() => return self.read_details(key, state),
            None => return self.command(key, state),
        }
        None
    }

    /// Of the list.
    fn command(&mut self, key: KeyEvent, state: &State) -> Option<Order> {
        if let Some(step) = Step::of(key) {
            self.list.step(step, state);
            return None;
        }
        match key.code {
            KeyCode::Char('q') => return Some(Order::Quit),
            KeyCode::Char(' ') => return Some(Order::Look),
            KeyCode::Enter => self.open_details(state),
            KeyCode::Char('d') => {
                let chosen = self.chosen(state)?;
                self.ask_for_one(chosen, state);
            }
            KeyCode::Char('r') => self.ask_for_stale(state),
            KeyCode::Char('/') => self.over = Some(Over::Typing),
            KeyCode::Char('s') => {
                self.list.sort = self.list.sort.next();
                self.tell(&format!("sorted by {}", self.list.sort.name()));
            }
            KeyCode::Char('?') => self.over = Some(Over::Help(Page::default())),
            KeyCode::Esc => self.list.search.clear(),
            _ => {}
        }
        None
    }

    fn type_in(&mut self, key: KeyEvent, state: &State) {
        let search = &mut self.list.search;
        match key.code {
            KeyCode::Enter => return,
            KeyCode::Esc => {
                search.clear();
                return;
            }
            KeyCode::Backspace => search.pop(),
            KeyCode::Char(character) => search.push(character),
            KeyCode::Up => self.list.step(Step::Up, state),
            KeyCode::Down => self.list.step(Step::Down, state),
            _ => {}
        }
        self.over = Some(Over::Typing);
    }

    fn answer(&mut self, mut question: Question, key: KeyEvent) -> Option<Order> {
        if let Some(step) = Step::of(key) {
            question.page.step(step);
            self.over = Some(Over::Question(question));
            return None;
        }
        if !matches!(key.code, KeyCode::Char('y' | 'Y')) {
            self.tell("nothing was dropped");
            return None;
        }
        if !question.accepts_answers {
            self.over = Some(Over::Question(question));
            return None;
        }
        self.tell("looking again before the drop");
        Some(Order::Drop(question.ids()))
    }

    fn read_help(&mut self, mut page: Page, key: KeyEvent) {
        if let Some(step) = Step::of(key) {
            page.step(step);
        } else if closes(key) || key.code == KeyCode::Char('?') {
            return;
        }
        self.over = Some(Over::Help(page));
    }

    fn read_details(&mut self, key: KeyEvent, state: &State) -> Option<Order> {
        let details = self.details.as_mut()?;
        if let Some(step) = Step::of(key) {
            details.page.step(step);
            return None;
        }
        match key.code {
            KeyCode::Char('d') => {
                let id = details.id;
                self.ask_for_one(id, state);
            }
            KeyCode::Char(' ') => return Some(Order::Look),
            KeyCode::Char('?') => self.over = Some(Over::Help(Page::default())),
            _ if closes(key) => {
                self.details = None;
            }
            _ => {}
        }
        None
    }

    fn chosen(&mut self, state: &State) -> Option<Uuid> {
        let rows = self.list.rows(state);
        self.list.settle(&rows);
        self.list.chosen()
    }

    fn open_details(&mut self, state: &State) {
        let Some(id) = self.chosen(state) else { return };
        if here(state, id).is_none() {
            return self.tell("it is gone");
        }
        self.details = Some(Details::of(id));
    }

    fn ask_for_one(&mut self, id: Uuid, state: &State) {
        let Some((_, case)) = here(state, id) else { return self.tell("it is gone") };
        match Warrant::of_case(case) {
            Some(proof @ Warrant::Proof(_)) => self.ask(vec![(id, proof)], state),
            None if case.ends_with_lock => {
                self.tell(&format!(
                    "left alone: {}; to free the lock: {}",
                    lock::ENDS_WITH_LOCK,
                    lock::FREE
                ));
            }
            _ => self.tell(&format!(
                "left alone: it is {}, not proven dead ({})",
                case.verdict,
                case.evidence.join("; ")
            )),
        }
    }

    fn ask_for_stale(&mut self, state: &State) {
        let rows = self.list.rows(state);
        let stale: Vec<_> = rows.iter().filter_map(proven_dead).collect();
        if stale.is_empty() {
            self.tell("nothing here is proven dead");
        } else {
            self.ask(stale, state);
        }
    }

    fn ask(&mut self, going: Vec<(Uuid, Warrant)>, state: &State) {
        if state.lost().is_some() {
            return self.tell("the server is not reached: nothing can be dropped now");
        }
        self.over = Some(Over::Question(Question::about(going)));
    }
}

fn proven_dead(row: &Row<'_>) -> Option<(Uuid, Warrant)> {
    let Row::Here(_, case) = row else { return None };
    let warrant = Warrant::of_case(case)?;
    matches!(warrant, Warrant::Proof(_)).then_some((case.id, warrant))
}

fn closes(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Esc | KeyCode::Char('q'))
}
