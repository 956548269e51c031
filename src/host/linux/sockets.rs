//! The sockets of this machine's network, as the kernel lists them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags,
};
use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState};
use procfs::process::{FDInfo, FDTarget, Process};
use procfs::{FromReadSI as _, ProcError, ProcResult};

use super::lists::{NETLINK, UDP, UDP6, UNIX};
use super::netlink;
use super::process::expect_same;
use crate::host::{Connection, Ends, Sockets, Tcp};
use crate::model::Holder;

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
    let ends: Vec<_> = connections.iter().map(Connection::ends).collect();
    of_clients(root, &ends)
}

/// The client's end of each connection, in their order.
pub(super) fn of_clients(root: &Path, connections: &[Ends]) -> ProcResult<Vec<Socket>> {
    // A test's copy of `/proc` must not be compared with this kernel. A container may forbid netlink; `/proc` is read
    // then.
    let known = if root == Path::new(super::ROOT) { from_kernel().ok() } else { None };
    let known = known.map_or_else(|| from_proc(root), Ok)?;
    let socket = |connection: &Ends| {
        let ends = (canonical(connection.client), canonical(connection.server));
        known.get(&ends).copied().unwrap_or(Socket::Elsewhere)
    };
    Ok(connections.iter().map(socket).collect())
}

/// Sockets by the address and port of their own end and of the other end.
type SocketsByEnds = HashMap<((IpAddr, u16), (IpAddr, u16)), Socket>;

/// The sockets that the kernel lists. Those in `TIME_WAIT` are left out, because there may be very many.
fn from_kernel() -> io::Result<SocketsByEnds> {
    let mut known = HashMap::new();
    for socket_id in [SocketId::new_v4(), SocketId::new_v6()] {
        let states = StateFlags::all() - StateFlags::TIME_WAIT - StateFlags::LISTEN;
        for InetResponseHeader { socket_id: id, inode, uid, .. } in inet_sockets(socket_id, states)?
        {
            let client = (id.source_address.to_canonical(), id.source_port);
            let server = (id.destination_address.to_canonical(), id.destination_port);
            let socket = match inode {
                0 => Socket::Closed,
                inode => Socket::Open { inode: inode.into(), uid },
            };
            known.insert((client, server), socket);
        }
    }
    Ok(known)
}

/// The TCP sockets in these states of the kind of addresses that the pattern has: IPv4 or IPv6.
fn inet_sockets(pattern: SocketId, states: StateFlags) -> io::Result<Vec<InetResponseHeader>> {
    let request = InetRequest {
        family: if pattern.source_address.is_ipv6() { AF_INET6 } else { AF_INET },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states,
        socket_id: pattern,
    };
    let sockets = netlink::list(&SockDiagMessage::InetRequest(request))?;
    let header = |socket| match socket {
        SockDiagMessage::InetResponse(socket) => Some(socket.header),
        _ => None,
    };
    Ok(sockets.into_iter().filter_map(header).collect())
}

/// The sockets that `/proc` lists.
fn from_proc(root: &Path) -> ProcResult<SocketsByEnds> {
    let mut known = HashMap::new();
    for TcpNetEntry { local_address, remote_address, inode, uid, .. } in table(root)? {
        let ends = (canonical(local_address), canonical(remote_address));
        if inode == 0 {
            known.entry(ends).or_insert(Socket::Closed);
        } else {
            known.insert(ends, Socket::Open { inode, uid });
        }
    }
    Ok(known)
}

/// Whether the other end of a connection was on this machine, and no process holds it any more.
fn leads_nowhere(entry: &TcpNetEntry, table: &[TcpNetEntry]) -> bool {
    let (local, remote) = (canonical(entry.local_address), canonical(entry.remote_address));
    let is_other_end = |it: &&TcpNetEntry| {
        (canonical(it.local_address), canonical(it.remote_address)) == (remote, local)
    };
    let is_closed = entry.state == TcpState::CloseWait && local.0 == remote.0;
    is_closed && table.iter().filter(is_other_end).all(|it| it.inode == 0)
}

