//! Lists of the sockets of this network namespace, by netlink. This requires no privilege.

use std::io::{Error, ErrorKind, Result};
use std::iter;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};

/// The most answers that are read, of several sockets each.
const MOST_ANSWERS: usize = 100_000;

/// How often the kernel is asked for a list, if it changes while it is made.
const MOST_TRIES: usize = 3;

/// Asks the kernel for a list of sockets.
///
/// # Errors
/// The kernel does not list them, or not without an interruption.
pub(super) fn list(request: &SockDiagMessage) -> Result<Vec<SockDiagMessage>> {
    let mut tries = iter::repeat_with(|| list_once(request)).take(MOST_TRIES);
    let whole = tries.find(|it| !it.as_ref().is_err_and(|it| it.kind() == ErrorKind::Interrupted));
    whole.unwrap_or_else(|| Err(ErrorKind::Interrupted.into()))
}

fn list_once(request: &SockDiagMessage) -> Result<Vec<SockDiagMessage>> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    // The kernel answers while it is asked: there is nothing to wait for.
    socket.set_non_blocking(true)?;
    socket.send(&bytes(request), 0)?;
    let mut sockets = Vec::new();
    for _ in 0..MOST_ANSWERS {
        let (answer, _) = socket.recv_from_full()?;
        if add(&mut sockets, &answer)? {
            return Ok(sockets);
        }
    }
    Err(ErrorKind::InvalidData.into())
}

fn bytes(request: &SockDiagMessage) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, request.clone().into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Adds the sockets of one answer. Returns whether it was the last answer.
///
/// # Errors
/// The kernel refuses, or reports that sockets came or went while it listed them: some may be missing.
pub(super) fn add(sockets: &mut Vec<SockDiagMessage>, mut answer: &[u8]) -> Result<bool> {
    while !answer.is_empty() {
        let message =
            NetlinkMessage::<SockDiagMessage>::deserialize(answer).map_err(Error::other)?;
        if message.header.flags & NLM_F_DUMP_INTR != 0 {
            return Err(ErrorKind::Interrupted.into());
        }
        // Messages begin at multiples of 4 bytes.
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
        let length = length.max(1).checked_next_multiple_of(4).unwrap_or(usize::MAX);
        match message.payload {
            NetlinkPayload::Done(_) => return Ok(true),
            NetlinkPayload::InnerMessage(socket) => sockets.push(socket),
            NetlinkPayload::Error(error) => return Err(error.to_io()),
            _ => {}
        }
        answer = answer.get(length..).unwrap_or_default();
    }
    Ok(false)
}
