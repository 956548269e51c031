//! A proxy before a real server that holds requests of graphctl back, until the test has changed the world.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::lab::PATIENCE;

/// Registers metadata on a session: every request to the admin program is one, its length and its bytes after it.
const SESSION_REGISTER: u8 = 0x19;

/// What graphctl is held before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before {
    /// The second listing: what changes now, the second look sees.
    SecondLook,
    /// The drop: what changes now, only the server itself can see.
    Blow,
    /// The last listing: what is gone by now, the report does not hold against anybody.
    Report,
}

impl Before {
    /// The operation, and the how manieth such request it is.
    const fn request(self) -> (&'static str, u32) {
        match self {
            Self::SecondLook => ("list", 2),
            Self::Blow => ("drop", 1),
            Self::Report => ("list", 3),
        }
    }
}

/// Forwards one connection to a server; everything passes but the requests of some moments.
pub(crate) struct Gate {
    address: String,
    held: Receiver<()>,
    open: Sender<()>,
}

impl Gate {
    pub(crate) fn before(server: &str, moments: &[Before]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let (tell, held) = mpsc::channel();
        let (open, told) = mpsc::channel();
        let (server, moments) = (server.to_owned(), moments.to_vec());
        thread::spawn(move || {
            let (client, _) = listener.accept().expect("graphctl comes");
            let server = TcpStream::connect(server).expect("the server accepts");
            let (from_server, to_client) = (clone(&server), clone(&client));
            thread::spawn(move || {
                // Each end of the connection is passed on, however it came.
                let _ = io::copy(&mut &from_server, &mut &to_client);
                let _ = to_client.shutdown(Shutdown::Write);
            });
            let _ = forward(client, &server, &moments, &tell, &told);
            let _ = server.shutdown(Shutdown::Write);
        });
        Self { address, held, open }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the request is there, and has not passed.
    pub(crate) fn held(&self) {
        self.held.recv_timeout(PATIENCE).expect("graphctl comes to the gate");
    }

    /// Lets it pass.
    pub(crate) fn open(&self) {
        self.open.send(()).expect("graphctl is at the gate");
    }
}

/// As a request names its operation, in JSON in the clear.
fn named(operation: &str) -> String {
    format!(r#""operation":"{operation}""#)
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be shared")
}

fn forward(
    mut client: TcpStream,
    mut server: &TcpStream,
    moments: &[Before],
    tell: &Sender<()>,
    told: &Receiver<()>,
) -> io::Result<()> {
    let mut seen = HashMap::new();
    loop {
        let request = read_request(&mut client)?;
        let text = String::from_utf8_lossy(&request);
        let operation = ["list", "drop"].into_iter().find(|it| text.contains(&named(it)));
        if let Some(operation) = operation {
            let number = seen.entry(operation).or_insert(0);
            *number += 1;
            if moments.iter().any(|moment| moment.request() == (operation, *number)) {
                tell.send(()).expect("the test is there");
                // Nothing passes any more if the gate is given up.
                told.recv_timeout(PATIENCE).map_err(io::Error::other)?;
            }
        }
        server.write_all(&request)?;
    }
}

/// The next opcode, with all that belongs to it.
fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = vec![0];
    client.read_exact(&mut request)?;
    if request == [SESSION_REGISTER] {
        let mut length = [0; 8];
        client.read_exact(&mut length)?;
        request.extend(length);
        let length = u64::from_le_bytes(length);
        if client.take(length).read_to_end(&mut request)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}
