//! The other ends of unix sockets. `/proc` does not show them; the kernel lists them on a netlink socket.

use std::collections::HashMap;
use std::io::Result;

use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest, UnixResponse};

use super::netlink;

/// `SHUT_RDWR`, as the kernel counts it: both directions are closed.
const BOTH_CLOSED: u8 = 3;

/// The type of unix sockets that have no connections, only an address that they send to.
const DATAGRAM: u8 = 2;

/// The other end of a unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// It is open, and has this inode.
    Open(u64),
    /// It is closed.
    Closed,
    /// The kernel does not show it.
    Unknown,
}

/// By inode: the other ends of the unix sockets of graphctl's network that have one.
pub(super) type Peers = HashMap<u64, Peer>;

/// Asks the kernel for the other ends of all unix sockets.
///
/// # Errors
/// The kernel does not list them, or not without an interruption.
pub(super) fn peers() -> Result<Peers> {
    let request = UnixRequest {
        state_flags: StateFlags::all(),
        inode: 0,
        show_flags: ShowFlags::PEER,
        cookie: [0xFF; 8],
    };
    let sockets = netlink::list(&SockDiagMessage::UnixRequest(request))?;
    let with_peer = |socket| match socket {
        SockDiagMessage::UnixResponse(socket) => Some((socket.header.inode.into(), peer(&socket))),
        _ => None,
    };
    Ok(sockets.into_iter().filter_map(with_peer).collect())
}

/// The kernel shows inode 0 for a closed peer, and also for a peer that the server has not accepted yet. Only in the
/// first case is the connection shut down in both directions.
fn peer(socket: &UnixResponse) -> Peer {
    match socket.peer() {
        Some(0) if socket.header.kind == DATAGRAM => Peer::Closed,
        Some(0) if socket.shutdown_state() == Some(BOTH_CLOSED) => Peer::Closed,
        Some(0) | None => Peer::Unknown,
        Some(inode) => Peer::Open(inode.into()),
    }
}
