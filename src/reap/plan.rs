//! A condemned case → exactly what goes with it, and what must still hold when it goes. Pure.

use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use uuid::Uuid;

use crate::admin::DropTarget;
use crate::judge::{Case, StaleReason, SuspectReason, Verdict};
use crate::model::{Component, Endpoint, EndpointKind, Inventory, Process, Session, minted};

/// By what right something is dropped. There is none for a live session but [`Force`](Self::Force).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warrant {
    /// It is proven dead, for this reason.
    Proof(StaleReason),
    /// It is suspect, and suspects were asked for.
    Suspicion(SuspectReason),
    /// Its full id was typed together with `--force`.
    Force,
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
}

/// What to drop for a case; `None` if the case does not bear the warrant out.
#[must_use]
pub fn drop_of(inventory: &Inventory, case: &Case, warrant: Warrant) -> Option<DropTarget> {
    if warrant != Warrant::Force && Warrant::of(case.verdict) != Some(warrant) {
        return None;
    }
    let session = case.session(inventory);
    let units: HashSet<&str> = case.units(inventory).into_iter().collect();
    let owns_any = |process: &&Process| process.units.iter().any(|it| units.contains(it.as_str()));
    let mut target = DropTarget {
        id: case.id,
        session: session.map(|session| session.id),
        processes: Vec::new(),
        publishers: Vec::new(),
        subscribers: Vec::new(),
        channels: Vec::new(),
        components: session.map(sorted_keys).unwrap_or_default(),
        owners: inventory.processes.iter().filter(owns_any).map(|process| process.id).collect(),
        outputs: topics(session, |component| &component.outputs),
        inputs: topics(session, |component| &component.inputs),
        known: Vec::new(),
        units: units.into_iter().map(str::to_owned).collect(),
    };
    target.units.sort();
    let endpoints = inventory.endpoints.as_deref().unwrap_or_default();
    for process in case.processes(inventory).filter(|it| !serves_another(inventory, session, it)) {
        let reach = Reach::of(inventory, session, process);
        target.processes.push(process.id);
        target.publishers.extend(reach.publishers(endpoints));
        target.subscribers.extend(reach.subscribers(endpoints));
    }
    for endpoint in endpoints {
        match &endpoint.kind {
            EndpointKind::Channel(publisher) if target.publishers.contains(publisher) => {
                target.channels.push(endpoint.id);
            }
            EndpointKind::Publisher(topic) if target.outputs.contains(topic) => {
                target.known.push(endpoint.id);
            }
            EndpointKind::Subscriber(topic) if target.inputs.contains(topic) => {
                target.known.push(endpoint.id);
            }
            _ => {}
        }
    }
    Some(target)
}

fn sorted_keys(session: &Session) -> Vec<String> {
    let mut keys: Vec<_> = session.components.iter().map(|it| it.key.clone()).collect();
    keys.sort();
    keys
}

fn topics(session: Option<&Session>, of: impl Fn(&Component) -> &Vec<String>) -> Vec<String> {
    session.map_or_else(Vec::new, |it| it.components.iter().flat_map(of).cloned().collect())
}

/// Whether a process also runs units of another session, which must not lose them.
fn serves_another(inventory: &Inventory, session: Option<&Session>, process: &Process) -> bool {
    let others = inventory.sessions.iter().filter(|it| Some(it.id) != session.map(|it| it.id));
    let units: HashSet<_> = process.units.iter().map(String::as_str).collect();
    others.flat_map(Session::units).any(|unit| units.contains(unit))
}

/// Which publishers and subscribers a process made for the units it owns.
///
/// The server does not tell. But a process makes them after its session was opened, from its own
/// host, one for each stream of its units, and right before it connects to register these: what fits
/// all of that is its own. A tap on the same topic, before, during or after the start, does not.
struct Reach<'a> {
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    host: Option<&'a str>,
    outputs: HashSet<&'a str>,
    inputs: HashSet<&'a str>,
    /// For leftovers, whose session took the names of their topics with it: `unit/`.
    prefixes: Vec<String>,
}

impl<'a> Reach<'a> {
    fn of(inventory: &'a Inventory, session: Option<&'a Session>, process: &'a Process) -> Self {
        let owned = |component: &&Component| process.units.contains(&component.key);
        let components = session.into_iter().flat_map(|it| &it.components).filter(owned);
        let link = process.link.as_ref();
        Self {
            since: match session {
                Some(session) => session.created,
                None => lost_session(inventory, process),
            },
            until: process.created,
            host: link.and_then(|link| link.peer.as_ref()).map(|(host, _)| host.as_str()),
            outputs: components.clone().flat_map(|it| &it.outputs).map(String::as_str).collect(),
            inputs: components.flat_map(|it| &it.inputs).map(String::as_str).collect(),
            prefixes: match session {
                Some(_) => Vec::new(),
                None => process.units.iter().map(|unit| format!("{unit}/")).collect(),
            },
        }
    }

    fn publishers(&self, endpoints: &[Endpoint]) -> Vec<Uuid> {
        self.own(endpoints, |kind| matches!(kind, EndpointKind::Publisher(_)))
    }

    fn subscribers(&self, endpoints: &[Endpoint]) -> Vec<Uuid> {
        self.own(endpoints, |kind| matches!(kind, EndpointKind::Subscriber(_)))
    }

    /// Of each topic the last endpoint within reach, if it is `wanted`.
    ///
    /// What a leftover's topics were for went with its session: whether a publisher on one of them is
    /// its own and a subscriber a tap, or the other way round, tells who came last.
    fn own(&self, endpoints: &[Endpoint], wanted: impl Fn(&EndpointKind) -> bool) -> Vec<Uuid> {
        let mut latest: BTreeMap<&str, &Endpoint> = BTreeMap::new();
        for endpoint in endpoints.iter().filter(|endpoint| self.is_near(endpoint)) {
            let Some(topic) = self.own_topic(&endpoint.kind) else { continue };
            let last = latest.entry(topic).or_insert(endpoint);
            if last.created < endpoint.created {
                *last = endpoint;
            }
        }
        latest.into_values().filter(|it| wanted(&it.kind)).map(|endpoint| endpoint.id).collect()
    }

    /// The topic of an endpoint, if it may be of one of the process's units.
    fn own_topic<'e>(&self, kind: &'e EndpointKind) -> Option<&'e str> {
        let (topic, known) = match kind {
            EndpointKind::Publisher(topic) => (topic, &self.outputs),
            EndpointKind::Subscriber(topic) => (topic, &self.inputs),
            EndpointKind::Channel(_) => return None,
        };
        (known.contains(topic.as_str()) || self.is_below(topic)).then_some(topic)
    }

    fn is_below(&self, topic: &str) -> bool {
        self.prefixes.iter().any(|prefix| topic.starts_with(prefix))
    }

    /// In the right time and place.
    fn is_near(&self, endpoint: &Endpoint) -> bool {
        let times = (self.since, endpoint.created, self.until);
        let in_time =
            matches!(times, (Some(since), Some(at), Some(until)) if since < at && at <= until);
        in_time && self.host.is_some() && self.host == endpoint.host.as_deref()
    }
}

/// When the session that a leftover process belonged to was opened.
fn lost_session(inventory: &Inventory, process: &Process) -> Option<SystemTime> {
    let registrations = &inventory.history.as_ref()?.registrations;
    let sessions = process.units.iter().filter_map(|unit| registrations.get(unit)).flatten();
    sessions.filter_map(|id: &Uuid| minted(*id)).filter(|it| Some(*it) < process.created).max()
}
