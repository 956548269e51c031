//! Looks → what changed between them. Pure: the reducer of `sessions watch`.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use super::event::{About, Event, What};
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::reap::{Outcome, Report};
use crate::select::Filter;

/// For how many looks it is told that something is new, changed or gone.
const TOLD_FOR: u64 = 3;

/// What watching knows.
#[derive(Debug)]
pub struct State {
    filter: Filter,
    look: Option<Look>,
    looks: u64,
    known: HashMap<Uuid, Known>,
    gone: Vec<Left>,
    contact: Contact,
}

/// Whether the server is reached.
#[derive(Debug)]
enum Contact {
    /// It has not been yet.
    Never,
    /// It is. With what tells it from the next one, if it said that.
    Reached(Option<String>),
    /// It is not, since then, for that reason; with what the one was that is missed.
    Lost { since: Instant, detail: String, instance: Option<String> },
}

/// What is known of a case besides what the last look saw.
#[derive(Clone, Debug)]
pub struct Known {
    verdict: Verdict,
    since: Instant,
    change: Option<(Change, u64)>,
    told: bool,
}

/// What is new about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It came.
    New,
    /// It was judged so before.
    Was(Verdict),
}

/// A case that has left.
#[derive(Debug)]
pub struct Left {
    /// As it was seen last.
    pub about: About,
    /// We dropped it.
    pub dropped: bool,
    at: u64,
}

impl State {
    /// Of what a filter selects. A case that it has once selected is told of until it is gone.
    #[must_use]
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            look: None,
            looks: 0,
            known: HashMap::new(),
            gone: Vec::new(),
            contact: Contact::Never,
        }
    }

    /// The last look.
    #[must_use]
    pub const fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }

    /// What the filter selects of it.
    #[must_use]
    pub fn selected(&self) -> Vec<&Case> {
        let look = self.look.iter();
        look.flat_map(|look| self.filter.selected(&look.inventory, &look.cases)).collect()
    }

    /// Why the server is not reached, and since when; `None` if it is.
    #[must_use]
    pub const fn lost(&self) -> Option<(&str, Instant)> {
        match &self.contact {
            Contact::Lost { since, detail, .. } => Some((detail.as_str(), *since)),
            Contact::Never | Contact::Reached(_) => None,
        }
    }

    /// For how long, at the last look, a case has been judged as it is.
    #[must_use]
    pub fn lasted(&self, id: Uuid) -> Option<Duration> {
        let taken = self.look.as_ref()?.taken;
        self.known.get(&id).map(|known| taken.duration_since(known.since))
    }

    /// What is new about a case.
    #[must_use]
    pub fn change(&self, id: Uuid) -> Option<Change> {
        let (change, at) = self.known.get(&id)?.change?;
        (self.looks < at + TOLD_FOR).then_some(change)
    }

    /// Those that have left a moment ago.
    #[must_use]
    pub fn gone(&self) -> &[Left] {
        &self.gone
    }

    /// Takes a look in: what has changed since the one before.
    pub fn see(&mut self, look: Look, time: SystemTime) -> Vec<Event> {
        let mut events = Vec::new();
        let mut tell = |what| events.push(Event { time, what });
        if let Some(what) = self.reached(&look) {
            tell(what);
        }
        self.looks += 1;
        self.gone.retain(|left| self.looks < left.at + TOLD_FOR);
        for about in self.take_gone(&look) {
            tell(What::Gone(about.clone()));
            self.gone.push(Left { about, dropped: false, at: self.looks });
        }
        let first = self.look.is_none();
        for case in &look.cases {
            let selected = self.filter.selects(&look.inventory, case);
            let known = self.known.entry(case.id).or_insert_with(|| Known {
                verdict: case.verdict,
                since: look.taken,
                change: (!first).then_some((Change::New, self.looks)),
                told: false,
            });
            let was = std::mem::replace(&mut known.verdict, case.verdict);
            if was != case.verdict {
                known.since = look.taken;
                known.change = Some((Change::Was(was), self.looks));
            }
            let about = || About::of(&look.inventory, case);
            if !known.told && selected {
                known.told = true;
                tell(What::Appeared(about()));
            } else if known.told && was != case.verdict {
                tell(What::Changed { about: about(), was });
            }
        }
        self.look = Some(look);
        events
    }

    /// The server could not be reached. It is told once.
    pub fn lose(&mut self, detail: String, now: Instant, time: SystemTime) -> Option<Event> {
        let what = What::ServerLost { detail: detail.clone() };
        let (since, instance, event) = match &mut self.contact {
            Contact::Lost { since, instance, .. } => (*since, instance.take(), None),
            Contact::Reached(instance) => (now, instance.take(), Some(Event { time, what })),
            Contact::Never => (now, None, Some(Event { time, what })),
        };
        self.contact = Contact::Lost { since, detail, instance };
        event
    }

    /// Takes in what became of what was to be dropped.
    pub fn drop_ended(&mut self, report: Report, time: SystemTime) -> Vec<Event> {
        for target in report.of(&[Outcome::Dropped]) {
            let known = self.known.remove(&target.id);
            let case = self.case(target.id).map(|(look, case)| About::of(&look.inventory, case));
            if let (Some(about), Some(_)) = (case, known) {
                self.gone.push(Left { about, dropped: true, at: self.looks });
            }
        }
        let told = |target| Event { time, what: What::Dropped(Box::new(target)) };
        report.targets.into_iter().map(told).collect()
    }

    /// A case of the last look.
    #[must_use]
    pub fn case(&self, id: Uuid) -> Option<(&Look, &Case)> {
        let look = self.look.as_ref()?;
        look.cases.iter().find(|case| case.id == id).map(|case| (look, case))
    }

    fn reached(&mut self, look: &Look) -> Option<What> {
        let now = look.inventory.server.process.as_ref().map(|server| server.instance.clone());
        match std::mem::replace(&mut self.contact, Contact::Reached(now.clone())) {
            // Our session ends with its server: another one is only met after it was lost.
            Contact::Never | Contact::Reached(_) => None,
            Contact::Lost { since, instance, .. } => {
                let restarted = instance.zip(now).map(|(before, now)| before != now);
                let lost_for = look.taken.saturating_duration_since(since);
                Some(What::ServerBack { restarted, lost_for })
            }
        }
    }

    /// Forgets those who are there no more; tells those of them that were told of.
    fn take_gone(&mut self, look: &Look) -> Vec<About> {
        let present: HashSet<_> = look.cases.iter().map(|case| case.id).collect();
        let mut left: HashMap<_, _> =
            self.known.extract_if(|id, _| !present.contains(id)).collect();
        let before = self.look.iter();
        let before = before.flat_map(|look| look.cases.iter().map(move |case| (look, case)));
        before
            .filter(|(_, case)| left.remove(&case.id).is_some_and(|known| known.told))
            .map(|(look, case)| About::of(&look.inventory, case))
            .collect()
    }
}