/// Whether more connections wait to be accepted than a socket that listens at an address may keep, so that the kernel
/// ignores further ones; `None` if no socket listens there. `/proc` does not show how many it may keep.
pub(super) fn queue_is_full(at: SocketAddr) -> io::Result<Option<bool>> {
    let mut full = None;
    for pattern in [SocketId::new_v4(), SocketId::new_v6()] {
        let listening = inet_sockets(pattern, StateFlags::LISTEN)?;
        let there = listening.iter().filter(|it| {
            is_at((it.socket_id.source_address.to_canonical(), it.socket_id.source_port), at)
        });
        full = full.max(there.map(|it| it.recv_queue > it.send_queue).max());
    }
    Ok(full)
}

/// Whether a socket with this own end listens at an address, or everywhere on its port.
fn is_at((ip, port): (IpAddr, u16), at: SocketAddr) -> bool {
    port == at.port() && (ip == at.ip().to_canonical() || ip.is_unspecified())
}

/// The inodes of the sockets that listen at an address, or everywhere on its port.
pub(super) fn listening(root: &Path, at: SocketAddr) -> ProcResult<HashSet<u64>> {
    let listens =
        |it: &TcpNetEntry| it.state == TcpState::Listen && is_at(canonical(it.local_address), at);
    Ok(table(root)?.into_iter().filter(listens).map(|entry| entry.inode).collect())
}

/// The TCP sockets of a process, as its own network lists them.
///
/// # Errors
/// It has ended, or may not be looked into.
pub(super) fn of(root: &Path, holder: &Holder) -> ProcResult<Sockets> {
    let root = root.join(holder.pid.to_string());
    let process = Process::new_with_root(root.clone())?;
    let mut inodes = held_by(&process)?;
    expect_same(&process, holder)?;
    let mut sockets = Sockets::default();
    let table = table(&root)?;
    for entry in table.iter().filter(|entry| inodes.remove(&entry.inode)) {
        if leads_nowhere(entry, &table) {
            continue;
        }
        let local = address(entry.local_address);
        let remote = (entry.state != TcpState::Listen).then(|| address(entry.remote_address));
        let socket = Tcp { local, remote };
        sockets.tcp.push(socket);
        if entry.state == TcpState::Established {
            sockets.open.insert(socket);
        }
    }
    for list in [UNIX, UDP, UDP6, NETLINK] {
        // A kind of socket that the machine does not have has no list.
        let listed = list.read(&process, |_| Some(())).unwrap_or_default();
        inodes.retain(|inode| !listed.contains_key(inode));
    }
    sockets.others = !inodes.is_empty();
    Ok(sockets)
}

/// The connections of these processes to a port of anybody, as their own networks list them.
pub(super) fn connections(root: &Path, processes: &[Holder], port: u16) -> HashSet<Ends> {
    let mut by_network: HashMap<_, (PathBuf, HashSet<u64>)> = HashMap::new();
    for process in processes {
        let path = root.join(process.pid.to_string());
        let Ok(inodes) = Process::new_with_root(path.clone()).and_then(|it| held_by(&it)) else {
            continue;
        };
        let network = fs::read_link(path.join("ns/net")).ok();
        by_network.entry(network).or_insert_with(|| (path, HashSet::new())).1.extend(inodes);
    }
    let mut connections = HashSet::new();
    for (path, inodes) in by_network.values() {
        let ours =
            |it: &TcpNetEntry| it.remote_address.port() == port && inodes.contains(&it.inode);
        let entries = table(path).unwrap_or_default().into_iter().filter(ours);
        connections.extend(entries.map(|entry| Ends {
            client: address(entry.local_address),
            server: address(entry.remote_address),
        }));
    }
    connections
}

/// The inodes of all sockets of a process.
fn held_by(process: &Process) -> ProcResult<HashSet<u64>> {
    let inode = |descriptor: FDInfo| match descriptor.target {
        FDTarget::Socket(inode) => Some(inode),
        _ => None,
    };
    let descriptors: ProcResult<Vec<_>> = process.fd()?.collect();
    Ok(descriptors?.into_iter().filter_map(inode).collect())
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

fn address(shown: SocketAddr) -> SocketAddr {
    canonical(shown).into()
}
