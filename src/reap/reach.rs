//! Which publishers and subscribers belong to a process. Pure.
//!
//! The server does not record which process made a publisher or subscriber. For clients on this machine `/proc` shows
//! it: one process holds the connections of the client and of the registration. For other clients, topic, host and time
//! must leave exactly one candidate. A matching name is never proof by itself, and neither is being the youngest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::ops::Bound;
use std::time::SystemTime;

use uuid::Uuid;

use crate::host::Held;
use crate::model::{
    Component, Endpoint, EndpointKind, Holder, Inventory, Process, ProcessId, Session,
};

/// Publishers and subscribers by topic.
pub(super) struct Topics<'a> {
    endpoints: BTreeMap<&'a str, Vec<&'a Endpoint>>,
    /// By topic: the sessions that registered a stream on it.
    registered: HashMap<&'a str, BTreeSet<Uuid>>,
}

impl<'a> Topics<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let mut endpoints: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for endpoint in inventory.endpoints.iter().flatten() {
            if let Some(topic) = topic_of(endpoint) {
                endpoints.entry(topic).or_default().push(endpoint);
            }
        }
        let mut registered: HashMap<_, BTreeSet<_>> = HashMap::new();
        for session in &inventory.sessions {
            for component in &session.components {
                for topic in component.inputs().iter().chain(component.outputs()) {
                    registered.entry(topic.as_str()).or_default().insert(session.id);
                }
            }
        }
        Self { endpoints, registered }
    }

    pub(super) fn publishers<'t>(&self, topics: impl Iterator<Item = &'t String>) -> Vec<Uuid> {
        self.on(topics, |kind| matches!(kind, EndpointKind::Publisher(_)))
    }

    pub(super) fn subscribers<'t>(&self, topics: impl Iterator<Item = &'t String>) -> Vec<Uuid> {
        self.on(topics, |kind| matches!(kind, EndpointKind::Subscriber(_)))
    }

    fn on<'t>(
        &self,
        topics: impl Iterator<Item = &'t String>,
        wanted: impl Fn(&EndpointKind) -> bool,
    ) -> Vec<Uuid> {
        let endpoints = topics.filter_map(|topic| self.endpoints.get(topic.as_str())).flatten();
        endpoints.filter(|endpoint| wanted(&endpoint.kind)).map(|endpoint| endpoint.id).collect()
    }

    /// The topics of a unit's own streams: ezmsg names them `UNIT/STREAM`.
    fn of_unit<'s>(&'s self, unit: &str) -> impl Iterator<Item = (&'a str, &'s [&'a Endpoint])> {
        let prefix = format!("{unit}/");
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let below: Vec<_> = self
            .endpoints
            .range::<str, _>(from)
            .take_while(|(topic, _)| topic.starts_with(&prefix))
            .filter(|(topic, _)| !topic[prefix.len()..].contains('/'))
            .map(|(topic, endpoints)| (*topic, endpoints.as_slice()))
            .collect();
        below.into_iter()
    }

    /// Whether a session other than this one registered a stream on the topic.
    fn is_of_another(&self, topic: &str, session: Option<Uuid>) -> bool {
        let sessions = self.registered.get(topic).into_iter().flatten();
        sessions.into_iter().any(|id| Some(*id) != session)
    }
}

fn topic_of(endpoint: &Endpoint) -> Option<&str> {
    match &endpoint.kind {
        EndpointKind::Publisher(topic) | EndpointKind::Subscriber(topic) => Some(topic),
        EndpointKind::Channel(_) => None,
    }
}

/// The endpoints of a process.
#[derive(Default)]
pub(super) struct OwnEndpoints<'a> {
    pub(super) endpoints: Vec<&'a Endpoint>,
    /// Topics of its units on which it cannot be known which client belongs to it, each with the number of candidates.
    pub(super) undecided: Vec<(&'a str, usize)>,
}

/// What can be said of the endpoints on one topic.
enum Candidates<'a> {
    /// This one belongs to the process.
    Certain(&'a Endpoint),
    /// So many can belong to it, and it cannot be known which.
    Undecided(usize),
}

/// How the endpoints of one process are recognized.
pub(super) struct Reach<'a> {
    process: &'a Process,
    session: Option<&'a Session>,
    held: &'a Held,
    /// The process of this machine that made the registration, or the oldest of those that inherited it.
    pid: Option<ProcessId>,
    /// A process makes its endpoints after its session was opened and before it registers (`process` of
    /// ezmsg/core/backendprocess.py).
    since: Option<SystemTime>,
    host: Option<IpAddr>,
}

impl<'a> Reach<'a> {
    /// `held` says which processes of this machine hold the connections of clients, as far as it can be seen.
    pub(super) fn of(
        inventory: &'a Inventory,
        held: &'a Held,
        session: Option<&'a Session>,
        process: &'a Process,
    ) -> Self {
        let link = process.link.as_ref();
        Self {
            process,
            session,
            held,
            pid: maker(held, process.id),
            since: match session {
                Some(session) => session.created,
                None => lost_session(inventory, process),
            },
            host: link.and_then(|link| link.peer).map(|peer| peer.ip()),
        }
    }

