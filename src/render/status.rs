//! `server status`, `sessions check` and `sessions wait` for people.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Holders, id_width, printable};
use crate::judge::{Case, Collision, Lack, Missing, Verdict};
use crate::look::Look;
use crate::model::{Channel, EndpointKind, Inventory, ServerProcess};
use crate::options::Terminal;
use crate::words::count;

/// The server, line by line.
#[must_use]
pub fn server(inventory: &Inventory, terminal: Terminal) -> String {
    let server = &inventory.server;
    let mut fields = vec![
        ("address", server.address.clone()),
        ("ezmsg", server.version.clone()),
        ("channel", channel(server.channel).to_owned()),
    ];
    if let Some(ServerProcess { pid, host, python, lock_held, lock_waiters, .. }) = &server.process
    {
        fields.push(("process", format!("pid {pid} on {host}, Python {python}")));
        fields.push(("lock", lock(*lock_held, *lock_waiters)));
    }
    let sessions = inventory.sessions.iter().filter(|session| !session.graphctl).count();
    fields.push(("sessions", sessions.to_string()));
    fields.push(("processes", inventory.processes.len().to_string()));
    if let Some(Endpoints { publishers, subscribers, channels }) = Endpoints::of(inventory) {
        fields.push(("publishers", publishers.to_string()));
        fields.push(("subscribers", subscribers.to_string()));
        fields.push(("channels", channels.to_string()));
    }
    super::fields(terminal, &fields)
}

/// How many endpoints of each kind there are.
pub(super) struct Endpoints {
    pub(super) publishers: usize,
    pub(super) subscribers: usize,
    pub(super) channels: usize,
}

impl Endpoints {
    /// `None` where the endpoints are not known.
    pub(super) fn of(inventory: &Inventory) -> Option<Self> {
        let mut number = Self { publishers: 0, subscribers: 0, channels: 0 };
        for endpoint in inventory.endpoints.as_ref()? {
            match endpoint.kind {
                EndpointKind::Publisher(_) => number.publishers += 1,
                EndpointKind::Subscriber(_) => number.subscribers += 1,
                EndpointKind::Channel(_) => number.channels += 1,
            }
        }
        Some(number)
    }
}

/// The word for the way an inventory was taken.
#[must_use]
pub const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Admin => "admin",
        Channel::Snapshot => "snapshot",
    }
}

fn lock(held: bool, waiters: u64) -> String {
    let waiters = usize::try_from(waiters).unwrap_or(usize::MAX);
    match (held, waiters) {
        (false, _) => "free".into(),
        (true, 0) => "held".into(),
        (true, waiters) => format!("held, {} waiting", count(waiters, "command", "commands")),
    }
}

/// What stands in the way of the checked keys, one line each.
#[must_use]
pub fn collisions(inventory: &Inventory, cases: &[Case], collisions: &[Collision]) -> String {
    let names = Holders::of(inventory, id_width(cases.iter().map(|case| case.id)));
    // Of a process: the first case that it belongs to.
    let mut verdicts = HashMap::new();
    for case in cases {
        let processes = case.processes(inventory).map(|process| process.id);
        for id in std::iter::once(case.id).chain(processes) {
            verdicts.entry(id).or_insert(case.verdict);
        }
    }
    collisions.iter().fold(String::new(), |mut text, collision| {
        let verdicts = collision.held_by.iter().filter_map(|holder| verdicts.get(holder));
        let states: Vec<_> = verdicts.map(Verdict::to_string).collect();
        let _ = writeln!(text, "{} ({})", names.of_collision(collision), states.join(", "));
        text
    })
}

/// What is missing for keys to be live, one line each.
#[must_use]
pub fn missing(look: &Look, missing: &[Missing]) -> String {
    let names = Holders::of(&look.inventory, id_width(look.cases.iter().map(|case| case.id)));
    missing.iter().fold(String::new(), |mut text, Missing { key, lack }| {
        let line = match lack {
            Lack::Unregistered => format!("{key} is not registered"),
            Lack::NothingBelow => format!("nothing at or below {key} is registered"),
            Lack::Unowned => format!("{key} is registered, and nobody owns it"),
            Lack::Foreign(owner) => {
                let owner = names.name(owner);
                format!("{key} is registered, and {owner}, which was there before, owns it")
            }
            Lack::Silent(owner) => {
                let owner = names.name(owner);
                format!("{key} is registered, and {owner}, which owns it, does not answer")
            }
            Lack::Dead(session, verdict) => {
                format!("{key} is held by {} ({verdict})", names.name(session))
            }
        };
        let _ = writeln!(text, "{}", printable(&line));
        text
    })
}
