//! What happened while one watched.

use serde::Serialize;
use uuid::Uuid;

use super::server::AddressView;
use super::targets::{TargetView, target};
use super::{kind, seconds, time};
use crate::judge::Verdict;
use crate::reap::Outcome;
use crate::watch::event::{About, Event, What};

#[derive(Serialize)]
pub(super) struct EventView<'a> {
    time: String,
    server: AddressView<'a>,
    event: &'static str,
    #[serde(flatten)]
    about: Details<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Case(CaseView<'a>),
    Target(Box<DroppedView<'a>>),
    Lost(LostView<'a>),
    Back(BackView),
}

#[derive(Serialize)]
struct CaseView<'a> {
    id: Uuid,
    kind: &'static str,
    verdict: &'static str,
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<VerdictView>,
    evidence: &'a [String],
    age_seconds: Option<f64>,
    components: &'a [String],
}

#[derive(Serialize)]
struct DroppedView<'a> {
    #[serde(flatten)]
    target: TargetView<'a>,
    /// As it was given with `--reason`.
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct VerdictView {
    verdict: &'static str,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct LostView<'a> {
    #[serde(flatten)]
    nothing: NoCase,
    detail: &'a str,
}

#[derive(Serialize)]
struct BackView {
    #[serde(flatten)]
    nothing: NoCase,
    /// Not known without the admin channel.
    restarted: Option<bool>,
    lost_for_seconds: f64,
}

/// What every event has, also one of no session.
#[derive(Default, Serialize)]
struct NoCase {
    id: Option<Uuid>,
    kind: Option<&'static str>,
    verdict: Option<&'static str>,
    reason: Option<&'static str>,
}

pub(super) fn event<'a>(address: &'a str, why: Option<&'a str>, event: &'a Event) -> EventView<'a> {
    let (name, about) = match &event.what {
        What::Appeared(about) => ("appeared", case(about, None)),
        What::Changed { about, was } => ("changed", case(about, Some(*was))),
        What::Gone(about) => ("gone", case(about, None)),
        What::Dropped(it) => {
            let dropped = DroppedView { target: target(it), why };
            (name_of(it.outcome), Details::Target(Box::new(dropped)))
        }
        What::ServerLost { detail } => {
            ("server-lost", Details::Lost(LostView { nothing: NoCase::default(), detail }))
        }
        What::ServerBack { restarted, lost_for } => {
            let (nothing, lost_for_seconds) = (NoCase::default(), seconds(*lost_for));
            let back = BackView { nothing, restarted: *restarted, lost_for_seconds };
            ("server-back", Details::Back(back))
        }
    };
    EventView { time: time(event.time), server: AddressView { address }, event: name, about }
}

const fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Dropped => "dropped",
        Outcome::WouldDrop => "would-drop",
        Outcome::AlreadyGone | Outcome::Refused | Outcome::Changed | Outcome::Failed => {
            "not-dropped"
        }
    }
}

fn case(about: &About, was: Option<Verdict>) -> Details<'_> {
    Details::Case(CaseView {
        id: about.id,
        kind: kind(about.leftover),
        verdict: about.verdict.state(),
        reason: about.verdict.reason(),
        was: was.map(|was| VerdictView { verdict: was.state(), reason: was.reason() }),
        evidence: &about.evidence,
        age_seconds: about.age.map(seconds),
        components: &about.components,
    })
}
