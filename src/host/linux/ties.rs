//! Who holds the other ends of the pipes and sockets of some processes: all of them in one pass over all
//! processes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use procfs::process::{Process, all_processes_with_root};
use procfs::{ProcError, ProcResult};

use super::descriptors::{Descriptors, Key, Shared};
use super::doubt::Doubts;
use super::family::Family;
use super::process::{Blind, Identity, alive, has_lost_its_head, is_gone, uptime};
use super::unix::{Peer, Peers};
use super::walk::Found;
use crate::host::{End, EndKind, Ties, Unseen, Written};
use crate::model::Holder;

/// See [`Host::ties`](crate::host::Host::ties); `peers` are the other ends of unix sockets.
pub(super) fn ties(root: &Path, processes: &[Holder], peers: &Peers) -> Vec<Result<Ties, Unseen>> {
    let own: Vec<_> = processes.iter().map(|it| Own::read(root, it, peers)).collect();
    let wanted = own.iter().flatten().flat_map(Own::keys).collect();
    let Ok(seen) = Seen::walk(root, &wanted) else {
        return vec![Err(Unseen::Hidden); processes.len()];
    };
    let doubts = Doubts::new(root, &seen.blind);
    let family = if doubts.hidden { None } else { Family::read(root).ok() };
    let family = family.filter(|family| family.complete);
    let ties = |own: Result<Own, ProcError>| match own {
        Ok(own) => Ok(Ties {
            ends: own.ends.iter().map(|it| seen.end(it, own.user, &doubts)).collect(),
            input_replaced: own.input_replaced,
            descendants: family.as_ref().map(|it| descendants(root, it, own.pid)),
        }),
        Err(error) if is_gone(&error) => Err(Unseen::Gone),
        Err(_) => Err(Unseen::Hidden),
    };
    own.into_iter().map(ties).collect()
}

/// What a process has written.
///
/// # Errors
/// `NotFound` if it has ended.
pub(super) fn written(root: &Path, holder: &Holder) -> ProcResult<Written> {
    let process = Process::new_with_root(root.join(holder.pid.to_string()))?;
    let io = process.io();
    same(&process, holder)?;
    // The process is running, so a missing file means that it cannot be read.
    let io = io.map_err(|_| ProcError::PermissionDenied(None))?;
    Ok(Written { bytes: io.wchar, to_disk: io.write_bytes })
}

/// # Errors
/// `NotFound` if the process has ended, and its pid may be used again.
fn same(process: &Process, holder: &Holder) -> ProcResult<()> {
    if alive(process)?.starttime == holder.start { Ok(()) } else { Err(ProcError::NotFound(None)) }
}

/// One that ends meanwhile is left out.
fn descendants(root: &Path, family: &Family, pid: i32) -> Vec<Holder> {
    let now = uptime();
    let identity = |pid: u32| {
        let process = Process::new_with_root(root.join(pid.to_string())).ok()?;
        Some(Identity::read(&process, now).ok()?.holder)
    };
    family.descendants(pid).into_iter().filter_map(identity).collect()
}

/// The ends that one of the processes in question holds.
struct Own {
    pid: i32,
    user: u32,
    ends: Vec<OwnEnd>,
    input_replaced: bool,
}

/// One of them, and how its other end is found.
struct OwnEnd {
    kind: EndKind,
    /// What it holds itself.
    here: Option<Key>,
    there: There,
}

