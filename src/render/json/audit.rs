//! What was dropped, for the audit: the targets as they are told elsewhere, and who did it why and when.

use std::io;
use std::time::SystemTime;

use serde::Serialize;

use super::server::{ServerView, server};
use super::targets::{FreedView, TargetView, freed, target};
use super::{line, time};
use crate::reap::Report;

/// Who drops, and why.
#[derive(Debug, Serialize)]
pub struct Author {
    /// The reason that was given for it.
    pub why: Option<String>,
    /// The name of the user, as the environment tells it.
    pub user: Option<String>,
    /// The name of this machine.
    pub host: Option<String>,
    /// The pid of this graphctl.
    pub pid: u32,
}

#[derive(Serialize)]
struct AuditView<'a> {
    time: &'a str,
    server: ServerView<'a>,
    #[serde(flatten)]
    what: What<'a>,
    #[serde(flatten)]
    author: &'a Author,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Target(TargetView<'a>),
    Lock { kind: &'static str, lock: FreedView<'a> },
}

/// One line for each target, and one for a command lock that was to be freed.
pub fn audit_lines<'a>(
    report: &'a Report,
    now: SystemTime,
    author: &'a Author,
) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    let targets = report.targets.iter().map(|it| What::Target(target(it)));
    let lock = report.lock.iter().map(|it| What::Lock { kind: "lock", lock: freed(it) });
    let time = time(now);
    targets.chain(lock).map(move |what| {
        let server = server(&report.server);
        let mut bytes = Vec::new();
        line(&mut bytes, &AuditView { time: &time, server, what, author })?;
        Ok(bytes)
    })
}
