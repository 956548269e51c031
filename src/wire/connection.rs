//! The only owner of a socket. Every wait has a deadline, every length a cap.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::address::Address;
use crate::error::{Error, Result};
use crate::runtime::spawn_blocking;

/// The longest version a greeting may hold, in bytes. `3.9.0` is 5.
const GREETING_CAP: u64 = 64;

/// How much is asked of the socket at once, in bytes.
const READ_BUFFER: usize = 64 * 1024;

/// A greeted connection to a GraphServer.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: Address,
    timeout: Duration,
    patience: Duration,
    deadline: Instant,
    doing: &'static str,
}

impl Connection {
    /// Connects and reads the greeting; also returns the server's ezmsg version.
    ///
    /// # Errors
    /// No server, no connection or no greeting within `timeout`, or a greeting that no GraphServer sends.
    pub async fn open(address: &Address, timeout: Duration) -> Result<(Self, String)> {
        let deadline = Instant::now() + timeout;
        let stream = connect(address, timeout, deadline).await?;
        let mut connection = Self {
            stream: BufReader::with_capacity(READ_BUFFER, stream),
            address: address.clone(),
            timeout,
            patience: timeout,
            deadline,
            doing: "greeting",
        };
        let here = connection.ends().ok().filter(|(own, server)| is_one_machine(*own, *server));
        let here = here.map(|(_, server)| server);
        let version = connection.greeting().await.map_err(|error| match error {
            Error::Protocol { address, .. } => Error::NotGraphServer { address },
            Error::Deadline { address, waited, .. } => {
                Error::NoGreeting { address, waited, here, holders: Vec::new() }
            }
            error => error,
        })?;
        Ok((connection, version))
    }

    async fn greeting(&mut self) -> Result<String> {
        let bytes = self.block(GREETING_CAP).await?;
        let version =
            String::from_utf8(bytes).map_err(|_| self.protocol("its greeting is not text"))?;
        if version.starts_with(|first: char| first.is_ascii_digit()) {
            Ok(version)
        } else {
            Err(self.protocol("its greeting is not a version"))
        }
    }

    /// Starts a new exchange: the deadline of everything that follows is one timeout from now.
    pub fn begin(&mut self, doing: &'static str) {
        self.begin_within(doing, Duration::ZERO);
    }

    /// As [`begin`](Self::begin), for work that the server has been given `extra` time for.
    pub fn begin_within(&mut self, doing: &'static str, extra: Duration) {
        self.doing = doing;
        self.patience = self.timeout + extra;
        self.deadline = Instant::now() + self.patience;
    }

    /// Whom this connection leads to.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Our own end of it and the server's, as we see them.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn ends(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        let stream = self.stream.get_ref();
        Ok((stream.local_addr()?, stream.peer_addr()?))
    }

    /// How long one exchange may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// The deadline passed or the connection is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = timeout_at(self.deadline, self.stream.get_mut().write_all(bytes)).await;
        self.outcome(sent)
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// The deadline passed or the connection is gone.
    pub async fn byte(&mut self) -> Result<u8> {
        let read = timeout_at(self.deadline, self.stream.read_u8()).await;
        self.outcome(read)
    }

    /// Reads one byte that must be `expected`.
    ///
    /// # Errors
    /// As [`byte`](Self::byte), or another byte came.
    pub async fn expect(&mut self, expected: u8) -> Result<()> {
        match self.byte().await? {
            byte if byte == expected => Ok(()),
            byte => Err(self.protocol(format!(
                "expected byte {expected:#04x} and got {byte:#04x} while {}",
                self.doing
            ))),
        }
    }

    /// Reads a u64 length and that many bytes. Memory grows with what arrives, not with what is promised.
    ///
    /// # Errors
    /// As [`byte`](Self::byte), or the length is above `cap` bytes.
    pub async fn block(&mut self, cap: u64) -> Result<Vec<u8>> {
        let length = timeout_at(self.deadline, self.stream.read_u64_le()).await;
        let length = self.outcome(length)?;
        if length > cap {
            return Err(self.protocol(format!(
                "it announces {length} bytes while {}, and the most is {cap}",
                self.doing
            )));
        }
        let mut bytes = Vec::new();
        let mut stream = (&mut self.stream).take(length);
        let read = timeout_at(self.deadline, stream.read_to_end(&mut bytes)).await;
        self.outcome(read)?;
        if (bytes.len() as u64) < length {
            return Err(self.lost());
        }
        Ok(bytes)
    }

    /// The server said something that is not in the protocol.
    #[must_use]
    pub fn protocol(&self, detail: impl Into<String>) -> Error {
        Error::Protocol { address: self.address.clone(), detail: detail.into() }
    }

    fn lost(&self) -> Error {
        Error::Lost { address: self.address.clone(), doing: self.doing }
    }

    fn outcome<T>(&self, result: Result<io::Result<T>, tokio::time::error::Elapsed>) -> Result<T> {
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_)) => Err(self.lost()),
            Err(_) => Err(Error::Deadline {
                address: self.address.clone(),
                doing: self.doing,
                waited: self.patience,
            }),
        }
    }

    /// Gives the socket up to blocking reads, for what must be read before it may be closed.
    /// `None` when part of it has been read already, or the socket is broken.
    pub(super) fn into_blocking(self, patience: Duration) -> Option<std::net::TcpStream> {
        if !self.stream.buffer().is_empty() {
            return None;
        }
        let stream = self.stream.into_inner().into_std().ok()?;
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(patience)).ok()?;
        Some(stream)
    }
}

/// Connects to the first address of a host that accepts.
async fn connect(address: &Address, timeout: Duration, deadline: Instant) -> Result<TcpStream> {
    let no_server = |source| Error::NoServer { address: address.clone(), source };
    let resolved = within(deadline, resolve(address)).await.map_err(no_server)?;
    let connected = within(deadline, TcpStream::connect(&*resolved)).await;
    match connected.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Error::NotAccepted {
            address: address.clone(),
            waited: timeout,
            here: resolved.into_iter().filter(|at| is_of_this_machine(*at)).collect(),
            queue_full: false,
            holders: Vec::new(),
        }),
        connected => connected.map_err(no_server),
    }
}

async fn within<T>(deadline: Instant, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let done = timeout_at(deadline, work).await;
    done.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn resolve(Address { host, port }: &Address) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![(ip, *port).into()]);
    }
    let name = (host.clone(), *port);
    Ok(spawn_blocking(move || name.to_socket_addrs()).await??.collect())
}

/// Whether an address belongs to this machine: then the kernel would send from it, too. Nothing is sent.
fn is_of_this_machine(server: SocketAddr) -> bool {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(server)?;
        socket.local_addr()
    });
    own.is_ok_and(|own| is_one_machine(own, server))
}

fn is_one_machine(own: SocketAddr, server: SocketAddr) -> bool {
    own.ip() == server.ip() || server.ip().is_loopback()
}