    pub(super) fn among(&self, topics: &Topics<'a>) -> OwnEndpoints<'a> {
        let mut own = OwnEndpoints::default();
        for (topic, endpoints) in self.on_its_topics(topics) {
            match self.candidates(topics, topic, endpoints) {
                Candidates::Certain(endpoint) => own.endpoints.push(endpoint),
                Candidates::Undecided(0) => {}
                Candidates::Undecided(number) => own.undecided.push((topic, number)),
            }
        }
        own
    }

    /// By topic and kind of its streams: all endpoints there. The streams of a leftover are not known any more, since
    /// its session is gone, so the endpoints of a topic of its units count whatever their kind is.
    fn on_its_topics(&self, topics: &Topics<'a>) -> Vec<(&'a str, Vec<&'a Endpoint>)> {
        let Some(session) = self.session else {
            let topics = self.process.units.iter().flat_map(|it| topics.of_unit(it));
            return topics.map(|(topic, endpoints)| (topic, endpoints.to_vec())).collect();
        };
        let mut found = Vec::new();
        let units: HashSet<_> = self.process.units.iter().map(String::as_str).collect();
        let mut add_all = |streams: &'a [String], kind: fn(&EndpointKind) -> bool| {
            for topic in streams {
                if let Some(endpoints) = topics.endpoints.get(topic.as_str()) {
                    let of_kind = endpoints.iter().copied().filter(|it| kind(&it.kind));
                    found.push((topic.as_str(), of_kind.collect()));
                }
            }
        };
        let owned = |component: &&Component| units.contains(&*component.key);
        for component in session.components.iter().filter(owned) {
            add_all(component.outputs(), |kind| matches!(kind, EndpointKind::Publisher(_)));
            add_all(component.inputs(), |kind| matches!(kind, EndpointKind::Subscriber(_)));
        }
        found
    }

    /// Decides which endpoint on a topic belongs to the process: by the process that holds it if that is known,
    /// otherwise by host and time. If the process also taps its own topic, the time decides between the two.
    fn candidates(
        &self,
        topics: &Topics<'a>,
        topic: &str,
        mut endpoints: Vec<&'a Endpoint>,
    ) -> Candidates<'a> {
        // An endpoint that a process is known to have made belongs to that one alone.
        let may_be_its_own = |it: &&Endpoint| self.is_near(it) && maker(self.held, it.id).is_none();
        let Some(pid) = self.pid else {
            endpoints.retain(may_be_its_own);
            let session = self.session.map(|session| session.id);
            // The streams of a leftover went with its session: any program may have made a client below its unit.
            return match endpoints[..] {
                [only] if session.is_some() && !topics.is_of_another(topic, session) => {
                    Candidates::Certain(only)
                }
                _ => Candidates::Undecided(endpoints.len()),
            };
        };
        let held = endpoints.iter().copied().filter(|it| self.is_held_by(pid, it.id));
        let held: Vec<_> = held.collect();
        let near = || held.iter().copied().filter(|it| self.is_near(it));
        match held[..] {
            [] => Candidates::Undecided(endpoints.into_iter().filter(may_be_its_own).count()),
            [only] if self.holder_registered(pid) || self.is_near(only) => {
                Candidates::Certain(only)
            }
            _ => match near().collect::<Vec<_>>()[..] {
                [only] => Candidates::Certain(only),
                _ => Candidates::Undecided(near().count()),
            },
        }
    }

    /// Whether the process of this machine is the one that registered, by the pid that it gave. If that one is gone,
    /// what an heir of the connection made later is the heir's own.
    fn holder_registered(&self, (pid, _): ProcessId) -> bool {
        self.process.pid == Some(pid)
    }

    /// Whether this process made the endpoint. A process that only inherited it is not its maker.
    fn is_held_by(&self, pid: ProcessId, endpoint: Uuid) -> bool {
        if let Some(maker) = maker(self.held, endpoint) {
            return maker == pid;
        }
        let holding = self.held.get(&endpoint);
        holding.is_some_and(|it| it.holders.iter().any(|holder| holder.id() == pid))
    }

    /// Whether the endpoint was made on the host of the process, after its session was opened and before it registered.
    fn is_near(&self, endpoint: &Endpoint) -> bool {
        let times = (self.since, endpoint.created, self.process.created);
        let in_time =
            matches!(times, (Some(since), Some(at), Some(until)) if since < at && at <= until);
        let host = endpoint.link.peer.map(|peer| peer.ip());
        in_time && self.host.is_some() && self.host == host
    }
}

/// The process of this machine that made a client's connection: its oldest holder, because processes that inherited
/// the connection started later. `None` if not all holders are known.
pub(super) fn maker(held: &Held, client: Uuid) -> Option<ProcessId> {
    held.get(&client)?.all()?.iter().map(Holder::id).min_by_key(|(pid, start)| (*start, *pid))
}

/// When the session that a leftover process belonged to was opened.
fn lost_session(inventory: &Inventory, process: &Process) -> Option<SystemTime> {
    let sessions = inventory.history.as_ref()?.earlier_sessions(process);
    sessions.map(|session| session.created).max()
}
