//! Keys → what is selected, which pane is open, and what is asked for. Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use uuid::Uuid;

use super::entries::{Entry, Filter, entries};
use super::question::plan;
use crate::cli::Sort;
use crate::judge::Case;
use crate::watch::state::State;
use crate::words;

/// How many lines of those that were told stay.
const TOLD: usize = 3;

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// To leave.
    Quit,
    /// To leave, by Ctrl-C.
    Interrupt,
    /// Whether holders are to be told of every session.
    Closely(bool),
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

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Colours.
    pub color: bool,
    /// Other characters than ASCII.
    pub unicode: bool,
}

/// What is shown, and how.
#[derive(Debug)]
pub struct Ui {
    pub(super) theme: Theme,
    pub(super) address: String,
    pub(super) pane: Pane,
    pub(super) filter: Filter,
    pub(super) sort: Sort,
    pub(super) told: Vec<String>,
    /// The first row that is shown, and how many were at the last drawing.
    pub(super) top: usize,
    pub(super) visible: usize,
    selected: Option<Uuid>,
}

/// What fills the screen.
#[derive(Debug)]
pub(super) enum Pane {
    /// All that is there.
    List,
    /// One of them, explained in a text that was made for a width, and which line of it is the first.
    Details { id: Uuid, text: Option<String>, scroll: usize },
    /// Whether these are to be dropped.
    Question { ids: Vec<Uuid>, plan: String },
    /// The keys.
    Help,
}

impl Ui {
    /// A list of a server that was not reached yet.
    #[must_use]
    pub fn new(theme: Theme, address: String) -> Self {
        Self {
            theme,
            address,
            pane: Pane::List,
            filter: Filter::default(),
            sort: Sort::Age,
            told: Vec::new(),
            top: 0,
            visible: 1,
            selected: None,
        }
    }

    /// Shows a line that should be read, until the next key.
    pub fn tell(&mut self, text: String) {
        self.told.push(text);
        let old = self.told.len().saturating_sub(TOLD);
        self.told.drain(..old);
    }

    /// Takes in what has changed. A question is about what is still proven dead.
    pub fn refresh(&mut self, state: &State) {
        let Pane::Question { ids, .. } = &self.pane else { return };
        let is_stale = |id: &Uuid| state.case(*id).is_some_and(|(_, it)| it.verdict.is_stale());
        let left: Vec<_> = ids.iter().copied().filter(is_stale).collect();
        if left.len() < ids.len() {
            let changed = words::count(ids.len() - left.len(), "is", "are");
            self.tell(format!("{changed} not what the question was about any more"));
            self.ask(left, state);
        }
    }

