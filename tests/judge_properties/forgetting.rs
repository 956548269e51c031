//! The same inventory with one fact less.

use graphctl::model::{
    Departed, Ended, Endpoint, History, Holder, Inventory, Link, Member, Ping, Process, Session,
    StacksError,
};

/// Every inventory that knows one fact less, with the name of that fact.
pub(crate) fn with_one_fact_less(all: &Inventory) -> Vec<(&'static str, Inventory)> {
    let facts = [
        ("endpoints", each(all, whole, |it| it.endpoints = None)),
        ("history", each(all, whole, |it| it.history = None)),
        ("server.process", each(all, whole, |it| it.server.process = None)),
        ("session.created", each(all, sessions, |it| it.created = None)),
        ("session.components", each(all, sessions, forget_components)),
        ("session.last_event", each(all, sessions, |it| it.last_event = None)),
        ("session.link", each(all, sessions, |it| it.link = None)),
        ("session.holding", each(all, sessions, |it| it.holding = None)),
        ("session.holding.unsure", each(all, sessions, forget_that_these_are_all)),
        ("holder.serving", each(all, holders, |it| it.serving = None)),
        ("holder.lives_elsewhere", each(all, holders, |it| it.lives_elsewhere = false)),
        ("process.created", each(all, processes, |it| it.created = None)),
        ("process.link", each(all, processes, |it| it.link = None)),
        ("process.pid", each(all, processes, |it| it.pid = None)),
        ("process.host", each(all, processes, |it| it.host = None)),
        ("process.ping", each(all, processes, |it| it.ping = Ping::NotAsked)),
        ("process.unacked_for", each(all, processes, |it| it.unacked_for = None)),
        ("process.traffic", each(all, processes, |it| it.traffic = None)),
        ("process.last_event", each(all, processes, |it| it.last_event = None)),
        ("link.peer", each(all, links, |it| it.peer = None)),
        ("link.local", each(all, links, |it| it.local = None)),
        ("link.established", each(all, links, |it| it.established = None)),
        ("link.silent_for", each(all, links, |it| it.silent_for = None)),
        ("endpoint.created", each(all, endpoints, |it| it.created = None)),
        ("history.whole", each(all, histories, |it| it.whole = false)),
        ("oldest of history.departed", each(all, histories, forget_departed)),
        ("oldest of history.ended", each(all, histories, forget_ended)),
        ("departed.endpoint", each(all, departed, |it| it.endpoint = None)),
        ("ended.at", each(all, ended, |it| it.at = None)),
        ("end of a registration", each(all, registrations, |it| it.event = None)),
        ("process.last_change", each(all, processes, |it| it.last_change = None)),
        ("holder.worker", each(all, holders, |it| it.worker = None)),
        ("family", each(all, sessions, |it| it.family = None)),
        ("stacks", each(all, members, |it| it.stacks = Err(StacksError::Forbidden))),
        ("member.serving", each(all, members, |it| it.process.serving = None)),
        ("process.holding", each(all, processes, |it| it.holding = None)),
    ];
    facts.into_iter().flat_map(|(name, less)| less.into_iter().map(move |it| (name, it))).collect()
}

/// By thing: the inventory with `forget` done to that one.
fn each<T>(
    all: &Inventory,
    things: fn(&mut Inventory) -> Vec<&mut T>,
    forget: fn(&mut T),
) -> Vec<Inventory> {
    let count = things(&mut all.clone()).len();
    let without = |at| {
        let mut less = all.clone();
        forget(things(&mut less).swap_remove(at));
        less
    };
    (0..count).map(without).collect()
}

fn whole(inventory: &mut Inventory) -> Vec<&mut Inventory> {
    vec![inventory]
}

fn sessions(inventory: &mut Inventory) -> Vec<&mut Session> {
    inventory.sessions.iter_mut().collect()
}

fn processes(inventory: &mut Inventory) -> Vec<&mut Process> {
    inventory.processes.iter_mut().collect()
}

fn links(inventory: &mut Inventory) -> Vec<&mut Link> {
    let of_sessions = inventory.sessions.iter_mut().filter_map(|it| it.link.as_mut());
    let of_processes = inventory.processes.iter_mut().filter_map(|it| it.link.as_mut());
    of_sessions.chain(of_processes).collect()
}

fn members(inventory: &mut Inventory) -> Vec<&mut Member> {
    let families = inventory.sessions.iter_mut().filter_map(|it| it.family.as_mut());
    families.flat_map(|it| &mut it.members).collect()
}

fn holders(inventory: &mut Inventory) -> Vec<&mut Holder> {
    let of_sessions = inventory.sessions.iter_mut().filter_map(|it| it.holding.as_mut());
    let of_processes = inventory.processes.iter_mut().filter_map(|it| it.holding.as_mut());
    of_sessions.chain(of_processes).flat_map(|it| &mut it.holders).collect()
}

fn endpoints(inventory: &mut Inventory) -> Vec<&mut Endpoint> {
    inventory.endpoints.iter_mut().flatten().collect()
}

fn histories(inventory: &mut Inventory) -> Vec<&mut History> {
    inventory.history.iter_mut().collect()
}

fn departed(inventory: &mut Inventory) -> Vec<&mut Departed> {
    inventory.history.iter_mut().flat_map(|it| &mut it.departed).collect()
}

fn ended(inventory: &mut Inventory) -> Vec<&mut Ended> {
    inventory.history.iter_mut().flat_map(|it| &mut it.ended).collect()
}

fn registrations(inventory: &mut Inventory) -> Vec<&mut Ended> {
    let histories = inventory.history.iter_mut();
    histories.flat_map(|it| it.registrations.values_mut()).flatten().collect()
}

fn forget_components(session: &mut Session) {
    session.readable = false;
    session.components.clear();
}

fn forget_that_these_are_all(session: &mut Session) {
    if let Some(holding) = &mut session.holding {
        holding.unsure = Some("some cannot be seen".into());
    }
}

/// A history that throws something away is not whole any more.
fn forget_departed(history: &mut History) {
    history.whole = false;
    history.departed.sort_by_key(|it| std::cmp::Reverse(it.created));
    history.departed.pop();
}

fn forget_ended(history: &mut History) {
    history.whole = false;
    history.ended.sort_by_key(|it| std::cmp::Reverse(it.created));
    history.ended.pop();
}
