//! The verdict on one session or leftover, with its evidence.

use std::time::SystemTime;

use super::ownership::Owned;
use super::{StaleReason, SuspectReason, Thresholds, Verdict};
use crate::model::{Inventory, Link, Ping, Process, Session, minted};
use crate::words::{ago, count, list, precise};

/// Everything a session is judged by.
pub(super) struct Facts<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) session: &'a Session,
    pub(super) owned: &'a Owned,
    /// When the processes left that can only have been this session's.
    pub(super) lost: &'a [SystemTime],
}

type Judged = (Verdict, Vec<String>);

pub(super) fn of_session(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    let session = facts.session;
    if let Some(judged) = session.link.as_ref().and_then(of_link) {
        return judged;
    }
    if session.components.is_empty() {
        return (Verdict::Observer, vec!["it registered no components".into()]);
    }
    if session.units().next().is_none() {
        return (Verdict::Unknown, vec!["it registered components, but no unit among them".into()]);
    }
    if facts.owned.unowned.is_empty() && facts.owned.foreign.is_empty() {
        return of_pings(facts);
    }
    let mut evidence = vec![who_is_missing(facts)];
    let (verdict, why) = of_incomplete(facts, thresholds);
    evidence.extend(why);
    (verdict, evidence)
}

/// What the connection alone proves. A regular close passes through the same states for a few
/// milliseconds; whoever acts on this looks twice.
fn of_link(link: &Link) -> Option<Judged> {
    let open = link.established.unwrap_or(true) && !link.closing;
    match (open, link.handled) {
        (true, _) => None,
        (false, false) => Some((
            Verdict::Stale(StaleReason::Ghost),
            vec![
                "its connection is closed, and no task of the server reads from it any more".into(),
            ],
        )),
        (false, true) => Some((
            Verdict::Stale(StaleReason::ClientClosed),
            vec![
                "its client closed the connection, and the server is held up before it can notice"
                    .into(),
            ],
        )),
    }
}

fn of_pings(facts: &Facts<'_>) -> Judged {
    let owners = || facts.owned.owners.iter().map(|owner| &facts.inventory.processes[*owner]);
    if owners().any(|process| process.ping == Ping::NotAsked) {
        return (Verdict::Unknown, vec!["not every process that owns its units was asked".into()]);
    }
    let silent: Vec<_> = owners().filter(|it| !matches!(it.ping, Ping::Answered(_))).collect();
    if silent.is_empty() {
        let answered = format!("{} answered", count(owners().count(), "process", "processes"));
        return (Verdict::Live, vec![format!("every unit has its process, and {answered}")]);
    }
    let evidence = silent.into_iter().map(how_it_is_silent).collect();
    (Verdict::Suspect(SuspectReason::Unresponsive), evidence)
}

fn how_it_is_silent(process: &Process) -> String {
    let how = match &process.ping {
        Ping::Blocked => "takes no requests: earlier ones still wait to be sent".into(),
        Ping::Failed(code) => format!("answered the ping with {code}"),
        Ping::Silent | Ping::NotAsked | Ping::Answered(_) => "did not answer a ping".into(),
    };
    format!("{} ({}) {how}", name_of(process), list(&process.units))
}

fn who_is_missing(facts: &Facts<'_>) -> String {
    let owned = facts.owned;
    let all = facts.session.units().count();
    if let Some((unit, owner)) = owned.foreign.first() {
        let owner = name_of(&facts.inventory.processes[*owner]);
        return format!("{unit} is owned by {owner}, which was there before the session");
    }
    if owned.owners.is_empty() {
        return format!("no process owns {}", its_units(all));
    }
    format!(
        "no process owns {} of {}: {}",
        owned.unowned.len(),
        its_units(all),
        list(&owned.unowned)
    )
}

fn its_units(number: usize) -> String {
    if number == 1 { "its unit".into() } else { format!("its {number} units") }
}

/// Some unit has no process: it is starting, or it lost one, or it never got one.
fn of_incomplete(facts: &Facts<'_>, thresholds: &Thresholds) -> (Verdict, Option<String>) {
    let somebody = !facts.owned.owners.is_empty();
    if let Some(last) = facts.lost.iter().max() {
        let number = count(facts.lost.len(), "process", "processes");
        let when = ago(facts.inventory.age_of(*last));
        let lost = format!("{number} that owned its units left, the last {when} ago");
        let verdict = if somebody {
            Verdict::Suspect(SuspectReason::Partial)
        } else if facts.owned.foreign.is_empty() {
            Verdict::Stale(StaleReason::Abandoned)
        } else {
            Verdict::Unknown
        };
        return (verdict, Some(lost));
    }
    let Some(created) = facts.session.created else {
        return (Verdict::Unknown, Some("its id does not tell when it was opened".into()));
    };
    let age = facts.inventory.age_of(created);
    let timeout = precise(thresholds.start_timeout);
    if age < thresholds.start_timeout {
        let left = format!("it is {} old, and a start may take {timeout}", ago(age));
        return (Verdict::Starting, Some(left));
    }
    if facts.inventory.history.is_none() {
        let blind = "whether anybody ever did cannot be known without the admin channel".to_owned();
        return (Verdict::Unknown, Some(blind));
    }
    let verdict = if somebody {
        Verdict::Suspect(SuspectReason::Partial)
    } else {
        Verdict::Stale(StaleReason::NeverStarted)
    };
    (verdict, Some(format!("it is {} old, and a start may take {timeout}", ago(age))))
}

pub(super) fn of_leftover(inventory: &Inventory, process: &Process) -> Judged {
    let units = format!("{} owns {}", name_of(process), list(&process.units));
    let unknown = |why: &str| (Verdict::Unknown, vec![units.clone(), why.to_owned()]);
    let Some(history) = &inventory.history else {
        return unknown("whose they were cannot be known without the admin channel");
    };
    let registered_before = |unit: &String| {
        let sessions = history.registrations.get(unit).into_iter().flatten();
        sessions.filter_map(|id| minted(*id)).any(|created| Some(created) < process.created)
    };
    if process.units.iter().any(registered_before) {
        let evidence = vec![units, "the session that registered them is gone".into()];
        return (Verdict::Stale(StaleReason::Leftover), evidence);
    }
    unknown("no session is known to have registered them")
}

/// How a process is called in evidence.
fn name_of(process: &Process) -> String {
    match (process.pid, &process.host) {
        (Some(pid), Some(host)) => format!("pid {pid} on {host}"),
        (Some(pid), None) => format!("pid {pid}"),
        _ => format!("process {}", process.id),
    }
}
