//! Made-up `/proc` trees for what a machine does not do on demand, real processes for the rest.

mod counting;
mod doubts;
mod ends;
mod fake;
mod files;
mod finding;
mod real;
mod serving;
mod ties;
mod workers;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::host::{Connection, Role};
use crate::model::Holding;

/// The server's port.
const SERVER: u16 = 25978;

/// A client on this port of the loopback.
fn connection(port: u16, role: Role) -> Connection {
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    Connection { client: local(port), server: local(SERVER), role }
}

fn session(port: u16) -> Connection {
    connection(port, Role::Session)
}

/// A process registration's connection that answered a ping.
fn answered(port: u16) -> Connection {
    connection(port, Role::Answered)
}

/// The pids of the holders, and whether each serves.
fn serving(holding: &Holding) -> Vec<(u32, Option<bool>)> {
    holding.holders.iter().map(|holder| (holder.pid, holder.serving)).collect()
}
