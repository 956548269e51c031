//! Facts that are collected only where a verdict depends on them: the holders of connections, Python stacks, message
//! rates.

use std::sync::Arc;
use std::time::Duration;

use super::PING_TIMEOUT;
use crate::admin;
use crate::error::Result;
use crate::host::{Held, Host, Own, add_seen_by_server, clients_without_holders, find_holders};
use crate::inventory;
use crate::judge::{self, Case, Subject, Thresholds, Verdict};
use crate::model::{Inventory, Link, Process, Session};

/// How long messages are counted for a rate.
const RATE_SPAN: Duration = Duration::from_millis(500);

/// Where these facts come from.
pub(super) struct Sources<'a> {
    /// The admin channel, where it may be used.
    pub(super) channel: Option<&'a mut admin::Channel>,
    /// Our own connection; `None` without the admin channel.
    pub(super) own: Option<Own>,
    pub(super) host: &'a dyn Host,
    /// Collect them for all sessions, even if no verdict depends on them.
    pub(super) all: bool,
    pub(super) messages: Messages,
}

/// What to ask processes about their messages, if a verdict depends on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Messages {
    /// Nothing: the inventory has their counts.
    Known,
    /// How many they have carried. Every verdict can be given on that.
    Counts,
    /// The same twice, which shows at what rates messages flow.
    Rates,
}

/// Judges the inventory, and judges it again with each fact that is added. Also returns the holders of all clients, as
/// far as a verdict depends on them.
pub(super) async fn judge(
    sources: Sources<'_>,
    inventory: &mut Inventory,
    thresholds: &Thresholds,
) -> Result<(Vec<Case>, Held)> {
    let Sources { mut channel, own, host, all, messages } = sources;
    let mut cases = judge::judge(inventory, thresholds);
    // A process that inherited a session's connection answers on one of its own.
    let may_have_heirs = inventory.processes.iter().any(Process::answered);
    let is_odd = |case: &Case| !matches!(case.verdict, Verdict::Live | Verdict::Observer);
    let mut held = Held::new();
    if let Some(own) = own
        && (all || may_have_heirs || cases.iter().any(is_odd))
    {
        held = find_holders(inventory, own, host);
        cases = judge::judge(inventory, thresholds);
        if let Some(channel) = &mut channel {
            // The holders of endpoints only matter for what a drop takes along, and there may be very many.
            for endpoints in [false, true] {
                let matters = !endpoints || all || cases.iter().any(is_odd);
                if matters && ask_for_holders(channel, inventory, &mut held, endpoints).await? {
                    cases = judge::judge(inventory, thresholds);
                }
            }
        }
        if read_stacks(inventory, &cases, host, all) {
            cases = judge::judge(inventory, thresholds);
        }
    }
    if let Some(channel) = &mut channel {
        if ask_for_stacks(channel, inventory, &cases, all).await? {
            cases = judge::judge(inventory, thresholds);
        }
        if measure_traffic(channel, inventory, &cases, messages).await? {
            cases = judge::judge(inventory, thresholds);
        }
    }
    Ok((cases, held))
}

/// Asks the server which processes of its machine hold the connections whose holders are not known here; returns
/// whether it answered.
async fn ask_for_holders(
    channel: &mut admin::Channel,
    inventory: &mut Inventory,
    held: &mut Held,
    endpoints: bool,
) -> Result<bool> {
    let clients = clients_without_holders(inventory, held, endpoints);
    if clients.is_empty() {
        return Ok(false);
    }
    let ends: Vec<_> = clients.iter().map(|(_, connection)| connection.ends()).collect();
    let Some((raw, seen)) = channel.holders(&ends).await? else { return Ok(false) };
    add_seen_by_server(inventory, held, &clients, raw, seen);
    Ok(true)
}

/// The sessions whose verdict depends on the Python stacks of their processes, or all.
fn sessions_for_stacks(cases: &[Case], all: bool) -> impl Iterator<Item = usize> {
    let wanted = cases.iter().filter(move |case| all || case.depends_on_stacks());
    wanted.filter_map(|case| match case.subject {
        Subject::Session(session) => Some(session),
        Subject::Process(_) => None,
    })
}

/// Reads the Python stacks of the processes of those cases whose verdict depends on them, or of all; returns whether
/// there were any.
fn read_stacks(inventory: &mut Inventory, cases: &[Case], host: &dyn Host, all: bool) -> bool {
    let held = sessions_for_stacks(cases, all)
        .filter_map(|it| Some((it, inventory.sessions[it].holders_here()?)));
    let (sessions, holders): (Vec<_>, Vec<_>) = held.unzip();
    let families = host.families(&holders);
    for (session, family) in sessions.iter().zip(families) {
        inventory.sessions[*session].family = Some(family);
    }
    !sessions.is_empty()
}

/// Asks the server for the stacks of its own process, for those sessions of which graphctl could not read them and
/// which that process may have opened; returns whether it has opened any.
async fn ask_for_stacks(
    channel: &mut admin::Channel,
    inventory: &mut Inventory,
    cases: &[Case],
    all: bool,
) -> Result<bool> {
    let Some(server) = inventory.server.process.as_ref().map(|it| it.pid) else { return Ok(false) };
    let may_be_own = |session: &Session| {
        let holders = session.holding.as_ref().map_or(&[][..], |it| &it.holders);
        let is_local = session.link.as_ref().is_some_and(Link::is_within_one_machine);
        is_local
            && (holders.is_empty()
                || holders.iter().any(|it| it.pid == server || it.own_pid == server))
    };
    let is_unread = |session: &Session| {
        session.family.as_ref().is_none_or(|it| it.members.iter().any(|it| it.stacks.is_err()))
    };
    let sessions = sessions_for_stacks(cases, all).map(|it| &inventory.sessions[it]);
    let sessions =
        sessions.filter(|it| it.units().next().is_some() && may_be_own(it) && is_unread(it));
    let sessions: Vec<_> = sessions.map(|session| session.id).collect();
    if sessions.is_empty() {
        return Ok(false);
    }
    let Some(own) = channel.stacks(&sessions).await? else { return Ok(false) };
    let stacks = Arc::new(own.stacks);
    for (id, event_loop) in own.sessions {
        if let Some(session) = inventory.sessions.iter_mut().find(|session| session.id == id) {
            session.add_opener(server, event_loop, &stacks);
        }
    }
    Ok(true)
}

/// Counts the messages of the processes whose verdict depends on them; returns whether there were any.
async fn measure_traffic(
    channel: &mut admin::Channel,
    inventory: &mut Inventory,
    cases: &[Case],
    messages: Messages,
) -> Result<bool> {
    let apart = match messages {
        Messages::Known => return Ok(false),
        Messages::Counts => None,
        Messages::Rates => Some(RATE_SPAN),
    };
    let wanted = cases.iter().filter(|case| case.depends_on_traffic());
    let asked = wanted.flat_map(|case| case.processes(inventory));
    let answering: Vec<_> =
        asked.filter(|process| process.answered()).map(|process| process.id).collect();
    if answering.is_empty() {
        return Ok(false);
    }
    let rows = channel.measure(&answering, PING_TIMEOUT, apart).await?;
    inventory::add_traffic(inventory, rows);
    Ok(true)
}
