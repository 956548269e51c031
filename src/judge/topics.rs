//! Who is on which topic.

use std::collections::HashMap;

use crate::model::{Component, Endpoint, EndpointKind, Inventory, Session};

/// Publishers or subscribers by topic, each with its place in the inventory.
type ByTopic<'a> = HashMap<&'a str, Vec<(usize, &'a Endpoint)>>;

/// The topics that anybody publishes on or subscribes to.
pub(super) struct Topics<'a> {
    publishers: ByTopic<'a>,
    subscribers: ByTopic<'a>,
}

impl<'a> Topics<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let mut topics = Self { publishers: HashMap::new(), subscribers: HashMap::new() };
        for (index, endpoint) in inventory.endpoints.iter().flatten().enumerate() {
            let (by_topic, topic) = match &endpoint.kind {
                EndpointKind::Publisher(topic) => (&mut topics.publishers, topic),
                EndpointKind::Subscriber(topic) => (&mut topics.subscribers, topic),
                EndpointKind::Channel(_) => continue,
            };
            by_topic.entry(topic.as_str()).or_default().push((index, endpoint));
        }
        topics
    }

    /// The topic of the first endpoint that is on a topic of these units, and younger than the session.
    pub(super) fn in_use(&self, units: &[&'a Component], session: &Session) -> Option<&'a str> {
        let first = |by_topic: &ByTopic<'a>, topic: &'a String| {
            let mut endpoints = by_topic.get(topic.as_str())?.iter();
            let younger = |it: &Endpoint| it.created.is_none() || it.created > session.created;
            endpoints.find(|(_, it)| younger(it)).map(|(index, _)| (*index, topic.as_str()))
        };
        let published = units.iter().flat_map(|it| it.outputs());
        let subscribed = units.iter().flat_map(|it| it.inputs());
        let published = published.filter_map(|topic| first(&self.publishers, topic));
        let subscribed = subscribed.filter_map(|topic| first(&self.subscribers, topic));
        published.chain(subscribed).min().map(|(_, topic)| topic)
    }
}
