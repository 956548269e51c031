//! What became of what was to be dropped.

use std::borrow::Cow;

use serde::Serialize;
use uuid::Uuid;

use super::cases::{ClientsView, clients_view};
use super::server::{LockHolderView, lock_holder};
use super::{kind, seconds};
use crate::admin::Unconfirmed;
use crate::host::Ended;
use crate::judge::Verdict;
use crate::reap::{Freed, Heir, HeirEnd, Target};

#[derive(Serialize)]
pub(super) struct TargetView<'a> {
    id: Uuid,
    kind: &'static str,
    verdict: Option<&'static str>,
    reason: Option<&'static str>,
    messages_per_second: Option<f64>,
    evidence: &'a [String],
    age_seconds: Option<f64>,
    components: &'a [String],
    outcome: &'static str,
    detail: Option<&'a str>,
    clients: ClientsView,
    /// Clients and processes that stay because they may belong to another program.
    left_alone: &'a [String],
    /// The processes of this machine that were ended, or in a dry run would be.
    killed: Vec<u32>,
    /// All that it left behind.
    heirs: Vec<HeirView<'a>>,
}

#[derive(Serialize)]
pub(super) struct HeirView<'a> {
    pid: u32,
    command: &'a str,
    outcome: &'static str,
    detail: Option<Cow<'a, str>>,
    /// The command that ends it, unless another process may need it.
    end_command: Option<String>,
}

#[derive(Serialize)]
pub(super) struct FreedView<'a> {
    holder: LockHolderView<'a>,
    outcome: &'static str,
    detail: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct SubscriberView<'a> {
    id: Uuid,
    topic: &'a str,
}

pub(super) fn subscriber(subscriber: &Unconfirmed) -> SubscriberView<'_> {
    SubscriberView { id: subscriber.id, topic: &subscriber.topic }
}

pub(super) fn target(target: &Target) -> TargetView<'_> {
    TargetView {
        id: target.id,
        kind: kind(target.leftover),
        verdict: target.verdict.map(Verdict::state),
        reason: target.verdict.and_then(Verdict::reason),
        messages_per_second: target.rate,
        evidence: &target.evidence,
        age_seconds: target.age.map(seconds),
        components: &target.components,
        outcome: target.outcome.name(),
        detail: target.detail.as_deref(),
        clients: clients_view(target.clients),
        left_alone: &target.left_alone,
        heirs: target.heirs.iter().map(heir).collect(),
        killed: target.heirs.iter().filter(|it| it.is_ended()).map(|it| it.process.pid).collect(),
    }
}

pub(super) fn heir(heir: &Heir) -> HeirView<'_> {
    let (outcome, detail) = match &heir.end {
        HeirEnd::Would => ("would-end", None),
        HeirEnd::Spared(_) => ("spared", heir.reason().map(Cow::Owned)),
        HeirEnd::Running(_) => ("running", heir.reason().map(Cow::Owned)),
        HeirEnd::Elsewhere => ("elsewhere", None),
        HeirEnd::Ended(Ended::Terminated) => ("ended", None),
        HeirEnd::Ended(Ended::Stayed) => ("stayed", None),
        HeirEnd::Ended(Ended::Killed) => ("killed", None),
        HeirEnd::Ended(Ended::AlreadyGone) => ("already-gone", None),
        HeirEnd::Ended(Ended::Failed(why)) => ("failed", Some(Cow::Borrowed(why.as_str()))),
    };
    let end_command = heir.end_command();
    HeirView { pid: heir.process.pid, command: &heir.process.command, outcome, detail, end_command }
}

pub(super) fn freed(lock: &Freed) -> FreedView<'_> {
    FreedView {
        holder: lock_holder(&lock.holder),
        outcome: lock.outcome.name(),
        detail: lock.detail.as_deref(),
    }
}
