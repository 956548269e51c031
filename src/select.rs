//! Filters → cases. One selection serves `list`, the dry run and the reap. Pure.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::time::Duration;

use glob::Pattern;
use uuid::Uuid;

use crate::cli::Sort;
use crate::error::{Error, Result};
use crate::judge::{Case, Verdict};
use crate::model::{Inventory, Link, LockHolder, Process};

/// What must hold of a case for it to be selected; an empty filter selects everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// At least that old.
    pub older_than: Option<Duration>,
    /// Without activity for at least that long.
    pub idle_for: Option<Duration>,
    /// One of its keys matches one of these.
    pub components: Vec<Pattern>,
    /// It holds one of these keys.
    pub colliding_with: Vec<String>,
    /// Its state is one of these.
    pub states: Vec<String>,
    /// Its client, or one of its processes, is on one of these hosts.
    pub hosts: Vec<String>,
    /// One of its processes has one of these pids.
    pub pids: Vec<u32>,
    /// None of its keys matches any of these.
    pub exclude: Vec<Pattern>,
    /// Also sessions of graphctl itself.
    pub graphctl: bool,
}

impl Filter {
    /// Whether a case is selected. What is not known does not match.
    #[must_use]
    pub fn selects(&self, inventory: &Inventory, case: &Case) -> bool {
        // Most filters ask for no keys, and a case may have very many.
        let keys = LazyCell::new(|| case.keys(inventory));
        let at_least = |least: Option<Duration>, known: Option<Duration>| {
            least.is_none_or(|least| known.is_some_and(|known| known >= least))
        };
        let any_key = |patterns: &[Pattern]| {
            patterns.iter().any(|pattern| keys.iter().any(|key| pattern.matches(key)))
        };
        let session = case.session(inventory);
        (self.graphctl || session.is_none_or(|session| !session.graphctl))
            && at_least(self.older_than, case.age)
            && at_least(self.idle_for, case.idle(inventory))
            && (self.components.is_empty() || any_key(&self.components))
            && !any_key(&self.exclude)
            && among(&self.colliding_with, |key| keys.contains(&key.as_str()))
            && among(&self.states, |state| case.verdict.state() == state)
            && among(&self.pids, |pid| case.processes(inventory).any(|it| it.pid == Some(*pid)))
            && among(&self.hosts, |host| {
                session.and_then(|session| session.link.as_ref()).is_some_and(|it| is_at(it, host))
                    || case.processes(inventory).any(|process| runs_on(process, host))
            })
    }

    /// The cases that are selected, in their order.
    #[must_use]
    pub fn selected<'a>(&self, inventory: &Inventory, cases: &'a [Case]) -> Vec<&'a Case> {
        cases.iter().filter(|case| self.selects(inventory, case)).collect()
    }

    /// Whether a command that holds the lock is selected: it has no keys, states or processes, so only
    /// without a filter by those, and if it was sent that long ago.
    #[must_use]
    pub fn selects_lock(&self, holder: &LockHolder) -> bool {
        let least = self.older_than.max(self.idle_for);
        let by_time = Self { older_than: None, idle_for: None, ..self.clone() } == Self::default();
        by_time && least.is_none_or(|least| holder.asked().is_some_and(|asked| asked >= least))
    }
}

/// Sorts cases; those that are equal stay in their order.
pub fn sort(inventory: &Inventory, cases: &mut [&Case], by: Sort) {
    match by {
        Sort::Age => cases.sort_by_key(|case| Reverse(case.age)),
        Sort::Idle => cases.sort_by_key(|case| Reverse(case.idle(inventory))),
        Sort::State => cases.sort_by_key(|case| by_state(case.verdict)),
        Sort::Component => {
            cases.sort_by(|a, b| a.keys(inventory).first().cmp(&b.keys(inventory).first()));
        }
    }
}

/// What to sort verdicts by: stale first, then suspect.
#[must_use]
pub fn by_state(verdict: Verdict) -> impl Ord {
    (!verdict.is_stale(), !verdict.is_suspect(), verdict.state())
}

fn among<T>(wanted: &[T], matches: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

fn is_at(link: &Link, host: &str) -> bool {
    link.peer.is_some_and(|peer| peer.ip().to_string() == host)
}

fn runs_on(process: &Process, host: &str) -> bool {
    process.host.as_deref() == Some(host)
        || process.link.as_ref().is_some_and(|link| is_at(link, host))
}

/// Finds the one case whose id starts with `prefix`, as typed: case and dashes do not matter. The
/// sessions of graphctl, which come and go with every command, are found by their full id only.
///
/// # Errors
/// No case, or more than one.
pub fn by_id<'a>(inventory: &Inventory, cases: &'a [Case], prefix: &str) -> Result<&'a Case> {
    let wanted = match Uuid::try_parse(prefix) {
        Ok(id) => id.simple().to_string(),
        Err(_) => prefix.replace('-', "").to_ascii_lowercase(),
    };
    if wanted.is_empty() {
        return Err(Error::Usage {
            message: "an id is empty".into(),
            hint: "type the first characters of one; `graphctl sessions list` shows them".into(),
        });
    }
    let named = |case: &&Case| {
        let id = case.id.simple().to_string();
        let graphctl = case.session(inventory).is_some_and(|session| session.graphctl);
        if graphctl { id == wanted } else { id.starts_with(&wanted) }
    };
    let mut matches = cases.iter().filter(named);
    match (matches.next(), matches.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::UnknownId { id: prefix.to_owned() }),
        (Some(first), Some(second)) => {
            let all = [first, second].into_iter().chain(matches);
            let matches = all.map(|case| case.id.to_string()).collect();
            Err(Error::AmbiguousId { id: prefix.to_owned(), matches })
        }
    }
}
