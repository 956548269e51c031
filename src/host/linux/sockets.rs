//! The sockets of this machine's network, as the kernel lists them.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState};
use procfs::{FromReadSI as _, ProcError, ProcResult};

use crate::host::Connection;

/// The client's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Socket {
    /// Somebody holds it.
    Open {
        /// What names it in the descriptors of its holders.
        inode: u64,
        /// The user who made it.
        uid: u32,
    },
    /// The kernel has not forgotten it yet, but it is nobody's.
    Closed,
    /// It is not in this network.
    Elsewhere,
}

impl Socket {
    /// Its inode, if somebody holds it.
    pub(super) const fn inode(self) -> Option<u64> {
        match self {
            Self::Open { inode, .. } => Some(inode),
            Self::Closed | Self::Elsewhere => None,
        }
    }
}

/// The client's end of each connection, in their order.
pub(super) fn clients(root: &Path, connections: &[Connection]) -> ProcResult<Vec<Socket>> {
    let mut known = HashMap::new();
    for TcpNetEntry { local_address, remote_address, inode, uid, .. } in table(root)? {
        let ends = (canonical(local_address), canonical(remote_address));
        if inode == 0 {
            known.entry(ends).or_insert(Socket::Closed);
        } else {
            known.insert(ends, Socket::Open { inode, uid });
        }
    }
    let socket = |connection: &Connection| {
        let ends = (canonical(connection.client), canonical(connection.server));
        known.get(&ends).copied().unwrap_or(Socket::Elsewhere)
    };
    Ok(connections.iter().map(socket).collect())
}

/// The inodes of the sockets that listen on a port.
pub(super) fn listening(root: &Path, port: u16) -> ProcResult<HashSet<u64>> {
    let listens =
        |it: &TcpNetEntry| it.state == TcpState::Listen && it.local_address.port() == port;
    Ok(table(root)?.into_iter().filter(listens).map(|entry| entry.inode).collect())
}

/// All TCP sockets. A machine without IPv6 has one table only.
fn table(root: &Path) -> ProcResult<Vec<TcpNetEntry>> {
    let read =
        |name| TcpNetEntries::from_file(root.join("net").join(name), procfs::current_system_info());
    let TcpNetEntries(mut entries) = read("tcp")?;
    match read("tcp6") {
        Ok(TcpNetEntries(more)) => entries.extend(more),
        Err(ProcError::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(entries)
}

/// A socket that speaks both IPv4 and IPv6 shows an IPv4 address as an IPv6 one.
fn canonical(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}
