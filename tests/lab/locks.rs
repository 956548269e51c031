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

/// Opens a session, whose id and a COMPLETE come back.
const SESSION: &[u8] = b"\x15";

/// Asks for an edge of the graph.
const SESSION_CONNECT: &[u8] = b"\x16";

/// Routes a request to the process of a unit.
const PROCESS_REQUEST: &[u8] = b"\x20";

/// More than the sockets between two processes hold, all buffers together.
const MORE_THAN_FITS: usize = 64 << 20;

/// The length of an id in an answer, with its length before it.
const ID_LENGTH: usize = 8 + 36;

/// A wedged server: somebody asked it to SYNC while a publisher was stopped.
pub struct Wedge {
    publisher: Client,
    sync: TcpStream,
}

impl Wedge {
    /// Wedges a server. The publisher's topic is `T/X`.
    pub fn of(server: &mut Server) -> Self {
        let publisher = Client::publisher(server, "T/X");
        Self::with(server, publisher)
    }

    /// Wedges a server; when the wedge ends, it goes on to ask the publisher of this topic, which has left.
    pub fn before_one_that_left(server: &mut Server, topic: &str) -> Self {
        let publisher = Client::publisher(server, "T/X");
        let leaving = Client::publisher(server, topic);
        let wedge = Self::with(server, publisher);
        leaving.signal("KILL");
        server.wait_state("one publisher", |state| state["clients"]["PublisherInfo"] == 1);
        wedge
    }

    fn with(server: &mut Server, publisher: Client) -> Self {
        publisher.signal("STOP");
        let sync = sync(server);
        Self { publisher, sync }
    }

    /// The address of the connection that asked for SYNC.
    pub fn asker(&self) -> String {
        own_address(&self.sync)
    }

    /// Kills the publisher, which ends the wedge too.
    pub fn kill(&self) {
        self.publisher.signal("KILL");
    }

    /// Makes all publishers go on, which SYNC has paused.
    pub fn resume(server: &Server) {
        greeted(server.address()).write_all(RESUME).expect("the server takes an opcode");
    }

    /// Lets the publisher confirm, which ends the wedge, and all publishers go on.
    pub fn end(&mut self, server: &mut Server) {
        self.publisher.signal("CONT");
        self.sync.read_exact(&mut [0]).expect("the server has synchronised all publishers");
        Self::resume(server);
        let free = |state: &serde_json::Value| state["locked"] == false && state["waiters"] == 0;
        server.wait_state("a free lock", free);
    }
}

/// Asks for SYNC, which some publisher does not confirm at once.
pub fn sync(server: &mut Server) -> TcpStream {
    let mut sync = greeted(server.address());
    sync.write_all(SYNC).expect("the server takes an opcode");
    server.wait_state("a held lock", |state| state["locked"] == true);
    sync
}

/// A subscriber that does not confirm: the server holds its lock for a second from now on.
pub fn lock_for_a_second(server: &mut Server) -> TcpStream {
    let mut subscriber = greeted(server.address());
    subscriber.write_all(SUBSCRIBE).expect("the server takes a subscription");
    server.wait_state("a held lock", |state| state["locked"] == true);
    subscriber
}

/// A connection that sends these bytes after the greeting, no more than a part of a request, and waits.
pub fn half_sent(server: &mut Server, bytes: &[u8]) -> TcpStream {
    let mut stream = greeted(server.address());
    stream.write_all(bytes).expect("the server takes a part of a request");
    server.wait_state("a held lock", |state| state["locked"] == true);
    stream
}

/// A session, and its id.
pub fn open_session(server: &Server) -> (TcpStream, String) {
    let mut session = greeted(server.address());
    session.write_all(SESSION).expect("the server takes an opcode");
    let id = read_id(&mut session);
    session.read_exact(&mut [0]).expect("the server has opened a session");
    (session, id)
}

/// The request of a session for an edge of the graph.
pub fn connect(session: &mut TcpStream, from: &str, to: &str) {
    session.write_all(&request(SESSION_CONNECT, &[from, to])).expect("the server takes a request");
}

fn request(opcode: &[u8], texts: &[&str]) -> Vec<u8> {
    let mut request = opcode.to_vec();
    for text in texts {
        request.extend((text.len() as u64).to_le_bytes());
        request.extend(text.as_bytes());
    }
    request
}

/// A session that has more routed to the stopped process of a unit than its socket takes: the server
/// waits, with the lock in hand, until the process reads. Tells the id of the session.
pub fn stuff_process(server: &mut Server, unit: &str) -> (TcpStream, String) {
    let (mut session, id) = open_session(server);
    let mut request = request(PROCESS_REQUEST, &[unit, "PING", "1"]);
    request.extend((MORE_THAN_FITS as u64).to_le_bytes());
    request.resize(request.len() + MORE_THAN_FITS, 0);
    session.write_all(&request).expect("the server takes a request");
    server.wait_state("a held lock", |state| state["locked"] == true);
    (session, id)
}

/// The id with which the server answers who becomes a client.
pub fn read_id(stream: &mut TcpStream) -> String {
    let mut answer = [0; ID_LENGTH];
    stream.read_exact(&mut answer).expect("the server tells an id");
    String::from_utf8(answer[8..].to_vec()).expect("an id is text")
}

/// The address of our end of a connection, as the server sees it.
pub fn own_address(stream: &TcpStream) -> String {
    stream.local_addr().expect("a connected socket has an address").to_string()
}
