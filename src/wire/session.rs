//! One session's conversation with the server.

use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::codec;
use super::connection::Connection;
use super::pickle;
use crate::address::Address;
use crate::error::{Error, Result};

/// The longest session id, in bytes. A UUID has 36.
const ID_CAP: u64 = 64;

/// The largest snapshot or process reply that is read, in bytes: what can be decoded. 1000 sessions of
/// 50 components take 90 MB.
const REPLY_CAP: u64 = pickle::MAX_BYTES as u64;

/// The bytes of the reply to SESSION: u64 length, 36 bytes of UUID, COMPLETE.
const OPENING_LENGTH: usize = 8 + 36 + 1;

/// How long a session that is being given up while it opens is waited for. A server that lists its
/// graph for somebody else was seen to be deaf for 4 s.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// An open session.
#[derive(Debug)]
pub struct Session {
    /// Named by the server: a version 1 UUID of the moment it was opened, on the server's clock.
    pub id: Uuid,
    /// The version in the server's greeting.
    pub version: String,
    connection: Connection,
}

impl Session {
    /// Connects and opens a session; `timeout` holds for this and for every later exchange.
    ///
    /// # Errors
    /// No server, one without sessions, or one that does not keep to the protocol.
    pub async fn open(address: &Address, timeout: Duration) -> Result<Self> {
        let (connection, version) = Connection::open(address, timeout).await?;
        let mut opening = Opening(Some(connection));
        let id = match opening.run().await {
            Ok(id) => id,
            Err(error @ Error::Deadline { .. }) => return Err(error),
            Err(error) => {
                // The reply came, or the server closed: there is nothing left to wait for.
                drop(opening.finish());
                return Err(match error {
                    // Servers up to 3.8.0 close the connection on the unknown opcode.
                    Error::Lost { address, .. } if before_sessions(&version) => {
                        Error::NoSessions { address, version }
                    }
                    error => error,
                });
            }
        };
        Ok(Self { id, version, connection: opening.finish() })
    }

    /// Sends SESSION_SNAPSHOT and returns the pickle of the `GraphSnapshot`.
    ///
    /// # Errors
    /// The reply did not come in time, not whole, or not in the protocol.
    pub async fn snapshot(&mut self) -> Result<Vec<u8>> {
        self.connection.begin("taking a snapshot");
        self.connection.send(&[codec::SESSION_SNAPSHOT]).await?;
        self.pickled().await
    }

    /// Has the owner of `unit` asked for `operation`; returns the pickle of the `ProcessControlResponse`.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub async fn process_request(
        &mut self,
        unit: &str,
        operation: &str,
        timeout: Duration,
    ) -> Result<Vec<u8>> {
        self.connection.begin_within("asking a process", timeout);
        let request = codec::process_request(unit, operation, timeout.as_secs_f64());
        self.connection.send(&request).await?;
        self.pickled().await
    }

    /// Our own end of its connection and the server's, as we see them.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn ends(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.connection.ends()
    }

    /// The connection, for the admin channel's own exchange.
    pub const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    async fn pickled(&mut self) -> Result<Vec<u8>> {
        let pickle = self.connection.block(REPLY_CAP).await?;
        self.connection.expect(codec::COMPLETE).await?;
        Ok(pickle)
    }
}

/// A session between its request and the end of the reply.
///
/// A client that closes in between leaves a session on the server for ever: nobody reads its
/// connection there, so nobody notices that it is gone. Whatever ends the wait (a deadline, Ctrl-C,
/// a panic), dropping this reads the rest of the reply first.
struct Opening(Option<Connection>);

impl Opening {
    async fn run(&mut self) -> Result<Uuid> {
        let connection = self.0.as_mut().expect("held until finished");
        connection.begin("opening a session");
        connection.send(&[codec::SESSION]).await?;
        let id = connection.block(ID_CAP).await?;
        connection.expect(codec::COMPLETE).await?;
        std::str::from_utf8(&id)
            .ok()
            .and_then(|id| Uuid::try_parse(id).ok())
            .ok_or_else(|| connection.protocol("its session id is not a UUID"))
    }

    fn finish(mut self) -> Connection {
        self.0.take().expect("held until finished")
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else { return };
        let Some(mut stream) = connection.into_blocking(LAST_PATIENCE) else { return };
        let start = Instant::now();
        let mut received = 0;
        while received < OPENING_LENGTH && start.elapsed() < LAST_PATIENCE {
            match stream.read(&mut [0; OPENING_LENGTH]) {
                Ok(0) | Err(_) => return,
                Ok(count) => received += count,
            }
        }
    }
}

/// Whether that version of ezmsg has no sessions. They came with 3.9.
fn before_sessions(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 9),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::before_sessions;

    #[test]
    fn sessions_came_with_3_9() {
        for version in ["3.8.0", "3.7.3", "2.0"] {
            assert!(before_sessions(version), "{version}");
        }
        for version in ["3.9.0", "3.10.0", "4.0.0", "3.9.0rc1", "new"] {
            assert!(!before_sessions(version), "{version}");
        }
    }
}
