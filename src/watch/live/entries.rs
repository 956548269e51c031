//! What is listed, and in which order. Pure.

use glob::Pattern;
use uuid::Uuid;

use crate::cli::Sort;
use crate::judge::Case;
use crate::look::Look;
use crate::select;
use crate::watch::state::{Left, State};

/// What a line of the list is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry<'a> {
    Case(&'a Look, &'a Case),
    Left(&'a Left),
}

impl Entry<'_> {
    pub(super) fn id(self) -> Uuid {
        match self {
            Self::Case(_, case) => case.id,
            Self::Left(left) => left.about.id,
        }
    }
}

/// What is typed to find something.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) typing: bool,
}

impl Filter {
    /// An id that begins so, or a component key that contains this or matches it as a glob.
    fn selects(&self, id: Uuid, keys: &[&str]) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let pattern = Pattern::new(&self.text).ok();
        let matches = |key: &&str| {
            key.contains(&self.text) || pattern.as_ref().is_some_and(|it| it.matches(key))
        };
        id.to_string().starts_with(&self.text) || keys.iter().any(matches)
    }
}

/// What is listed, in its order: those that have left come last.
pub(super) fn entries<'a>(state: &'a State, filter: &Filter, sort: Sort) -> Vec<Entry<'a>> {
    let Some(look) = state.look() else { return Vec::new() };
    let mut cases = state.selected();
    cases.retain(|case| filter.selects(case.id, &case.keys(&look.inventory)));
    select::sort(&look.inventory, &mut cases, sort);
    let cases = cases.into_iter().map(|case| Entry::Case(look, case));
    let left = state.gone().iter().filter(|left| {
        let keys: Vec<_> = left.about.components.iter().map(String::as_str).collect();
        filter.selects(left.about.id, &keys)
    });
    cases.chain(left.map(Entry::Left)).collect()
}
