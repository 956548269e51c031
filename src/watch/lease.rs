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

/// The leases that run.
#[derive(Debug)]
pub struct Leases {
    terms: Terms,
    running: HashMap<Uuid, Lease>,
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
    /// None yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self { terms, running: HashMap::new() }
    }

    /// All start anew: nobody looked for a while.
    pub fn renew_all(&mut self) {
        self.running.clear();
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
