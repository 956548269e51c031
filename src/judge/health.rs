//! The verdict on one session, with its evidence.

use std::time::Duration;

use super::connections;
use super::facts::{Facts, Judged};
use super::start::{Start, start};
use super::{StaleReason, SuspectReason, Thresholds, Verdict};
use crate::model::{Channel, Component, Inventory, Ping, Process};
use crate::words::{ago, count, list, precise};

/// Errors that only the process itself answers with, never the server on its behalf.
const ITS_OWN_WORDS: [&str; 3] =
    ["unsupported_operation", "handler_not_configured", "handler_error"];

pub(super) fn of_session(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    if let Some(judged) = facts.session.link.as_ref().and_then(connections::closed) {
        return judged;
    }
    let judged = of_registration(facts, thresholds);
    if facts.session.units().next().is_none() {
        return judged;
    }
    let (verdict, mut evidence) = connections::headless(facts, thresholds.heard_within)
        .or_else(|| connections::half_open(facts))
        .unwrap_or_else(|| (judged.0, Vec::new()));
    evidence.extend(judged.1);
    (verdict, evidence)
}

/// What its components and the processes that own them tell.
fn of_registration(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    let session = facts.session;
    if !session.readable {
        return (Verdict::Unknown, vec!["what it registered cannot be read".into()]);
    }
    if session.components.is_empty() {
        let mut evidence = vec!["it registered no components".into()];
        evidence.extend(connections::held_by_backends(facts));
        return (Verdict::Observer, evidence);
    }
    if session.units().next().is_none() {
        return (Verdict::Unknown, vec!["it registered components, but no unit among them".into()]);
    }
    if facts.owned.is_whole() {
        return of_pings(facts, thresholds);
    }
    if let Some((unit, owner)) = facts.owned.foreign.first() {
        let owner = facts.inventory.processes[*owner].name();
        let odd = format!("{unit} is owned by {owner}, which connected before the session");
        return (Verdict::Unknown, vec![odd]);
    }
    let (verdict, why) = of_incomplete(facts, thresholds);
    let mut evidence = vec![who_is_missing(facts)];
    evidence.extend(why);
    if verdict.is_suspect() {
        evidence.push(connections::opener(facts));
    }
    if facts.lost.possible > 0 {
        let left = count(facts.lost.possible, "process", "processes");
        evidence.push(format!("{left} that owned units left since, perhaps of another session"));
    }
    (verdict, evidence)
}

fn of_pings(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    if facts.owners().any(|process| process.ping == Ping::NotAsked) {
        return (Verdict::Unknown, vec!["not every process that owns its units was asked".into()]);
    }
    let silent: Vec<_> = facts.owners().filter(|process| !is_alive(process, thresholds)).collect();
    if silent.is_empty() {
        let answered =
            format!("{} answered", count(facts.owners().count(), "process", "processes"));
        let evidence = format!("every unit has its process, and {answered}");
        return match &facts.missing {
            None => (Verdict::Live, vec![evidence]),
            Some(missing) => {
                let (verdict, why) = of_missing_endpoints(facts, missing);
                (verdict, vec![evidence, why])
            }
        };
    }
    // While a command holds the lock the server reads no answers, and between two looks it asks
    // nobody: without the kernel's word nothing tells whether anything came.
    let kernel_only = is_deaf(facts.inventory) || !thresholds.heard_within.is_zero();
    let verdict = if kernel_only && silent.iter().any(|process| silent_for(process).is_none()) {
        Verdict::Unknown
    } else {
        Verdict::Suspect(SuspectReason::Unresponsive)
    };
    let mut evidence: Vec<_> = silent.into_iter().map(how_it_is_silent).collect();
    if verdict == Verdict::Unknown {
        evidence.push("whether anything came from there cannot be known without the kernel".into());
    }
    if connections::may_have_vanished(facts) {
        evidence.push(
            "its host acknowledges nothing: it may have vanished, which takes time to prove".into(),
        );
    }
    (verdict, evidence)
}

/// The verdict on a session whose processes answer, but some publisher or subscriber is missing. If messages have
/// flowed, it was lost. A program that registers units by ezmsg's low-level API may never have made it.
fn of_missing_endpoints(facts: &Facts<'_>, missing: &str) -> (Verdict, String) {
    match facts.messages() {
        Some(0) => (Verdict::Unknown, format!("{missing}, and no message has flowed")),
        Some(_) => (Verdict::Suspect(SuspectReason::Partial), missing.to_owned()),
        None => {
            let why = format!("{missing}, and whether messages have flowed cannot be known");
            (Verdict::Unknown, why)
        }
    }
}

/// While a command holds the lock, the server neither reads answers nor registers anybody. A snapshot
/// is taken with the lock in hand: then nobody else had it.
fn is_deaf(inventory: &Inventory) -> bool {
    let server = &inventory.server;
    server.process.as_ref().map_or(server.channel == Channel::Admin, |process| process.lock_held)
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
    let unowned: Vec<_> = owned.unowned.iter().map(|unit| &*unit.key).collect();
    format!("no process owns {} of {}: {}", unowned.len(), its_units(all), list(&unowned))
}

fn its_units(number: usize) -> String {
    if number == 1 { "its unit".into() } else { format!("its {number} units") }
}

