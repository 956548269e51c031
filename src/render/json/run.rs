//! How a command ended that was run, and what became of what it left.

use std::io::{self, Write};

use serde::Serialize;

use super::cases::{CollisionView, collision};
use super::line;
use super::server::AddressView;
use super::targets::{HeirView, TargetView, heir, target};
use crate::judge::Collision;
use crate::reap::{Heir, Outcome, Target};

/// A command that was run.
#[derive(Debug)]
pub struct Ran<'a> {
    /// The server that it was to know, as `host:port`.
    pub address: &'a str,
    /// The command and its arguments.
    pub command: &'a [String],
    /// Its exit code; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What was reaped before; `None` if nothing was to be, or if who knew that was killed.
    pub reaped: Option<&'a [Target]>,
}

/// What a command has left, and what became of it.
#[derive(Debug, Default)]
pub struct Left {
    /// Its processes.
    pub heirs: Vec<Heir>,
    /// What was dropped on the server.
    pub targets: Vec<Target>,
    /// What is in the way of whoever would be launched next.
    pub collisions: Vec<Collision>,
    /// Why more may be left on the server than is told here.
    pub detail: Option<String>,
}

impl Left {
    /// Nothing of it is left.
    fn is_cleared(&self) -> bool {
        let is_gone = |it: &Target| matches!(it.outcome, Outcome::Dropped | Outcome::AlreadyGone);
        let nothing_stays = self.heirs.iter().all(Heir::is_ended);
        let nothing_holds = self.targets.iter().all(is_gone) && self.collisions.is_empty();
        nothing_stays && nothing_holds && self.detail.is_none()
    }
}

#[derive(Serialize)]
struct RunLine<'a> {
    server: AddressView<'a>,
    command: &'a [String],
    exit_code: Option<i32>,
    signal: Option<i32>,
    reaped: Option<Vec<TargetView<'a>>>,
    cleared: bool,
    heirs: Vec<HeirView<'a>>,
    targets: Vec<TargetView<'a>>,
    collisions: Vec<CollisionView<'a>>,
    detail: Option<&'a str>,
}

/// `run`: one line, so that it is told from what the command has printed before.
pub fn run(out: &mut dyn Write, ran: &Ran<'_>, left: &Left) -> io::Result<()> {
    line(
        out,
        &RunLine {
            server: AddressView { address: ran.address },
            command: ran.command,
            exit_code: ran.exit_code,
            signal: ran.signal,
            reaped: ran.reaped.map(|it| it.iter().map(target).collect()),
            cleared: left.is_cleared(),
            heirs: left.heirs.iter().map(heir).collect(),
            targets: left.targets.iter().map(target).collect(),
            collisions: left.collisions.iter().map(collision).collect(),
            detail: left.detail.as_deref(),
        },
    )
}