/// The other end.
enum There {
    /// There is none.
    Nothing,
    /// It cannot be found, for this reason.
    Unknown(&'static str),
    /// Whoever reads this, or writes to it, or holds it.
    Readers(Key),
    Writers(Key),
    Holders(Key),
}

impl There {
    const fn key(&self) -> Option<Key> {
        match *self {
            Self::Nothing | Self::Unknown(_) => None,
            Self::Readers(key) | Self::Writers(key) | Self::Holders(key) => Some(key),
        }
    }
}

impl Own {
    fn read(root: &Path, holder: &Holder, peers: &Peers) -> ProcResult<Self> {
        let process = Process::new_with_root(root.join(holder.pid.to_string()))?;
        if has_lost_its_head(&process) {
            return Err(ProcError::PermissionDenied(None));
        }
        let descriptors = Descriptors::read(&process);
        same(&process, holder)?;
        // A running process of which something is not found cannot be looked into.
        let hidden = |_| ProcError::PermissionDenied(None);
        let (descriptors, user) = (descriptors.map_err(hidden)?, process.status()?.euid);
        let ends = descriptors.shared.iter().flat_map(|it| OwnEnd::of(it, peers)).collect();
        Ok(Self { pid: process.pid, user, ends, input_replaced: descriptors.input_replaced })
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.ends.iter().flat_map(|end| [end.here, end.there.key()]).flatten()
    }
}

impl OwnEnd {
    fn of(shared: &Shared, peers: &Peers) -> Vec<Self> {
        let alone = |kind| vec![Self { kind, here: None, there: There::Nothing }];
        match shared {
            Shared::Pipe { key, readers, writers, output } => {
                let here = Some(*key);
                let mut ends = Vec::new();
                if !readers.is_empty() {
                    let kind = EndKind::PipeReader { input: readers.iter().all(|fd| *fd == 0) };
                    ends.push(Self { kind, here, there: There::Writers(*key) });
                }
                if !writers.is_empty() {
                    let kind = EndKind::PipeWriter { output: *output };
                    ends.push(Self { kind, here, there: There::Readers(*key) });
                }
                ends
            }
            Shared::Unix { inode } => {
                let there = match peers.get(inode) {
                    Some(Peer::Open(peer)) => There::Holders(Key::Unix(*peer)),
                    Some(Peer::Closed) => There::Nothing,
                    Some(Peer::Unknown) | None => There::Unknown("the kernel does not show it"),
                };
                vec![Self { kind: EndKind::Unix, here: Some(Key::Unix(*inode)), there }]
            }
            Shared::UnixListener => alone(EndKind::UnixListener),
            Shared::MappedFile { path } => alone(EndKind::MappedFile(path.clone())),
            Shared::Udp { port } => alone(EndKind::Udp(*port)),
            Shared::Terminal { path, input } => {
                alone(EndKind::Terminal { path: path.clone(), input: *input })
            }
        }
    }
}

/// What one pass over all processes showed of the wanted ends.
#[derive(Default)]
struct Seen {
    by_key: HashMap<Key, Vec<Hold>>,
    found: BTreeMap<i32, Found>,
    blind: Vec<Blind>,
}

/// A process that holds a wanted end.
struct Hold {
    pid: i32,
    reads: bool,
    writes: bool,
}

impl Seen {
    fn walk(root: &Path, wanted: &HashSet<Key>) -> ProcResult<Self> {
        let mut seen = Self::default();
        let now = uptime();
        for process in all_processes_with_root(root)? {
            match process {
                Ok(process) => seen.visit(&process, wanted, now),
                Err(error) if is_gone(&error) => {}
                Err(_) => seen.blind.push(Blind::NOBODY_KNOWN),
            }
        }
        // A process that is about to exit cannot be read, and holds nothing a moment later.
        seen.blind.retain(|blind| blind.pid.is_none_or(|pid| !has_exited(root, pid)));
        Ok(seen)
    }

    fn visit(&mut self, process: &Process, wanted: &HashSet<Key>, now: Duration) {
        match Descriptors::holding(process, wanted) {
            Ok(None) if has_lost_its_head(process) => self.blind.extend(Blind::read(process)),
            Ok(None) => {}
            Ok(Some(holds)) => {
                for (key, (reads, writes)) in holds {
                    let hold = Hold { pid: process.pid, reads, writes };
                    self.by_key.entry(key).or_default().push(hold);
                    self.found.entry(process.pid).or_insert_with(|| found(process, now));
                }
            }
            Err(error) if is_gone(&error) => {}
            Err(_) => self.blind.extend(Blind::read(process)),
        }
    }

    fn end(&self, own: &OwnEnd, user: u32, doubts: &Doubts<'_>) -> End {
        let pids = |key: Key, wanted: fn(&Hold) -> bool| {
            let holds = self.by_key.get(&key).into_iter().flatten();
            holds.filter(|it| wanted(it)).map(|it| it.pid).collect::<BTreeSet<_>>()
        };
        let mut unsure = None;
        let others = match own.there {
            There::Nothing => BTreeSet::new(),
            There::Unknown(why) => {
                unsure = Some(why.to_owned());
                BTreeSet::new()
            }
            There::Readers(key) => pids(key, |it| it.reads),
            There::Writers(key) => pids(key, |it| it.writes),
            There::Holders(key) => pids(key, |_| true),
        };
        if let Some(key) = own.there.key() {
            let here = own.here.map(|key| pids(key, |_| true)).unwrap_or_default();
            let all: Vec<_> = here.union(&others).filter_map(|pid| self.found.get(pid)).collect();
            unsure = doubts.about(user, &all);
            // Any user may hold the other end of a FIFO.
            if matches!(key, Key::Fifo(..)) && others.is_empty() && !self.blind.is_empty() {
                unsure =
                    unsure.or_else(|| Some("a process that cannot be read may hold it".into()));
            }
            if matches!(key, Key::Unix(_)) && others.is_empty() {
                let unseen = "no process can be seen that holds it, and it is open";
                unsure = unsure.or_else(|| Some(unseen.into()));
            }
        }
        let identity = |pid: &i32| Some(self.found.get(pid)?.identity.as_ref()?.holder.clone());
        End { kind: own.kind.clone(), others: others.iter().filter_map(identity).collect(), unsure }
    }
}

fn has_exited(root: &Path, pid: i32) -> bool {
    let process = Process::new_with_root(root.join(pid.to_string()));
    process.and_then(|process| alive(&process)).is_err_and(|error| is_gone(&error))
}

fn found(process: &Process, now: Duration) -> Found {
    let identity = Identity::read(process, now).ok();
    Found { pid: process.pid, identity, sockets: HashSet::new(), instances: None }
}