/// Some unit has no process: the session is starting, or it lost a process, or it never got one.
fn of_incomplete(facts: &Facts<'_>, thresholds: &Thresholds) -> Judged {
    let has_owners = !facts.owned.owners.is_empty();
    // A custom backend need not register its process, so an endpoint may belong to a unit that no process owns.
    let own_topic = facts.topics.in_use(&facts.owned.unowned, facts.session);
    if let Some(topic) = own_topic.filter(|_| !has_owners) {
        let odd = format!("and yet a publisher or subscriber of its own age is on {topic}");
        return (Verdict::Unknown, vec![odd]);
    }
    let start = start(facts);
    let unclear = match start {
        Some(Start::Running(place)) => return (Verdict::Starting, vec![place]),
        Some(Start::Stopping(place)) => {
            return (Verdict::Suspect(SuspectReason::Partial), vec![place]);
        }
        Some(Start::Ended(proof)) if own_topic.is_none() && facts.inventory.endpoints.is_some() => {
            return judge_ended(facts, proof);
        }
        Some(Start::Unknown(why)) => Some(why),
        Some(Start::Ended(_)) | None => None,
    };
    // Units that run in unregistered processes show by their endpoints only.
    let departures =
        departures(facts).filter(|_| has_owners || facts.inventory.endpoints.is_some());
    let (verdict, why) = match departures {
        Some(departures) => (Verdict::Suspect(SuspectReason::Partial), departures),
        None => of_waiting(facts, thresholds, own_topic),
    };
    (verdict, std::iter::once(why).chain(unclear).collect())
}

/// The verdict if no process can run the units without a process; `proof` says why, in words. If processes own the
/// other units, the session is dead only if these are known to have carried no message.
fn judge_ended(facts: &Facts<'_>, proof: Vec<String>) -> Judged {
    if facts.owned.owners.is_empty() {
        return match departures(facts) {
            Some(departures) => {
                let evidence = std::iter::once(departures).chain(proof).collect();
                (Verdict::Stale(StaleReason::Abandoned), evidence)
            }
            None if facts.lost.possible > 0 => (Verdict::Stale(StaleReason::Abandoned), proof),
            None => (Verdict::Stale(StaleReason::StartFailed), proof),
        };
    }
    let verdict = match facts.messages() {
        Some(0) => Verdict::Stale(StaleReason::StartFailed),
        Some(_) => Verdict::Suspect(SuspectReason::Partial),
        None => Verdict::Suspect(SuspectReason::NeverStarted),
    };
    (verdict, proof)
}

/// How many processes that owned its units have left, and when, in words. This is no proof that the session is dead:
/// a recorder may write its file while Python exits, and a supervisor may wait before it starts a process again.
fn departures(facts: &Facts<'_>) -> Option<String> {
    let (seen, inferred) = (&facts.lost.seen, &facts.lost.inferred);
    let (left, owned) = match (&seen[..], &inferred[..]) {
        ([], []) => return None,
        ([], inferred) => (inferred, "may have owned its units left before any look saw them"),
        (seen, _) => (seen, "owned its units left"),
    };
    let number = count(left.len(), "process", "processes");
    let last = left.iter().max()?;
    Some(format!("{number} that {owned}, the last {} ago", ago(facts.inventory.age_of(*last))))
}

/// No process is known to have left: `own_topic` is a topic of a unit without a process that is in use. The age of the
/// session decides.
fn of_waiting(
    facts: &Facts<'_>,
    thresholds: &Thresholds,
    own_topic: Option<&str>,
) -> (Verdict, String) {
    let Some(created) = facts.session.created else {
        return (Verdict::Unknown, "its id does not tell when it was opened".into());
    };
    let age = facts.inventory.age_of(created);
    // The kernel's word too: a clock can be set while a pipeline starts.
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
    if let Some(why) = blindness(facts) {
        return (Verdict::Unknown, why.to_owned());
    }
    let never_started = Verdict::Suspect(SuspectReason::NeverStarted);
    let partial = Verdict::Suspect(SuspectReason::Partial);
    match facts.messages() {
        _ if facts.owned.owners.is_empty() => (never_started, waiting),
        Some(0) if has_lost_nobody(facts) && own_topic.is_none() && all_would_show(facts) => {
            (never_started, format!("{waiting}, and no message ever flowed"))
        }
        Some(0) | None => (partial, waiting),
        Some(_) => (partial, "its other units have sent or received messages".to_owned()),
    }
}

/// A history with a hole may have forgotten whom it lost.
fn has_lost_nobody(facts: &Facts<'_>) -> bool {
    let whole = facts.inventory.history.as_ref().is_some_and(|history| history.whole);
    whole && facts.lost.possible == 0
}

/// Who runs a unit without registering its process shows by its streams, if the unit has any.
fn all_would_show(facts: &Facts<'_>) -> bool {
    let has_any = |it: &&Component| !it.inputs().is_empty() || !it.outputs().is_empty();
    facts.owned.unowned.iter().all(has_any)
}

/// What keeps one from telling that a session never started; `None` if nothing does.
fn blindness(facts: &Facts<'_>) -> Option<&'static str> {
    let inventory = facts.inventory;
    let link = facts.session.link.as_ref();
    if is_deaf(inventory) {
        Some("the server's command lock is held, and no process can register")
    } else if inventory.history.is_none() || inventory.endpoints.is_none() {
        Some("whether anybody ever did cannot be known without the admin channel")
    } else if link.is_none_or(|link| link.silent_for.is_none()) {
        Some("how long its connection has been silent cannot be known on the server's system")
    } else {
        None
    }
}
