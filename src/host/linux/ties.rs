//! What some processes share with others. The holders of the other ends of their pipes and sockets are found in one
//! pass over all processes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use procfs::process::Process;
use procfs::{ProcError, ProcResult};

use super::descriptors::{Descriptors, Key, Shared, are_output};
use super::doubt::Doubts;
use super::parents::Parents;
use super::process::{
    Blind, Identity, expect_same, is_gone, main_thread_exited, open_process, uptime,
};
use super::unix::{Peer, Peers};
use super::walk::{Found, read_all};
use crate::host::{Resource, ResourceKind, Ties, Unseen};
use crate::model::Holder;

/// See [`Host::ties`](crate::host::Host::ties); `peers` are the other ends of unix sockets.
pub(super) fn ties(root: &Path, processes: &[Holder], peers: &Peers) -> Vec<Result<Ties, Unseen>> {
    let read = |it| Own::read(root, it, peers, Descriptors::read);
    let own: Vec<_> = processes.iter().map(read).collect();
    let wanted = own.iter().flatten().flat_map(Own::keys).collect();
    let Ok(ends) = OtherEnds::read(root, &wanted) else {
        return vec![Err(Unseen::Hidden); processes.len()];
    };
    let doubts = Doubts::new(root, &ends.blind);
    let parents = if doubts.hidden { None } else { Parents::read(root).ok() };
    let parents = parents.filter(|parents| parents.complete);
    let ties = |own: Result<Own, ProcError>| match own {
        Ok(own) => Ok(Ties {
            resources: own.resources(&ends, &doubts),
            input_replaced: own.input_replaced,
            descendants: parents.as_ref().map(|it| descendants(root, it, own.pid)),
        }),
        Err(error) if is_gone(&error) => Err(Unseen::Gone),
        Err(_) => Err(Unseen::Hidden),
    };
    own.into_iter().map(ties).collect()
}

/// The pipes of each of these processes, in their order; none where they cannot be read.
pub(super) fn pipes(root: &Path, processes: &[Holder]) -> Vec<Vec<Resource>> {
    let peers = Peers::new();
    let read = |it| Own::read(root, it, &peers, Descriptors::pipes).ok();
    let own: Vec<_> = processes.iter().map(read).collect();
    let wanted = own.iter().flatten().flat_map(Own::keys).collect();
    let Ok(ends) = OtherEnds::read(root, &wanted) else {
        return vec![Vec::new(); processes.len()];
    };
    let doubts = Doubts::new(root, &ends.blind);
    let resources = |own: Option<Own>| own.map(|it| it.resources(&ends, &doubts));
    own.into_iter().map(|own| resources(own).unwrap_or_default()).collect()
}

/// The running descendants of a process, without those that exit during the look.
fn descendants(root: &Path, parents: &Parents, pid: i32) -> Vec<Holder> {
    let now = uptime();
    let identity = |pid: u32| {
        let process = open_process(root, pid).ok()?;
        Some(Identity::read(&process, now).ok()?.holder)
    };
    parents.descendants(pid).into_iter().filter_map(identity).collect()
}

/// What one of the processes in question holds.
struct Own {
    pid: i32,
    user: u32,
    resources: Vec<OwnResource>,
    input_replaced: bool,
}

/// One resource of such a process, and how its other end is found.
struct OwnResource {
    kind: ResourceKind,
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
    /// It is held by the processes that read this, write to it, or hold it in any way.
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
    fn read(
        root: &Path,
        holder: &Holder,
        peers: &Peers,
        read: impl Fn(&Process) -> ProcResult<Descriptors>,
    ) -> ProcResult<Self> {
        let process = open_process(root, holder.pid)?;
        if main_thread_exited(&process) {
            return Err(ProcError::PermissionDenied(None));
        }
        let descriptors = read(&process);
        expect_same(&process, holder)?;
        // A running process of which something is not found cannot be looked into.
        let hidden = |_| ProcError::PermissionDenied(None);
        let (descriptors, user) = (descriptors.map_err(hidden)?, process.status()?.euid);
        let resources = descriptors.shared.iter().flat_map(|it| OwnResource::of(it, peers));
        let resources = resources.collect();
        Ok(Self { pid: process.pid, user, resources, input_replaced: descriptors.input_replaced })
    }

    fn resources(&self, ends: &OtherEnds, doubts: &Doubts<'_>) -> Vec<Resource> {
        self.resources.iter().map(|it| ends.resource(it, self.user, doubts)).collect()
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.resources.iter().flat_map(|it| [it.here, it.there.key()]).flatten()
    }
}

impl OwnResource {
    fn of(shared: &Shared, peers: &Peers) -> Vec<Self> {
        let alone = |kind| vec![Self { kind, here: None, there: There::Nothing }];
        match shared {
            Shared::Pipe { key, readers, writers } => {
                let here = Some(*key);
                let mut ends = Vec::new();
                if !readers.is_empty() {
                    let kind =
                        ResourceKind::PipeReader { input: readers.iter().all(|fd| *fd == 0) };
                    ends.push(Self { kind, here, there: There::Writers(*key) });
                }
                if !writers.is_empty() {
                    let kind = ResourceKind::PipeWriter { output: are_output(writers) };
                    ends.push(Self { kind, here, there: There::Readers(*key) });
                }
                ends
            }
            Shared::Unix { inode, descriptors } => {
                let there = match peers.get(inode) {
                    Some(Peer::Open(peer)) => There::Holders(Key::Unix(*peer)),
                    Some(Peer::Closed) => There::Nothing,
                    Some(Peer::Unknown) | None => There::Unknown("the kernel does not show it"),
                };
                let kind = ResourceKind::Unix { output: are_output(descriptors) };
                vec![Self { kind, here: Some(Key::Unix(*inode)), there }]
            }
            Shared::UnixListener => alone(ResourceKind::UnixListener),
            Shared::OpenFile { path } => alone(ResourceKind::OpenFile(path.clone())),
            Shared::MappedFile { path } => alone(ResourceKind::MappedFile(path.clone())),
            Shared::Udp { port } => alone(ResourceKind::Udp(*port)),
            Shared::Terminal { path, input } => {
                alone(ResourceKind::Terminal { path: path.clone(), input: *input })
            }
        }
    }
}

/// What one pass over all processes showed of the wanted ends.
struct OtherEnds {
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

impl OtherEnds {
    fn read(root: &Path, wanted: &HashSet<Key>) -> ProcResult<Self> {
        let mut by_key: HashMap<Key, Vec<Hold>> = HashMap::new();
        let mut found = BTreeMap::new();
        let now = uptime();
        let holds = |process: &Process| Descriptors::holding(process, wanted);
        let blind = read_all(root, holds, |process, holds| {
            for (key, (reads, writes)) in holds {
                let hold = Hold { pid: process.pid, reads, writes };
                by_key.entry(key).or_default().push(hold);
                found.entry(process.pid).or_insert_with(|| identify(process, now));
            }
        })?;
        Ok(Self { by_key, found, blind })
    }

    fn resource(&self, own: &OwnResource, user: u32, doubts: &Doubts<'_>) -> Resource {
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
        let others = others.iter().filter_map(identity).collect();
        Resource { kind: own.kind.clone(), others, unsure }
    }
}

fn identify(process: &Process, now: Duration) -> Found {
    let identity = Identity::read(process, now).ok();
    Found { pid: process.pid, identity, sockets: HashSet::new(), instances: None }
}
