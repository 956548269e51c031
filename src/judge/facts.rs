//! What a verdict is given on, and what it is.

use super::Verdict;
use super::departures::Losses;
use super::ownership::Owned;
use super::topics::Topics;
use crate::model::{Inventory, Process, Session};

/// Everything a session is judged by.
pub(super) struct Facts<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) session: &'a Session,
    pub(super) owned: &'a Owned<'a>,
    pub(super) lost: &'a Losses,
    pub(super) topics: &'a Topics<'a>,
    /// Which topics of its units have no publisher or subscriber, in words.
    pub(super) missing: Option<String>,
}

/// A verdict and why, in words.
pub(super) type Judged = (Verdict, Vec<String>);

impl<'a> Facts<'a> {
    /// The processes that own any of its units.
    pub(super) fn owners(&self) -> impl Iterator<Item = &'a Process> {
        self.owned.owners.iter().map(|owner| &self.inventory.processes[*owner])
    }

    /// How many messages its owners have published and received, if all of them told.
    pub(super) fn messages(&self) -> Option<u64> {
        let mut messages = self.owners().map(|process| process.traffic.map(|it| it.messages()));
        messages.try_fold(0_u64, |sum, messages| sum.checked_add(messages?))
    }
}
