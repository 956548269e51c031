//! What opens over the list: the details of a case, and the question before a drop. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use super::scroll::Page;
use crate::judge::Case;
use crate::look::Look;
use crate::options::Terminal;
use crate::reap::{Planner, Warrant, freeze};
use crate::render::{self, explain, id_width, report, short, table};
use crate::watch::state::State;
use crate::words::{self, ago, count};

/// Below this many columns, texts are cut and not wrapped: words would fall apart.
const NARROWEST: u16 = 20;

/// Below this many columns, a table of what is to go would be cut to pieces.
const NARROWEST_TABLE: u16 = 60;

/// What `show` says of a case.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) id: Uuid,
    pub(super) page: Page,
    /// It is there no more: the text is what was said of it last.
    pub(super) gone: bool,
}

impl Details {
    pub(super) fn of(id: Uuid) -> Self {
        Self { id, page: Page::default(), gone: false }
    }

    /// Keeps the text current.
    pub(super) fn make(&mut self, state: &State, width: u16) {
        let case = here(state, self.id);
        self.gone = case.is_none();
        if let Some((look, case)) = case {
            self.page.make((Some(look.taken), width, 1), || {
                let planner = Planner::new(&look.inventory, &look.held);
                let shown = explain::case(look, case, &planner, plain(width));
                format!("{}\n{shown}", lasted(state, case))
            });
        }
    }
}

/// What only who watches can tell: for how long it has been so, and what it carries meanwhile.
fn lasted(state: &State, case: &Case) -> String {
    let lasted = state.lasted(case.id).map_or_else(String::new, |it| format!(" for {}", ago(it)));
    let messages = case.messages.filter(|_| !case.owners.is_empty());
    let messages = messages.and_then(|it| usize::try_from(it).ok());
    let messages = messages.map_or_else(String::new, |it| {
        format!(", {} published and received", count(it, "message", "messages"))
    });
    format!("{}{lasted}{messages}", case.verdict)
}

/// Whether to drop what was chosen.
#[derive(Debug)]
pub(super) struct Question {
    /// What was asked about, and is still what it was.
    going: Vec<(Uuid, Warrant)>,
    pub(super) page: Page,
    /// The keys that were pressed before the question was shown have been read, so the next one may answer it.
    pub(super) accepts_answers: bool,
}

impl Question {
    /// About what is proven dead.
    pub(super) fn about(going: Vec<(Uuid, Warrant)>) -> Self {
        Self { going, page: Page::default(), accepts_answers: false }
    }

    pub(super) fn ids(self) -> Vec<Uuid> {
        self.going.into_iter().map(|(id, _)| id).collect()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.going.is_empty()
    }

    /// Takes out what is not what it was any more; says of one what it is now, and how many more there are.
    pub(super) fn settle(&mut self, state: &State) -> Option<String> {
        let cases = cases(state);
        let now = |id: &Uuid| cases.get(id).copied().filter(|_| state.lasted(*id).is_some());
        let stays =
            |(id, warrant): &(Uuid, Warrant)| now(id).and_then(Warrant::of_case) == Some(*warrant);
        let (going, out): (Vec<_>, Vec<_>) = self.going.drain(..).partition(stays);
        self.going = going;
        let (id, _) = out.first()?;
        let is = now(id).map_or_else(|| "gone".to_owned(), |case| case.verdict.to_string());
        let more = out.len() - 1;
        let more = if more == 0 { String::new() } else { format!(", and {more} more changed") };
        Some(format!("not asked about any more: {id} is {is} now{more}"))
    }

    /// Keeps the plan current.
    pub(super) fn make(&mut self, state: &State, width: u16) {
        let Some(look) = state.look() else { return };
        let cases = self.cases(state);
        self.page.make((Some(look.taken), width, cases.len()), || plan(look, &cases, width));
    }

    /// What must not be overlooked before it is answered.
    pub(super) fn warnings(&self, state: &State) -> Vec<String> {
        let Some(look) = state.look() else { return Vec::new() };
        let cases = self.cases(state);
        let freeze = freeze::expected(&look.inventory, cases.iter().copied());
        let freeze = freeze.map(|freeze| report::freeze(&look.inventory, freeze));
        let flowing = words::flowing(cases.iter().map(|case| case.rate));
        flowing.into_iter().chain(freeze).collect()
    }

    /// The question itself.
    pub(super) fn text(&self, state: &State) -> String {
        let cases = self.cases(state);
        let what = state.look().map(|look| render::number(&look.inventory, &cases));
        let answers = if self.accepts_answers { " [y/N]" } else { "" };
        format!("Drop {}?{answers}", what.unwrap_or_default())
    }

    fn cases<'a>(&self, state: &'a State) -> Vec<&'a Case> {
        let cases = cases(state);
        self.going.iter().filter_map(|(id, _)| cases.get(id).copied()).collect()
    }
}

fn plan(look: &Look, cases: &[&Case], width: u16) -> String {
    let table = if width < NARROWEST_TABLE {
        let id_width = id_width(look.cases.iter().map(|case| case.id));
        let ids: Vec<_> = cases.iter().map(|case| short(case.id, id_width)).collect();
        let fields = ids.iter().zip(cases).map(|(id, case)| (id.as_str(), about(look, case)));
        render::fields(plain(width), &fields.collect::<Vec<_>>())
    } else {
        table::sessions(look, cases, plain(width)).to_string()
    };
    let [case] = cases else { return table };
    let taken = Planner::new(&look.inventory, &look.held).would_take(case);
    let taken = taken.map(|taken| explain::plan(look, &taken, plain(width)));
    format!("{table}\n{}", taken.unwrap_or_default())
}

/// What a table would tell of it.
fn about(look: &Look, case: &Case) -> String {
    let rate = case.rate.filter(|rate| *rate > 0.0);
    let rate = rate.map_or_else(String::new, |rate| format!(", {}", words::rate(rate)));
    let age = case.age.map_or_else(String::new, |age| format!(", {} old", ago(age)));
    format!("{}{rate}{age}: {}", case.verdict, case.keys(&look.inventory).join(", "))
}

/// A case that is there: what we have dropped is not, also if the look that shows it is still to come.
pub(super) fn here(state: &State, id: Uuid) -> Option<(&Look, &Case)> {
    state.case(id).filter(|_| state.lasted(id).is_some())
}

fn cases(state: &State) -> HashMap<Uuid, &Case> {
    let cases = state.look().into_iter().flat_map(|look| &look.cases);
    cases.map(|case| (case.id, case)).collect()
}

/// Colours are the screen's, not the text's.
pub(super) fn plain(width: u16) -> Terminal {
    Terminal { width: Some(width.max(NARROWEST)), color: false, screen: None, prompt_width: None }
}
