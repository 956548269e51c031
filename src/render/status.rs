//! `server status` and `sessions check` for people.

use std::fmt::Write as _;

use super::{id_width, printable};
use crate::judge::Collision;
use crate::look::Look;
use crate::model::{Channel, EndpointKind, Inventory};
use crate::words::count;

/// The server, line by line.
#[must_use]
pub fn server(inventory: &Inventory) -> String {
    let server = &inventory.server;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12} {}", printable(value));
    };
    line("address", &server.address);
    line("ezmsg", &server.version);
    line("channel", channel(server.channel));
    if let Some(process) = &server.process {
        line(
            "process",
            &format!("pid {} on {}, Python {}", process.pid, process.host, process.python),
        );
        line("lock", &lock(process.lock_held, process.lock_waiters));
    }
    line("sessions", &inventory.sessions.iter().filter(|it| !it.graphctl).count().to_string());
    line("processes", &inventory.processes.len().to_string());
    if let Some(endpoints) = &inventory.endpoints {
        let number = |of: fn(&EndpointKind) -> bool| {
            endpoints.iter().filter(|endpoint| of(&endpoint.kind)).count().to_string()
        };
        line("publishers", &number(|kind| matches!(kind, EndpointKind::Publisher(_))));
        line("subscribers", &number(|kind| matches!(kind, EndpointKind::Subscriber(_))));
        line("channels", &number(|kind| matches!(kind, EndpointKind::Channel(_))));
    }
    text
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
pub fn collisions(look: &Look, collisions: &[Collision]) -> String {
    let width = id_width(look.cases.iter().map(|case| case.id));
    collisions.iter().fold(String::new(), |mut text, collision| {
        let holders = collision.held_by.iter().filter_map(|holder| {
            let owns = |case: &&crate::judge::Case| {
                case.id == *holder || case.processes(&look.inventory).any(|it| it.id == *holder)
            };
            look.cases.iter().find(owns)
        });
        let states: Vec<_> = holders.map(|case| case.verdict.to_string()).collect();
        let _ = writeln!(text, "{} ({})", super::collision(collision, width), states.join(", "));
        text
    })
}
