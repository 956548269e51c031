//! Which publishers and subscribers are a process's own. Pure.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::ops::Bound;
use std::time::SystemTime;

use uuid::Uuid;

use crate::model::{Component, Endpoint, EndpointKind, Inventory, Process, Session, minted};

/// Publishers and subscribers by topic.
pub(super) struct Topics<'a>(BTreeMap<&'a str, Vec<&'a Endpoint>>);

impl<'a> Topics<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let mut topics: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for endpoint in inventory.endpoints.iter().flatten() {
            match &endpoint.kind {
                EndpointKind::Publisher(topic) | EndpointKind::Subscriber(topic) => {
                    topics.entry(topic.as_str()).or_default().push(endpoint);
                }
                EndpointKind::Channel(_) => {}
            }
        }
        Self(topics)
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
        let endpoints = topics.filter_map(|topic| self.0.get(topic.as_str())).flatten();
        endpoints.filter(|endpoint| wanted(&endpoint.kind)).map(|endpoint| endpoint.id).collect()
    }

    /// Each topic that starts with this, with its endpoints.
    fn below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'s Vec<&'a Endpoint>> {
        let from = self.0.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(topic, _)| topic.starts_with(prefix)).map(|(_, endpoints)| endpoints)
    }
}

/// The endpoints that a process made itself.
#[derive(Default)]
pub(super) struct Own {
    pub(super) publishers: Vec<Uuid>,
    pub(super) subscribers: Vec<Uuid>,
}

/// Which publishers and subscribers a process made for the units it owns.
///
/// The server does not tell. But a process makes them after its session was opened, from its own
/// host, one for each stream of its units, and right before it connects to register these: what fits
/// all of that is its own. A tap on the same topic, before, during or after the start, does not.
pub(super) struct Reach<'a> {
    since: Option<SystemTime>,
    until: Option<SystemTime>,
    host: Option<IpAddr>,
    outputs: HashSet<&'a str>,
    inputs: HashSet<&'a str>,
    /// For leftovers, whose session took the names of their topics with it: `unit/`.
    prefixes: Vec<String>,
}

impl<'a> Reach<'a> {
    pub(super) fn of(
        inventory: &'a Inventory,
        session: Option<&'a Session>,
        process: &'a Process,
    ) -> Self {
        let units: HashSet<_> = process.units.iter().map(String::as_str).collect();
        let owned = |component: &&Component| units.contains(&*component.key);
        let components = session.into_iter().flat_map(|it| &it.components).filter(&owned);
        let link = process.link.as_ref();
        Self {
            since: match session {
                Some(session) => session.created,
                None => lost_session(inventory, process),
            },
            until: process.created,
            host: link.and_then(|link| link.peer).map(|peer| peer.ip()),
            outputs: components.clone().flat_map(Component::outputs).map(String::as_str).collect(),
            inputs: components.flat_map(Component::inputs).map(String::as_str).collect(),
            prefixes: match session {
                Some(_) => Vec::new(),
                None => process.units.iter().map(|unit| format!("{unit}/")).collect(),
            },
        }
    }

    /// Of each topic of its units the last endpoint within reach.
    ///
    /// What a leftover's topics were for went with its session: whether a publisher on one of them is
    /// its own and a subscriber a tap, or the other way round, tells who came last.
    pub(super) fn among(&self, topics: &Topics<'_>) -> Own {
        let named = self.outputs.union(&self.inputs).filter_map(|topic| topics.0.get(topic));
        let below = self.prefixes.iter().flat_map(|prefix| topics.below(prefix));
        let mut own = Own::default();
        for endpoints in named.chain(below) {
            let near = endpoints.iter().filter(|endpoint| self.is_near(endpoint));
            let Some(last) = near.max_by_key(|endpoint| endpoint.created) else { continue };
            match last.kind {
                EndpointKind::Publisher(_) => own.publishers.push(last.id),
                EndpointKind::Subscriber(_) => own.subscribers.push(last.id),
                EndpointKind::Channel(_) => {}
            }
        }
        own
    }

    /// In the right time and place, and of a kind that its units have on that topic.
    fn is_near(&self, endpoint: &Endpoint) -> bool {
        let of_its_kind = !self.prefixes.is_empty()
            || match &endpoint.kind {
                EndpointKind::Publisher(topic) => self.outputs.contains(topic.as_str()),
                EndpointKind::Subscriber(topic) => self.inputs.contains(topic.as_str()),
                EndpointKind::Channel(_) => false,
            };
        let times = (self.since, endpoint.created, self.until);
        let in_time =
            matches!(times, (Some(since), Some(at), Some(until)) if since < at && at <= until);
        let host = endpoint.link.peer.map(|peer| peer.ip());
        of_its_kind && in_time && self.host.is_some() && self.host == host
    }
}

/// When the session that a leftover process belonged to was opened.
fn lost_session(inventory: &Inventory, process: &Process) -> Option<SystemTime> {
    let registrations = &inventory.history.as_ref()?.registrations;
    let sessions = process.units.iter().filter_map(|unit| registrations.get(unit)).flatten();
    sessions.filter_map(|id: &Uuid| minted(*id)).filter(|it| Some(*it) < process.created).max()
}
