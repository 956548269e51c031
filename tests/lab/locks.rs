//! Ways to keep a server from its command lock.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::clients::Client;
use super::server::{Server, greeted};

/// Makes every publisher pause; the server waits, with the lock in hand, until all have confirmed.
const SYNC: &[u8] = b"\x07";

/// Makes every publisher go on.
const RESUME: &[u8] = b"\x08";

/// Subscribes to the topic `Z`; the server waits for 1 s, with the lock in hand, for a confirmation.
const SUBSCRIBE: &[u8] = b"\x02\x01\0\0\0\0\0\0\0Z";

/// A wedged server: somebody asked it to SYNC while a publisher was stopped.
pub struct Wedge {
    publisher: Client,
    sync: TcpStream,
}

impl Wedge {
    /// Wedges a server. The publisher's topic is `T/X`.
    pub fn of(server: &mut Server) -> Self {
        let publisher = Client::publisher(server, "T/X");
        publisher.signal("STOP");
        let mut sync = greeted(server.address());
        sync.write_all(SYNC).expect("the server takes an opcode");
        server.wait_state("a held lock", |state| state["locked"] == true);
        Self { publisher, sync }
    }

    /// Lets the publisher confirm, which ends the wedge, and all publishers go on.
    pub fn end(&mut self, server: &mut Server) {
        self.publisher.signal("CONT");
        self.sync.read_exact(&mut [0]).expect("the server has synchronised all publishers");
        greeted(server.address()).write_all(RESUME).expect("the server takes an opcode");
        let free = |state: &serde_json::Value| state["locked"] == false && state["waiters"] == 0;
        server.wait_state("a free lock", free);
    }
}

/// A subscriber that does not confirm: the server holds its lock for a second from now on.
pub fn lock_for_a_second(server: &mut Server) -> TcpStream {
    let mut subscriber = greeted(server.address());
    subscriber.write_all(SUBSCRIBE).expect("the server takes a subscription");
    server.wait_state("a held lock", |state| state["locked"] == true);
    subscriber
}
