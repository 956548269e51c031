//! `sessions show` for people: everything about one session, line by line.

use std::collections::HashSet;

use super::FULL_ID;
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::model::{Inventory, Ping, Process};
use crate::options::Terminal;
use crate::reap::report::Clients;
use crate::words::{ago, count};

/// Explains a case; `clients` is what its drop would take along.
#[must_use]
pub fn case(look: &Look, case: &Case, clients: Option<Clients>, terminal: Terminal) -> String {
    let inventory = &look.inventory;
    let session = case.session(inventory);
    let kind = if session.is_some() { "session" } else { "leftover" };
    let mut fields = vec![(kind, case.id.to_string()), ("state", case.verdict.to_string())];
    fields.extend(case.evidence.iter().map(|evidence| ("", evidence.clone())));
    fields.extend(case.age.map(|age| ("age", ago(age))));
    let idle = case.idle(inventory);
    fields.extend(idle.map(|idle| ("last activity", format!("{} ago", ago(idle)))));
    if let Some(session) = session {
        fields.extend(session.peer().map(|peer| ("client", peer)));
        fields.extend(session.root.iter().map(|root| ("root", root.clone())));
        fields.push(("edges", session.edges.to_string()));
    }
    fields.extend(named_once("components", components(inventory, case)));
    fields.extend(named_once("processes", case.processes(inventory).map(describe)));
    let collisions = look.collisions.iter().filter(|it| it.held_by.contains(&case.id));
    fields.extend(collisions.map(|it| ("collision", super::collision(inventory, it, FULL_ID))));
    fields.extend(clients.map(|it| ("a drop takes", taken(it, session.is_some()))));
    fields.extend(named_once("next", advice(case).into_iter()));
    super::fields(terminal, &fields)
}

/// Values of one kind: the first has the name beside it.
fn named_once(
    name: &str,
    values: impl Iterator<Item = String>,
) -> impl Iterator<Item = (&str, String)> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values)
}

fn components<'a>(inventory: &'a Inventory, case: &'a Case) -> impl Iterator<Item = String> {
    let units: HashSet<_> = case.units(inventory).into_iter().collect();
    case.keys(inventory).into_iter().map(move |key| {
        if units.contains(key) { key.to_owned() } else { format!("{key} (collection)") }
    })
}

fn describe(process: &Process) -> String {
    let ping = match &process.ping {
        Ping::NotAsked => "was not asked".into(),
        Ping::Answered(Some(after)) => {
            format!("answered after {:.1} ms", after.as_secs_f64() * 1000.0)
        }
        Ping::Answered(None) => "answered".into(),
        Ping::Heard => "spoke after it was asked".into(),
        Ping::Silent => "did not answer".into(),
        Ping::Blocked => "takes no requests".into(),
        Ping::Failed(code) => format!("answered with {code}"),
    };
    format!("{} {ping}; owns {}", process.name(), process.units.join(", "))
}

/// The clients in words.
fn taken(clients: Clients, session: bool) -> String {
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

/// What to do next; a command stands on a line of its own.
fn advice(case: &Case) -> Vec<String> {
    let id = case.id;
    match case.verdict {
        Verdict::Stale(_) => vec![format!("graphctl sessions drop {id}")],
        Verdict::Suspect(_) | Verdict::Unknown => vec![
            "look at its processes; if it is dead:".into(),
            format!("graphctl sessions drop --force {id}"),
        ],
        Verdict::Starting => {
            vec!["wait, or say with --start-timeout how long your pipelines take to start".into()]
        }
        Verdict::Live | Verdict::Observer => vec!["nothing: it is left alone".into()],
    }
}
