//! `sessions show` for people: everything about one session, line by line.

use std::fmt::Write as _;

use super::printable;
use crate::judge::Case;
use crate::look::Look;
use crate::model::{Ping, Process};
use crate::reap::report::Clients;
use crate::words::{ago, count};

/// Explains a case; `clients` is what its drop would take along.
#[must_use]
pub fn case(look: &Look, case: &Case, clients: Option<Clients>) -> String {
    let inventory = &look.inventory;
    let session = case.session(inventory);
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<15} {}", printable(value));
    };
    line(if session.is_some() { "session" } else { "leftover" }, &case.id.to_string());
    line("state", &case.verdict.to_string());
    for evidence in &case.evidence {
        line("", evidence);
    }
    if let Some(age) = case.age {
        line("age", &ago(age));
    }
    if let Some(idle) = case.idle(inventory) {
        line("last activity", &format!("{} ago", ago(idle)));
    }
    if let Some(session) = session {
        if let Some((host, port)) = session.link.as_ref().and_then(|link| link.peer.as_ref()) {
            line("client", &format!("{host}:{port}"));
        }
        if let Some(root) = &session.root {
            line("root", root);
        }
        line("edges", &session.edges.to_string());
    }
    for (index, key) in case.keys(inventory).into_iter().enumerate() {
        let unit = case.units(inventory).contains(&key);
        let name = if index == 0 { "components" } else { "" };
        line(name, &format!("{key}{}", if unit { "" } else { " (collection)" }));
    }
    for (index, process) in case.processes(inventory).enumerate() {
        line(if index == 0 { "processes" } else { "" }, &describe(process));
    }
    for collision in look.collisions.iter().filter(|it| it.held_by.contains(&case.id)) {
        line("collision", &super::collision(collision, 36));
    }
    if let Some(clients) = clients {
        line("a drop takes", &taken(clients, session.is_some()));
    }
    line("next", &advice(case));
    text
}

fn describe(process: &Process) -> String {
    let pid = process.pid.map_or_else(|| "?".into(), |pid| pid.to_string());
    let host = process.host.as_deref().unwrap_or("?");
    let ping = match &process.ping {
        Ping::NotAsked => "was not asked".into(),
        Ping::Answered(Some(after)) => {
            format!("answered after {:.1} ms", after.as_secs_f64() * 1000.0)
        }
        Ping::Answered(None) => "answered".into(),
        Ping::Silent => "did not answer".into(),
        Ping::Blocked => "takes no requests".into(),
        Ping::Failed(code) => format!("answered with {code}"),
    };
    format!("pid {pid} on {host} {ping}; owns {}", process.units.join(", "))
}

/// The clients in words.
#[must_use]
pub fn taken(clients: Clients, session: bool) -> String {
    let kinds = [
        (usize::from(session), "session", "sessions"),
        (clients.processes, "process registration", "process registrations"),
        (clients.publishers, "publisher", "publishers"),
        (clients.subscribers, "subscriber", "subscribers"),
        (clients.channels, "channel", "channels"),
    ];
    let present = kinds.into_iter().filter(|(number, ..)| *number > 0);
    let words: Vec<_> = present.map(|(number, one, many)| count(number, one, many)).collect();
    words.join(", ")
}

fn advice(case: &Case) -> String {
    let id = case.id;
    if case.verdict.is_stale() {
        format!("graphctl sessions drop {id}")
    } else if case.verdict.is_suspect() {
        format!("look at its processes; if it is dead: graphctl sessions drop --force {id}")
    } else {
        "nothing: it is left alone".into()
    }
}
