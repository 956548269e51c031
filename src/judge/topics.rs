//! Who is on which topic.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use uuid::Uuid;

use crate::model::{Component, Endpoint, EndpointKind, Inventory, Session};
use crate::words::list;

/// A session whose last message is known to be younger than this is not idle, whatever its other publishers do.
const RECENT: Duration = Duration::from_secs(5);

/// Publishers or subscribers by topic, each with its place in the inventory.
type ByTopic<'a> = HashMap<&'a str, Vec<(usize, &'a Endpoint)>>;

/// The topics that anybody publishes on or subscribes to.
pub(super) struct Topics<'a> {
    publishers: ByTopic<'a>,
    subscribers: ByTopic<'a>,
    /// The publishers that have a channel.
    with_channels: HashSet<Uuid>,
    /// Whether the inventory lists endpoints.
    known: bool,
}

impl<'a> Topics<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let (publishers, subscribers) = (HashMap::new(), HashMap::new());
        let (with_channels, known) = (HashSet::new(), inventory.endpoints.is_some());
        let mut topics = Self { publishers, subscribers, with_channels, known };
        for (index, endpoint) in inventory.endpoints.iter().flatten().enumerate() {
            let (by_topic, topic) = match &endpoint.kind {
                EndpointKind::Publisher(topic) => (&mut topics.publishers, topic),
                EndpointKind::Subscriber(topic) => (&mut topics.subscribers, topic),
                EndpointKind::Channel(publisher) => {
                    topics.with_channels.insert(*publisher);
                    continue;
                }
            };
            by_topic.entry(topic.as_str()).or_default().push((index, endpoint));
        }
        topics
    }

    /// The topic of the first endpoint that is on a topic of these units, and younger than the session.
    pub(super) fn in_use(&self, units: &[&'a Component], session: &Session) -> Option<&'a str> {
        let first = |by_topic: &ByTopic<'a>, topic: &'a String| {
            first_younger(by_topic, topic, session).map(|index| (index, topic.as_str()))
        };
        let published = units.iter().flat_map(|it| it.outputs());
        let subscribed = units.iter().flat_map(|it| it.inputs());
        let published = published.filter_map(|topic| first(&self.publishers, topic));
        let subscribed = subscribed.filter_map(|topic| first(&self.subscribers, topic));
        published.chain(subscribed).min().map(|(_, topic)| topic)
    }

    /// Lists, in words, the topics of the session's units that lack a publisher or subscriber younger than the session.
    /// `None` if no topic lacks one, or if endpoints are not known.
    ///
    /// A process makes the endpoints of its units before it registers these (`DefaultBackendProcess.process`
    /// of ezmsg/core/backendprocess.py), and closes them before it leaves.
    pub(super) fn missing(&self, session: &Session) -> Option<String> {
        if !self.known {
            return None;
        }
        let without = |by_topic: &ByTopic<'a>, topics: &[String]| {
            let missing =
                topics.iter().filter(|topic| first_younger(by_topic, topic, session).is_none());
            missing.cloned().collect::<Vec<_>>()
        };
        let units = || session.components.iter().filter(|component| component.unit);
        let publishers: Vec<_> =
            units().flat_map(|unit| without(&self.publishers, unit.outputs())).collect();
        let subscribers: Vec<_> =
            units().flat_map(|unit| without(&self.subscribers, unit.inputs())).collect();
        let named = [("publisher", publishers), ("subscriber", subscribers)];
        let lacks = named.iter().filter(|(_, topics)| !topics.is_empty());
        let lacks: Vec<_> =
            lacks.map(|(kind, topics)| format!("no {kind} is on {}", list(topics))).collect();
        (!lacks.is_empty()).then(|| lacks.join(", and "))
    }
}

impl Topics<'_> {
    /// How long ago a publisher of the session's units last sent a message. Returns `Ok(None)` if none of them has a
    /// channel, and `Err` if the time is unknown for one that has: the kernel does not see messages inside a process.
    pub(super) fn sent(&self, session: &Session) -> Result<Option<Duration>, UnknownTime> {
        if !self.known {
            return Err(UnknownTime);
        }
        let outputs = session.components.iter().flat_map(Component::outputs);
        let publishers = outputs.filter_map(|topic| self.publishers.get(topic.as_str())).flatten();
        let publishers = publishers.map(|(_, publisher)| publisher);
        let own = publishers.filter(|it| {
            self.with_channels.contains(&it.id)
                && (it.created.is_none() || it.created > session.created)
        });
        let (seen, unseen): (Vec<_>, Vec<_>) = own.map(|it| it.sent).partition(Option::is_some);
        let latest = seen.into_iter().flatten().min();
        // The others may have sent since, which matters only if that was long ago.
        let is_recent = latest.is_some_and(|latest| latest < RECENT);
        if unseen.is_empty() || is_recent { Ok(latest) } else { Err(UnknownTime) }
    }
}

/// The time of the last message is not known.
pub(super) struct UnknownTime;

/// The place of the first endpoint on the topic that is younger than the session.
fn first_younger(by_topic: &ByTopic<'_>, topic: &str, session: &Session) -> Option<usize> {
    let younger = |it: &Endpoint| it.created.is_none() || it.created > session.created;
    let mut endpoints = by_topic.get(topic)?.iter();
    endpoints.find(|(_, endpoint)| younger(endpoint)).map(|(index, _)| *index)
}
