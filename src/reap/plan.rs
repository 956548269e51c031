//! A condemned case → exactly what goes with it, and what must still hold when it goes. Pure.

use std::collections::{HashMap, HashSet};
use std::fmt;

use uuid::Uuid;

use super::reach::{OwnEndpoints, Reach, Topics, maker};
use crate::admin::{DropTarget, Taken, digest};
use crate::host::Held;
use crate::judge::{Case, StaleReason, SuspectReason, Verdict};
use crate::model::{Component, EndpointKind, Inventory, Ping, Process, Session};
use crate::words::count;

/// By what right something is dropped. There is none for a live session but [`Force`](Self::Force);
/// what has [`Ended`](Self::Ended) only looks alive where the server has not noticed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warrant {
    /// It is proven dead, for this reason.
    Proof(StaleReason),
    /// It is suspect, and suspects were asked for.
    Suspicion(SuspectReason),
    /// Its full id was typed together with `--force`.
    Force,
    /// All that held its connections was started by this graphctl, and has ended.
    Ended,
}

impl Warrant {
    /// The warrant that a verdict gives by itself.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Stale(reason) => Some(Self::Proof(reason)),
            Verdict::Suspect(reason) => Some(Self::Suspicion(reason)),
            Verdict::Live | Verdict::Starting | Verdict::Observer | Verdict::Unknown => None,
        }
    }

    /// The warrant that a look at the case gives by itself; `None` also if the case ends without a drop.
    #[must_use]
    pub fn of_case(case: &Case) -> Option<Self> {
        Self::of(case.verdict).filter(|_| !case.ends_with_lock)
    }

    /// Whether it holds whatever the verdict is, so that the drop itself needs no second look.
    #[must_use]
    pub const fn stands_alone(self) -> bool {
        matches!(self, Self::Force | Self::Ended)
    }

    /// Whether a case with this verdict may be dropped by it.
    #[must_use]
    pub fn is_borne_out_by(self, verdict: Verdict) -> bool {
        self.stands_alone() || Self::of(verdict) == Some(self)
    }

    /// Whether it holds only as long as nothing is heard of those that were silent.
    const fn is_silence(self) -> bool {
        let unresponsive = matches!(self, Self::Suspicion(SuspectReason::Unresponsive));
        unresponsive || matches!(self, Self::Proof(StaleReason::HalfOpen))
    }
}

/// The verdict that it stands on, or why it needs none.
impl fmt::Display for Warrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proof(reason) => Verdict::Stale(*reason).fmt(formatter),
            Self::Suspicion(reason) => Verdict::Suspect(*reason).fmt(formatter),
            Self::Force => formatter.write_str("forced"),
            Self::Ended => formatter.write_str("ended"),
        }
    }
}

/// By case: its verdict at one look.
pub type Verdicts = HashMap<Uuid, Verdict>;

/// The verdicts of the cases of one look.
#[must_use]
pub fn verdicts_by_case(cases: &[Case]) -> Verdicts {
    cases.iter().map(|case| (case.id, case.verdict)).collect()
}

/// A case that is to be dropped, and by what right.
#[derive(Debug)]
pub struct Condemned {
    /// The case.
    pub id: Uuid,
    /// By what right.
    pub warrant: Warrant,
    /// Only if no messages flow from it.
    pub spare_flowing: bool,
    /// How many had flowed when it was condemned.
    pub messages: Option<u64>,
}

impl Condemned {
    /// A case that is proven dead; `None` if it is not, or ends without a drop.
    #[must_use]
    pub fn proven(case: &Case) -> Option<Self> {
        let warrant = Warrant::of_case(case).filter(|it| matches!(it, Warrant::Proof(_)))?;
        Some(Self { id: case.id, warrant, spare_flowing: false, messages: case.messages })
    }

    /// Whether no further look is needed, by the last two: it is gone, or both condemn it. A suspicion is settled
    /// unless one of them gave `unknown`, which a command lock that is held for a moment causes.
    #[must_use]
    pub fn is_settled(&self, earlier: &Verdicts, last: &Verdicts) -> bool {
        let is_gone = !last.contains_key(&self.id);
        let shows_enough = |look: &&Verdicts| match self.warrant {
            Warrant::Proof(_) => self.is_borne_out_by(look),
            Warrant::Suspicion(_) => look.get(&self.id) != Some(&Verdict::Unknown),
            Warrant::Force | Warrant::Ended => true,
        };
        is_gone || [earlier, last].iter().all(shows_enough)
    }

    /// Whether a look condemns it for the same reason.
    #[must_use]
    pub fn is_borne_out_by(&self, look: &Verdicts) -> bool {
        look.get(&self.id).is_some_and(|verdict| self.warrant.is_borne_out_by(*verdict))
    }
}

/// Makes plans for the cases of one look.
pub struct Planner<'a> {
    inventory: &'a Inventory,
    held: &'a Held,
    topics: Topics<'a>,
    /// By publisher.
    channels: HashMap<Uuid, Vec<Uuid>>,
    /// The channels to publishers that are gone.
    orphans: Vec<Uuid>,
    /// By unit.
    owners: HashMap<&'a str, Vec<Uuid>>,
    /// By unit that has an owner.
    sessions: HashMap<&'a str, Vec<Uuid>>,
}