    /// What is listed, in its order.
    pub(super) fn entries<'a>(&self, state: &'a State) -> Vec<Entry<'a>> {
        entries(state, &self.filter, self.sort)
    }

    /// The place of what is selected; of something that is gone, the first.
    pub(super) fn place(&self, entries: &[Entry<'_>]) -> usize {
        let is_selected = |entry: &Entry<'_>| Some(entry.id()) == self.selected;
        entries.iter().position(is_selected).unwrap_or(0)
    }

    /// What is asked for with a key.
    pub fn press(&mut self, key: KeyEvent, state: &State) -> Option<Wish> {
        self.told.clear();
        if !key.modifiers.contains(KeyModifiers::CONTROL) {
            return self.press_plain(key, state).map(Wish::Order);
        }
        match key.code {
            KeyCode::Char('c') => Some(Wish::Order(Order::Interrupt)),
            KeyCode::Char('l') => Some(Wish::Redraw),
            KeyCode::Char('z') => Some(Wish::Suspend),
            _ => None,
        }
    }

    fn press_plain(&mut self, key: KeyEvent, state: &State) -> Option<Order> {
        match &mut self.pane {
            Pane::List if self.filter.typing => {
                self.type_filter(key.code);
                None
            }
            Pane::List => self.press_in_list(key.code, state),
            Pane::Details { .. } => self.press_in_details(key.code, state),
            Pane::Question { ids, .. } => {
                let ids = std::mem::take(ids);
                self.pane = Pane::List;
                let yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
                let told = if yes { "one more look, and it goes" } else { "nothing was dropped" };
                self.tell(told.into());
                yes.then_some(Order::Drop(ids))
            }
            Pane::Help => {
                self.pane = Pane::List;
                None
            }
        }
    }

    fn press_in_list(&mut self, key: KeyCode, state: &State) -> Option<Order> {
        let entries = self.entries(state);
        let (place, page) = (self.place(&entries), self.visible.max(1));
        let last = entries.len().saturating_sub(1);
        let to = |place: usize| entries.get(place.min(last)).map(|entry| entry.id());
        match key {
            KeyCode::Char('q') => return Some(Order::Quit),
            KeyCode::Up | KeyCode::Char('k') => self.selected = to(place.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.selected = to(place + 1),
            KeyCode::PageUp => self.selected = to(place.saturating_sub(page)),
            KeyCode::PageDown => self.selected = to(place + page),
            KeyCode::Home | KeyCode::Char('g') => self.selected = to(0),
            KeyCode::End | KeyCode::Char('G') => self.selected = to(last),
            KeyCode::Char('/') => self.filter.typing = true,
            KeyCode::Esc => self.filter.text.clear(),
            KeyCode::Char('s') => self.sort = after(self.sort),
            KeyCode::Char('?') => self.pane = Pane::Help,
            KeyCode::Char('d') => self.ask_for_one(to(place), state),
            KeyCode::Char('r') => self.ask_for_all(&entries, state),
            KeyCode::Enter => {
                let id = to(place)?;
                self.selected = Some(id);
                self.pane = Pane::Details { id, text: None, scroll: 0 };
                return Some(Order::Closely(true));
            }
            _ => {}
        }
        None
    }

    fn press_in_details(&mut self, key: KeyCode, state: &State) -> Option<Order> {
        let Pane::Details { id, scroll, .. } = &mut self.pane else { return None };
        let page = self.visible.max(1);
        match key {
            KeyCode::Up | KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => *scroll = scroll.saturating_add(1),
            KeyCode::PageUp => *scroll = scroll.saturating_sub(page),
            KeyCode::PageDown => *scroll = scroll.saturating_add(page),
            KeyCode::Home | KeyCode::Char('g') => *scroll = 0,
            KeyCode::End | KeyCode::Char('G') => *scroll = usize::MAX,
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::Enter => {
                self.pane = Pane::List;
                return Some(Order::Closely(false));
            }
            KeyCode::Char('d') => {
                let id = *id;
                self.pane = Pane::List;
                self.ask_for_one(Some(id), state);
                return Some(Order::Closely(false));
            }
            _ => {}
        }
        None
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.filter.typing = false,
            KeyCode::Esc => self.filter = Filter::default(),
            KeyCode::Backspace => {
                self.filter.text.pop();
            }
            KeyCode::Char(character) => self.filter.text.push(character),
            _ => {}
        }
    }

    fn ask_for_one(&mut self, id: Option<Uuid>, state: &State) {
        match id.and_then(|id| state.case(id)) {
            None => self.tell("it is gone already".into()),
            Some((_, case)) if case.verdict.is_stale() => self.ask(vec![case.id], state),
            Some((_, Case { id, verdict, .. })) => self.tell(format!(
                "it is {verdict}, not proven dead: graphctl sessions drop --force {id}"
            )),
        }
    }

    fn ask_for_all(&mut self, entries: &[Entry<'_>], state: &State) {
        let stale = entries.iter().filter_map(|entry| match entry {
            Entry::Case(_, case) if case.verdict.is_stale() => Some(case.id),
            _ => None,
        });
        self.ask(stale.collect(), state);
    }

    fn ask(&mut self, ids: Vec<Uuid>, state: &State) {
        let cases: Vec<_> = ids.iter().filter_map(|id| state.case(*id)).collect();
        let Some((look, _)) = cases.first() else {
            self.pane = Pane::List;
            return self.tell("nothing here is proven dead".into());
        };
        let cases: Vec<_> = cases.iter().map(|(_, case)| *case).collect();
        let plan = plan(look, &cases);
        self.pane = Pane::Question { ids, plan };
    }
}

const fn after(sort: Sort) -> Sort {
    match sort {
        Sort::Age => Sort::Idle,
        Sort::Idle => Sort::State,
        Sort::State => Sort::Component,
        Sort::Component => Sort::Age,
    }
}
