//! What the list shows, and in which order. Pure.

use std::cmp::Reverse;
use std::time::Duration;

use glob::{MatchOptions, Pattern};
use uuid::Uuid;

use super::scroll::{Scroll, Step};
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::model::minted;
use crate::select;
use crate::watch::state::{Left, State};

/// By what the list is sorted; what is equal stays in the server's order, oldest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// Oldest first.
    #[default]
    Age,
    /// Longest without activity first.
    Idle,
    /// Most messages first.
    Rate,
    /// Stale first, then suspect.
    State,
    /// By the first component key.
    Components,
}

impl Sort {
    /// The one after it.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Age => Self::Idle,
            Self::Idle => Self::Rate,
            Self::Rate => Self::State,
            Self::State => Self::Components,
            Self::Components => Self::Age,
        }
    }

    /// The word for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Idle => "idle time",
            Self::Rate => "message rate",
            Self::State => "state",
            Self::Components => "components",
        }
    }
}

/// A line of the list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'a> {
    /// It is there.
    Here(&'a Look, &'a Case),
    /// It has left.
    Gone(&'a Left),
}

impl<'a> Row<'a> {
    pub(super) const fn id(&self) -> Uuid {
        match self {
            Self::Here(_, case) => case.id,
            Self::Gone(left) => left.about.id,
        }
    }

    pub(super) const fn verdict(&self) -> Verdict {
        match self {
            Self::Here(_, case) => case.verdict,
            Self::Gone(left) => left.about.verdict,
        }
    }

    pub(super) const fn age(&self) -> Option<Duration> {
        match self {
            Self::Here(_, case) => case.age,
            Self::Gone(left) => left.about.age,
        }
    }

    pub(super) fn idle(&self) -> Option<Duration> {
        match self {
            Self::Here(look, case) => case.idle(&look.inventory),
            Self::Gone(_) => None,
        }
    }

    pub(super) const fn rate(&self) -> Option<f64> {
        match self {
            Self::Here(_, case) => case.rate,
            Self::Gone(_) => None,
        }
    }

    /// Its component keys, of which there may be very many.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        match self {
            Self::Here(look, case) => case.keys(&look.inventory),
            Self::Gone(left) => left.about.components.iter().map(String::as_str).collect(),
        }
    }
}

/// What was typed to find something: the beginning of an id, a part of a component key or a glob over it.
#[derive(Clone, Debug, Default)]
pub(super) struct Search(String);

impl Search {
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn push(&mut self, character: char) {
        self.0.push(character);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    fn pattern(&self) -> Pattern {
        let part = || Pattern::new(&format!("*{}*", Pattern::escape(&self.0)));
        let glob = self.0.contains(['*', '?', '[']).then(|| Pattern::new(&self.0));
        // A glob that is being typed is none yet.
        let pattern = glob.and_then(Result::ok).map_or_else(part, Ok);
        pattern.unwrap_or_default()
    }
}

/// The list, and what is chosen of it.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) sort: Sort,
    pub(super) search: Search,
    pub(super) scroll: Scroll,
    /// By its id: rows come and go.
    chosen: Option<Uuid>,
    /// Where that was, for when it has left.
    pub(super) index: usize,
}

impl List {
    pub(super) fn rows<'a>(&self, state: &'a State) -> Vec<Row<'a>> {
        shown(state, &self.search, self.sort)
    }

    /// Finds what is chosen among the rows; what has left is followed by its neighbour.
    pub(super) fn settle(&mut self, rows: &[Row<'_>]) {
        let found = rows.iter().position(|row| Some(row.id()) == self.chosen);
        self.choose(rows, found.unwrap_or(self.index));
    }

    pub(super) const fn chosen(&self) -> Option<Uuid> {
        self.chosen
    }

    fn choose(&mut self, rows: &[Row<'_>], index: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.chosen = rows.get(self.index).map(Row::id);
    }

    pub(super) fn step(&mut self, step: Step, state: &State) {
        let rows = self.rows(state);
        self.settle(&rows);
        self.choose(&rows, step.from(self.index, self.scroll.height, rows.len()));
    }
}

/// What is shown of what is watched, in order.
fn shown<'a>(state: &'a State, search: &Search, sort: Sort) -> Vec<Row<'a>> {
    // What we have dropped is gone, also if the look that shows it is still to come.
    let is_here = |id| state.lasted(id).is_some();
    let here = state.look().into_iter().flat_map(|look| {
        let cases = state.selected().into_iter().filter(|case| is_here(case.id));
        cases.map(move |case| Row::Here(look, case))
    });
    let gone = state.gone().iter().filter(|left| !is_here(left.about.id)).map(Row::Gone);
    let mut rows: Vec<_> = here.chain(gone).collect();
    if !search.is_empty() {
        let (prefix, pattern) = (search.text().to_ascii_lowercase(), search.pattern());
        rows.retain(|row| {
            row.id().to_string().starts_with(&prefix)
                || row.keys().iter().any(|key| pattern.matches_with(key, ANY_CASE))
        });
    }
    match sort {
        // The age of what is gone stands still.
        Sort::Age => rows.sort_by_key(|row| {
            let created = minted(row.id());
            (created.is_none(), created)
        }),
        Sort::Idle => rows.sort_by_key(|row| Reverse(row.idle())),
        Sort::Rate => {
            let rate = |row: &Row<'_>| row.rate().unwrap_or(-1.0);
            rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        }
        Sort::State => rows.sort_by_key(|row| select::by_state(row.verdict())),
        Sort::Components => rows.sort_by_cached_key(|row| row.keys().first().copied()),
    }
    rows
}

const ANY_CASE: MatchOptions = MatchOptions {
    case_sensitive: false,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};