impl<'a> Planner<'a> {
    /// Sorts what the plans will ask for. `held` says which processes of this machine hold the connections of
    /// clients, as far as that can be seen.
    #[must_use]
    pub fn new(inventory: &'a Inventory, held: &'a Held) -> Self {
        let mut channels: HashMap<_, Vec<_>> = HashMap::new();
        for endpoint in inventory.endpoints.iter().flatten() {
            if let EndpointKind::Channel(publisher) = endpoint.kind {
                channels.entry(publisher).or_default().push(endpoint.id);
            }
        }
        let endpoints = inventory.endpoints.iter().flatten();
        let present: HashSet<_> = endpoints.map(|it| it.id).collect();
        let left = channels.iter().filter(|(publisher, _)| !present.contains(*publisher));
        let orphans = left.flat_map(|(_, channels)| channels).copied().collect();
        let mut owners: HashMap<_, Vec<_>> = HashMap::new();
        for process in &inventory.processes {
            for unit in &process.units {
                owners.entry(unit.as_str()).or_default().push(process.id);
            }
        }
        // Only asked for what a process owns: of the rest there may be very many.
        let mut sessions: HashMap<_, Vec<_>> = HashMap::new();
        for session in &inventory.sessions {
            for unit in session.units().filter(|unit| owners.contains_key(unit)) {
                sessions.entry(unit).or_default().push(session.id);
            }
        }
        Self { inventory, held, topics: Topics::of(inventory), channels, orphans, owners, sessions }
    }

    /// What to drop for a case; `None` if the case does not bear the warrant out.
    #[must_use]
    pub fn plan(&self, case: &Case, warrant: Warrant) -> Option<DropTarget> {
        let silent = if warrant.is_silence() { self.silent(case) } else { Vec::new() };
        let may_cut = warrant.stands_alone();
        warrant.is_borne_out_by(case.verdict).then(|| DropTarget {
            silent,
            may_cut,
            ..self.target(case)
        })
    }

    /// What a drop of the case would take along; not known from a snapshot.
    #[must_use]
    pub fn would_take(&self, case: &Case) -> Option<Taken> {
        self.inventory.endpoints.as_ref().map(|_| self.taken(case))
    }

    fn target(&self, case: &Case) -> DropTarget {
        let session = case.session(self.inventory);
        let units = case.units(self.inventory);
        let owners: HashSet<Uuid> =
            units.iter().filter_map(|unit| self.owners.get(unit)).flatten().copied().collect();
        let components = || session.iter().flat_map(|it| &it.components);
        let mut known = self.topics.publishers(components().flat_map(Component::outputs));
        known.extend(self.topics.subscribers(components().flat_map(Component::inputs)));
        DropTarget {
            id: case.id,
            taken: self.taken(case),
            keys: digest(case.id, case.keys(self.inventory)),
            owners: owners.into_iter().collect(),
            known,
            silent: Vec::new(),
            may_cut: false,
        }
    }

    /// Its processes that answer nothing, each with what it had sent by then.
    fn silent(&self, case: &Case) -> Vec<(Uuid, u64)> {
        let is_silent = |it: &&Process| matches!(it.ping, Ping::Silent | Ping::Blocked);
        let silent = case.processes(self.inventory).filter(is_silent);
        silent.filter_map(|it| Some((it.id, it.link.as_ref()?.received?))).collect()
    }

    /// What a drop of the case leaves alone because it may belong to another program, in words.
    #[must_use]
    pub fn left_alone(&self, case: &Case) -> Vec<String> {
        let undecided = |(process, own): (&Process, OwnEndpoints<'_>)| {
            let lines = own.undecided.into_iter().map(|(topic, number)| {
                let clients = count(number, "client", "clients");
                let name = process.name();
                format!("{clients} on {topic}, which may belong to {name} or to another program")
            });
            lines.collect::<Vec<_>>()
        };
        let session = case.session(self.inventory);
        let mut left: Vec<_> = self.own(case).flat_map(undecided).collect();
        let shared = case.processes(self.inventory).filter(|it| self.serves_another(session, it));
        left.extend(
            shared.map(|it| format!("{}, which also runs units of another session", it.name())),
        );
        left
    }

    fn taken(&self, case: &Case) -> Taken {
        let session = case.session(self.inventory);
        let mut taken = Taken { session: session.map(|session| session.id), ..Taken::default() };
        for (process, own) in self.own(case) {
            taken.processes.push(process.id);
            for endpoint in own.endpoints {
                match endpoint.kind {
                    EndpointKind::Publisher(_) => taken.publishers.push(endpoint.id),
                    EndpointKind::Subscriber(_) => taken.subscribers.push(endpoint.id),
                    EndpointKind::Channel(_) => {}
                }
            }
        }
        let channels = taken.publishers.iter().filter_map(|it| self.channels.get(it)).flatten();
        // A channel without a publisher serves no subscriber. Its process shows which session it belongs to.
        let makers: HashSet<_> =
            taken.processes.iter().filter_map(|it| maker(self.held, *it)).collect();
        let is_own = |it: &&Uuid| maker(self.held, **it).is_some_and(|it| makers.contains(&it));
        taken.channels = channels.chain(self.orphans.iter().filter(is_own)).copied().collect();
        taken
    }

    /// The processes that go with the case, each with its endpoints.
    fn own<'s>(
        &'s self,
        case: &'s Case,
    ) -> impl Iterator<Item = (&'a Process, OwnEndpoints<'a>)> + 's {
        let session = case.session(self.inventory);
        let own = move |process: &&Process| !self.serves_another(session, process);
        case.processes(self.inventory).filter(own).map(move |process| {
            let reach = Reach::of(self.inventory, self.held, session, process);
            (process, reach.among(&self.topics))
        })
    }

    /// Whether a process also runs units of another session, which must not lose them.
    fn serves_another(&self, session: Option<&Session>, process: &Process) -> bool {
        let own = session.map(|session| session.id);
        let sessions = process.units.iter().filter_map(|unit| self.sessions.get(unit.as_str()));
        sessions.flatten().any(|id| Some(*id) != own)
    }
}
