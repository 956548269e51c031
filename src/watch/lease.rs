//! Who has been condemned for so long that it is to go. Pure.
//!
//! A lease runs while its case is condemned at every look, and starts anew with any proof of life. What is
//! stale has been judged with all that its processes answer and send: they are heirs, whose life is not the
//! session's. What is suspect proves its life by an answer or a message; and both by control traffic.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::judge::Case;
use crate::model::{Inventory, Process};
use crate::reap::{Condemned, Warrant};

/// What is condemned.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// For how long it must stay so.
    pub lease: Duration,
    /// Suspects too.
    pub include_suspect: bool,
    /// Not if messages may flow from it.
    pub spare_flowing: bool,
}

/// After so many times the usual time without a look, the watch was asleep.
const GAP_FACTOR: u32 = 4;

/// A shorter time without a look is no sleep: a look takes 1 s if a process does not answer.
const SHORTEST_GAP: Duration = Duration::from_secs(3);

/// A look that took longer counts as one of this length when the usual time is worked out: the watch may have been
/// asleep in the middle of it.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// The longest time that a drop takes, with the looks before and after it.
const LONGEST_DROP: Duration = Duration::from_secs(60);

/// The leases that run.
#[derive(Debug)]
pub struct Leases {
    terms: Terms,
    running: HashMap<Uuid, Lease>,
    gaps: Gaps,
}

/// Finds the times in which the watch was asleep: a signal had stopped it, or its machine was suspended.
#[derive(Debug)]
struct Gaps {
    /// The pause between two looks.
    every: Duration,
    /// How long the last look took.
    look: Duration,
    /// When the server was last looked at.
    last: Option<Duration>,
}

impl Gaps {
    /// Whether more than that has passed since the last time.
    fn advance(&mut self, clock: Duration, longest: Duration) -> bool {
        let last = self.last.replace(clock);
        last.is_some_and(|last| clock.saturating_sub(last) > longest)
    }
}

#[derive(Debug)]
struct Lease {
    since: Instant,
    /// What had been carried when it began.
    messages: Option<u64>,
    /// Its end has been told, and it has not been renewed since.
    over: bool,
}

impl Leases {
    /// None yet; `every` is the pause between two looks.
    #[must_use]
    pub fn new(terms: Terms, every: Duration) -> Self {
        let gaps = Gaps { every, look: Duration::ZERO, last: None };
        Self { terms, running: HashMap::new(), gaps }
    }

    /// All start anew: nobody looked for a while.
    pub fn renew_all(&mut self) {
        self.running.clear();
        self.gaps.last = None;
    }

    /// A look was taken at `clock`, which also advances while the machine sleeps. All start anew if the watch was
    /// asleep before it: what happened in that time was not seen, so it does not count.
    pub fn note_look(&mut self, clock: Duration, took: Duration) {
        let usual = self.gaps.every + self.gaps.look;
        if self.gaps.advance(clock, (usual * GAP_FACTOR).max(SHORTEST_GAP)) {
            self.running.clear();
        }
        self.gaps.look = took.min(LONGEST_LOOK);
    }

    /// A drop has ended at `clock`, in which the server was looked at: see [`note_look`](Self::note_look).
    pub fn note_drop(&mut self, clock: Duration) {
        if self.gaps.advance(clock, LONGEST_DROP) {
            self.running.clear();
        }
    }

    /// This one starts anew: it could not be dropped.
    pub fn renew(&mut self, id: Uuid) {
        self.running.remove(&id);
    }

    /// Takes a look in, at these cases of it; those whose lease ended with it. Each is told once, until it is
    /// renewed.
    pub fn look(
        &mut self,
        inventory: &Inventory,
        cases: &[&Case],
        taken: Instant,
    ) -> Vec<Condemned> {
        let mut running = HashMap::new();
        let mut ended = Vec::new();
        for case in cases {
            let Some(warrant) = self.warrant(case) else { continue };
            let begun = Lease { since: taken, messages: case.messages, over: false };
            let mut lease = match self.running.remove(&case.id) {
                Some(lease) if !lives(inventory, case, &lease, taken, self.terms) => lease,
                _ => begun,
            };
            if !lease.over && taken.duration_since(lease.since) >= self.terms.lease {
                lease.over = true;
                let Terms { spare_flowing, .. } = self.terms;
                let (id, messages) = (case.id, case.messages);
                ended.push(Condemned { id, warrant, spare_flowing, messages });
            }
            running.insert(case.id, lease);
        }
        self.running = running;
        ended
    }

    fn warrant(&self, case: &Case) -> Option<Warrant> {
        let warrant = Warrant::of_case(case)?;
        let asked_for = self.terms.include_suspect || !matches!(warrant, Warrant::Suspicion(_));
        (asked_for && !(self.terms.spare_flowing && case.may_flow())).then_some(warrant)
    }
}

/// Whether a case has given a sign of life since its lease began.
fn lives(inventory: &Inventory, case: &Case, lease: &Lease, now: Instant, terms: Terms) -> bool {
    let control = case.last_control.map(|time| inventory.age_of(time));
    let spoke = control.is_some_and(|age| age < now.duration_since(lease.since));
    let carried = case.messages.zip(lease.messages).is_some_and(|(now, then)| now > then);
    let answered = case.processes(inventory).any(Process::answered);
    let suspect = case.verdict.is_suspect();
    spoke || (suspect && answered) || ((suspect || terms.spare_flowing) && carried)
}
