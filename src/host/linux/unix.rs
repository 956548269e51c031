//! The other ends of unix sockets. `/proc` does not show them; the kernel lists them on a netlink socket.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Result};
use std::iter;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest, UnixResponse};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};

/// `SHUT_RDWR`, as the kernel counts it: both directions are closed.
const BOTH_CLOSED: u8 = 3;

/// The type of unix sockets that have no connections, only an address that they send to.
const DATAGRAM: u8 = 2;

/// The most answers that are read, of several sockets each.
const MOST_ANSWERS: usize = 100_000;

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

/// How often the kernel is asked again for a list that changed while it was made.
const MOST_TRIES: usize = 3;

/// Asks the kernel for the other ends of all unix sockets.
///
/// # Errors
/// The kernel does not list them, or not without an interruption.
pub(super) fn peers() -> Result<Peers> {
    let mut tries = iter::repeat_with(list).take(MOST_TRIES);
    let whole = tries.find(|it| !it.as_ref().is_err_and(|it| it.kind() == ErrorKind::Interrupted));
    whole.unwrap_or_else(|| Err(ErrorKind::Interrupted.into()))
}

fn list() -> Result<Peers> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    // The kernel answers while it is asked: there is nothing to wait for.
    socket.set_non_blocking(true)?;
    socket.send(&request(), 0)?;
    let mut peers = Peers::new();
    for _ in 0..MOST_ANSWERS {
        let (answer, _) = socket.recv_from_full()?;
        if add(&mut peers, &answer)? {
            return Ok(peers);
        }
    }
    Err(ErrorKind::InvalidData.into())
}

fn request() -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let request = SockDiagMessage::UnixRequest(UnixRequest {
        state_flags: StateFlags::all(),
        inode: 0,
        show_flags: ShowFlags::PEER,
        cookie: [0xFF; 8],
    });
    let mut message = NetlinkMessage::new(header, request.into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Adds the sockets of one answer. Returns whether it was the last answer.
///
/// # Errors
/// The kernel refuses, or reports that sockets came or went while it listed them: some may be missing.
pub(super) fn add(peers: &mut Peers, mut answer: &[u8]) -> Result<bool> {
    while !answer.is_empty() {
        let message =
            NetlinkMessage::<SockDiagMessage>::deserialize(answer).map_err(Error::other)?;
        if message.header.flags & NLM_F_DUMP_INTR != 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::InnerMessage(SockDiagMessage::UnixResponse(socket)) => {
                peers.insert(socket.header.inode.into(), peer(&socket));
            }
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            _ => {}
        }
        // Messages begin at multiples of 4 bytes.
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
        let length = length.max(1).checked_next_multiple_of(4).unwrap_or(usize::MAX);
        answer = answer.get(length..).unwrap_or_default();
    }
    Ok(false)
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
