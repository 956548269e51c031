//! What happened while one watched, in words.

use super::{printable, report};
use crate::reap::{Outcome, Target};
use crate::watch::event::{Event, What};
use crate::words::{ago, list};

/// Lines on what must not be overlooked: the server went or came, what became of what was to be dropped, and which
/// processes a drop left behind. A command stands at the end of a line.
#[must_use]
pub fn words(event: &Event) -> Vec<String> {
    let words = match &event.what {
        What::Appeared(_) | What::Changed { .. } | What::Gone(_) => return Vec::new(),
        What::ServerLost { detail } => format!("the server is lost: {detail}"),
        What::ServerBack { restarted, lost_for } => {
            let which = match restarted {
                Some(true) => "another server is there",
                Some(false) => "the same server is back",
                None => "a server is back",
            };
            format!("{which}, after {}", ago(*lost_for))
        }
        What::Dropped(target) => {
            let heirs = report::heirs(&[target], target.outcome == Outcome::WouldDrop);
            return [vec![printable(&dropped(target))], heirs].concat();
        }
    };
    vec![printable(&words)]
}

fn dropped(target: &Target) -> String {
    let Target { id, verdict, components, outcome, detail, .. } = target;
    let what = match outcome {
        Outcome::Dropped => "dropped",
        Outcome::WouldDrop => "would drop",
        Outcome::AlreadyGone => "already gone:",
        Outcome::Refused | Outcome::Changed => "left alone:",
        Outcome::Failed => "could not drop",
    };
    let verdict = verdict.map_or_else(String::new, |verdict| format!(" ({verdict})"));
    let keys =
        if components.is_empty() { String::new() } else { format!(": {}", list(components)) };
    let detail = detail.as_ref().map_or_else(String::new, |detail| format!("; {detail}"));
    format!("{what} {id}{verdict}{keys}{detail}")
}
