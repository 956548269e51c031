//! A proxy before a real server that keeps what both sides say.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::PATIENCE;

/// Forwards connections to a server as long as it lives, and keeps every byte.
pub(crate) struct Wiretap {
    address: String,
    taps: Arc<Mutex<Vec<Tap>>>,
}

/// One connection.
#[derive(Clone, Default)]
struct Tap {
    heard: Kept,
    said: Kept,
}

/// What went one way.
type Kept = Arc<Mutex<Vec<u8>>>;

impl Wiretap {
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let taps = Arc::<Mutex<Vec<Tap>>>::default();
        let (server, kept) = (server.to_owned(), taps.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).expect("the server accepts");
                let tap = Tap::default();
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(tap.clone());
                let (from_server, to_client) = (clone(&server), clone(&client));
                thread::spawn(move || forward(from_server, to_client, &tap.said));
                thread::spawn(move || forward(client, server, &tap.heard));
            }
        });
        Self { address, taps }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until a client has sent this.
    pub(crate) fn wait_heard(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.heard().contains(text) {
            assert!(Instant::now() < deadline, "waited in vain for {text}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything so far that clients sent, as text.
    pub(crate) fn heard(&self) -> String {
        let heard: Vec<_> = self.taps().iter().flat_map(|tap| kept(&tap.heard)).collect();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// What the server has sent so far, by connection.
    pub(crate) fn said(&self) -> Vec<Vec<u8>> {
        self.taps().iter().map(|tap| kept(&tap.said)).collect()
    }

    fn taps(&self) -> Vec<Tap> {
        self.taps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn kept(kept: &Kept) -> Vec<u8> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be shared")
}

fn forward(mut from: TcpStream, mut to: TcpStream, kept: &Kept) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend(&bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
