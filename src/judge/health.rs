//! The verdict on one session or leftover, with its evidence.

use std::collections::HashSet;
use std::time::Duration;

use super::departures::Losses;
use super::ownership::{Leftover, Owned};
use super::{StaleReason, SuspectReason, Thresholds, Verdict};
use crate::model::{EndpointKind, Inventory, Link, Ping, Process, Session, minted};
use crate::words::{ago, count, list, precise};

/// Everything a session is judged by.
pub(super) struct Facts<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) session: &'a Session,
    pub(super) owned: &'a Owned,
    pub(super) lost: &'a Losses,
}

/// Errors that only the process itself answers with, never the server on its behalf.
const ITS_OWN_WORDS: [&str; 3] =
    ["unsupported_operation", "handler_not_configured", "handler_error"];

type Judged = (Verdict, Vec<String>);

pub(super) fn of_session(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    let session = facts.session;
    if let Some(judged) = session.link.as_ref().and_then(of_link) {
        return judged;
    }
    if !session.readable {
        return (Verdict::Unknown, vec!["what it registered cannot be read".into()]);
    }
    if session.components.is_empty() {
        return (Verdict::Observer, vec!["it registered no components".into()]);
    }
    if session.units().next().is_none() {
        return (Verdict::Unknown, vec!["it registered components, but no unit among them".into()]);
    }
    if facts.owned.unowned.is_empty() && facts.owned.foreign.is_empty() {
        return of_pings(facts, thresholds);
    }
    if let Some((unit, owner)) = facts.owned.foreign.first() {
        let owner = facts.inventory.processes[*owner].name();
        let odd = format!("{unit} is owned by {owner}, which connected before the session");
        return (Verdict::Unknown, vec![odd]);
    }
    let (verdict, why) = of_incomplete(facts, thresholds);
    let mut evidence = vec![who_is_missing(facts), why];
    if facts.lost.possible > 0 {
        let left = count(facts.lost.possible, "process", "processes");
        evidence.push(format!("{left} that owned units left since, perhaps of another session"));
    }
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
            vec!["its connection is closed, and the server is held up before it can notice".into()],
        )),
    }
}

fn of_pings(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    let owners = || facts.owned.owners.iter().map(|owner| &facts.inventory.processes[*owner]);
    if owners().any(|process| process.ping == Ping::NotAsked) {
        return (Verdict::Unknown, vec!["not every process that owns its units was asked".into()]);
    }
    let silent: Vec<_> = owners().filter(|process| !is_alive(process, thresholds)).collect();
    if silent.is_empty() {
        let answered = format!("{} answered", count(owners().count(), "process", "processes"));
        return (Verdict::Live, vec![format!("every unit has its process, and {answered}")]);
    }
    // While a command holds the lock the server reads no answers, and without the kernel's word
    // nothing tells whether any came.
    let verdict =
        if is_deaf(facts.inventory) && silent.iter().any(|process| silent_for(process).is_none()) {
            Verdict::Unknown
        } else {
            Verdict::Suspect(SuspectReason::Unresponsive)
        };
    (verdict, silent.into_iter().map(how_it_is_silent).collect())
}

/// While a command holds the lock, the server neither reads answers nor registers anybody.
fn is_deaf(inventory: &Inventory) -> bool {
    inventory.server.process.as_ref().is_some_and(|server| server.lock_held)
}

fn is_alive(process: &Process, thresholds: &Thresholds) -> bool {
    let heard = silent_for(process).is_some_and(|silent| silent < thresholds.heard_within);
    match &process.ping {
        Ping::Answered(_) | Ping::Heard => true,
        // It answers, although not to this question: a backend of one's own may know no PING.
        Ping::Failed(code) if ITS_OWN_WORDS.contains(&code.as_str()) => true,
        _ => heard,
    }
}

fn silent_for(process: &Process) -> Option<Duration> {
    process.link.as_ref().and_then(|link| link.silent_for)
}

