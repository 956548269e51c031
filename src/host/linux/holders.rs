//! Who holds the client's ends of connections: all of them in one pass over the processes.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use procfs::ProcResult;

use super::doubt::Doubts;
use super::orphans::confirm_heirs;
use super::serving::{self, Answered, Watch};
use super::sockets::Socket;
use super::walk::{self, Found};
use crate::host::{Connection, Role};
use crate::model::{Holder, Holding, SeenBy};

/// See [`Host::holders`](crate::host::Host::holders). `sockets` are the client's ends of the connections, in the
/// same order. `now` is the time since boot. `pause` passes between two readings of a holder that may be busy.
///
/// # Errors
/// `/proc` cannot be read.
pub(super) fn holders(
    root: &Path,
    connections: &[Connection],
    sockets: &[Socket],
    now: Duration,
    pause: &mut dyn FnMut(),
) -> ProcResult<Vec<Holding>> {
    let inodes = sockets.iter().filter_map(|socket| socket.inode()).collect();
    let walk = walk::walk(root, &inodes, now)?;
    let doubts = Doubts::new(root, &walk.blind);
    let seen = Seen { by_socket: by_socket(&walk.found), doubts };

    let with_role = |role| {
        let ours = move |(connection, _): &(&Connection, &Socket)| connection.role == role;
        connections.iter().zip(sockets).filter(ours).map(|(_, socket)| *socket)
    };
    let sessions: HashSet<_> = with_role(Role::Session).filter_map(Socket::inode).collect();
    let answered = seen.answered(with_role(Role::Answered));
    let watches = serving::watch(root, &walk.found, &sessions, &answered, pause);

    let holding = |(connection, socket): (&Connection, &Socket)| match *socket {
        Socket::Elsewhere => {
            Holding::unknown("its client is on another machine, in a container, or gone")
        }
        Socket::Closed => Holding::unknown("its client has closed it"),
        Socket::Open { inode, uid } => {
            let serving = (connection.role == Role::Session).then_some(&answered);
            seen.holding(inode, uid, &watches, serving)
        }
    };
    let mut holdings: Vec<_> = connections.iter().zip(sockets).map(holding).collect();
    confirm_heirs(root, &mut holdings);
    Ok(holdings)
}

fn by_socket(found: &[Found]) -> HashMap<u64, Vec<&Found>> {
    let mut by_socket: HashMap<_, Vec<_>> = HashMap::new();
    for one in found {
        for socket in &one.sockets {
            by_socket.entry(*socket).or_default().push(one);
        }
    }
    by_socket
}

/// What one pass over the processes showed.
struct Seen<'a> {
    by_socket: HashMap<u64, Vec<&'a Found>>,
    doubts: Doubts<'a>,
}

impl<'a> Seen<'a> {
    fn holders(&self, inode: u64) -> &[&'a Found] {
        self.by_socket.get(&inode).map_or(&[], Vec::as_slice)
    }

    fn answered(&self, sockets: impl Iterator<Item = Socket>) -> Answered {
        let answered = sockets.filter_map(|socket| match socket {
            Socket::Open { inode, uid } => {
                let holders = self.holders(inode);
                let one = holders.len() == 1 && self.doubts.about(uid, holders).is_none();
                Some((inode, one))
            }
            Socket::Closed | Socket::Elsewhere => None,
        });
        Answered(answered.collect())
    }

    /// With `serving`, also which of its holders serve the socket.
    fn holding(
        &self,
        inode: u64,
        uid: u32,
        watches: &HashMap<i32, Watch<'_>>,
        serving: Option<&Answered>,
    ) -> Holding {
        let found = self.holders(inode);
        let ended = |it: &Found| watches.get(&it.pid).is_some_and(|watch| watch.ended);
        let holder = |it: &&Found| {
            let watch = serving.and_then(|answered| Some((watches.get(&it.pid)?, answered)));
            let identity = &it.identity.as_ref()?.holder;
            Some(Holder {
                watches: watch.is_some_and(|(watch, _)| watch.watches(inode)),
                serving: watch.and_then(|(watch, answered)| watch.serving(inode, answered)),
                serving_loop: watch.and_then(|(watch, _)| watch.serving_loop(inode)),
                lives_elsewhere: watch
                    .is_some_and(|(it, answered)| it.lives_elsewhere(inode, answered)),
                ..identity.clone()
            })
        };
        let gone = found.iter().find(|it| ended(it));
        let gone = gone.map(|it| format!("pid {} ended while it was looked at", it.pid));
        Holding {
            holders: found.iter().filter(|it| !ended(it)).filter_map(holder).collect(),
            unsure: gone.or_else(|| self.doubts.about(uid, found)),
            seen_by: SeenBy::Graphctl,
        }
    }
}