fn how_it_is_silent(process: &Process) -> String {
    let how = match &process.ping {
        Ping::Blocked => "takes no requests: earlier ones still wait to be sent".into(),
        Ping::Failed(code) => format!("answered the ping with {code}"),
        Ping::Silent | Ping::NotAsked | Ping::Answered(_) | Ping::Heard => {
            "did not answer a ping".into()
        }
    };
    format!("{} ({}) {how}", process.name(), list(&process.units))
}

fn who_is_missing(facts: &Facts<'_>) -> String {
    let owned = facts.owned;
    let all = facts.session.units().count();
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
fn of_incomplete(facts: &Facts<'_>, thresholds: &Thresholds) -> (Verdict, String) {
    if let Some(topic) = own_topic_in_use(facts) {
        let odd = format!("and yet a publisher or subscriber of its own age is on {topic}");
        return (Verdict::Unknown, odd);
    }
    let somebody = !facts.owned.owners.is_empty();
    if let Some(last) = facts.lost.certain.iter().max() {
        let number = count(facts.lost.certain.len(), "process", "processes");
        let when = ago(facts.inventory.age_of(*last));
        let verdict = if somebody {
            Verdict::Suspect(SuspectReason::Partial)
        } else {
            Verdict::Stale(StaleReason::Abandoned)
        };
        return (verdict, format!("{number} that owned its units left, the last {when} ago"));
    }
    let Some(created) = facts.session.created else {
        return (Verdict::Unknown, "its id does not tell when it was opened".into());
    };
    let age = facts.inventory.age_of(created);
    // The kernel's word too, where there is one: a clock can be set while a pipeline starts.
    let silent = facts.session.link.as_ref().and_then(|link| link.silent_for);
    let waited = silent.map_or(age, |silent| silent.min(age));
    let waiting = format!(
        "it has waited for {}, and a start may take {}",
        ago(waited),
        precise(thresholds.start_timeout)
    );
    if waited < thresholds.start_timeout {
        return (Verdict::Starting, waiting);
    }
    if is_deaf(facts.inventory) {
        let held = "the server's command lock is held, and no process can register".to_owned();
        return (Verdict::Unknown, held);
    }
    if facts.inventory.history.is_none() {
        let blind = "whether anybody ever did cannot be known without the admin channel".to_owned();
        return (Verdict::Unknown, blind);
    }
    let verdict = if somebody {
        Verdict::Suspect(SuspectReason::Partial)
    } else {
        Verdict::Stale(StaleReason::NeverStarted)
    };
    (verdict, waiting)
}

/// A topic of a session that nobody owns, with a client on it that may be its own all the same:
/// a backend of one's own need not register its process.
fn own_topic_in_use<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    if !facts.owned.owners.is_empty() {
        return None;
    }
    let components = || facts.session.components.iter();
    let outputs: HashSet<_> = components().flat_map(|component| &component.outputs).collect();
    let inputs: HashSet<_> = components().flat_map(|component| &component.inputs).collect();
    let younger = facts.inventory.endpoints.iter().flatten();
    younger.filter(|it| it.created > facts.session.created).find_map(|it| match &it.kind {
        EndpointKind::Publisher(topic) if outputs.contains(topic) => Some(topic.as_str()),
        EndpointKind::Subscriber(topic) if inputs.contains(topic) => Some(topic.as_str()),
        _ => None,
    })
}

pub(super) fn of_leftover(inventory: &Inventory, leftover: &Leftover) -> Judged {
    let process = &inventory.processes[leftover.process];
    let units = format!("{} owns {}", process.name(), list(&process.units));
    let unknown = |why: &str| (Verdict::Unknown, vec![units.clone(), why.to_owned()]);
    let Some(history) = &inventory.history else {
        return unknown("whose they were cannot be known without the admin channel");
    };
    if let Some(session) = leftover.claimed_by {
        let session = inventory.sessions[session].id;
        return unknown(&format!("the younger session {session} has them too"));
    }
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
