//! A proxy before a real server that keeps what the client sends.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Forwards connections to a server as long as it lives, and keeps every byte towards it.
pub(crate) struct Wiretap {
    address: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Wiretap {
    pub(crate) fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let (server, kept) = (server.to_owned(), heard.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).expect("the server accepts");
                let (from_server, to_client) = (clone(&server), clone(&client));
                thread::spawn(move || io::copy(&mut &from_server, &mut &to_client));
                let kept = kept.clone();
                thread::spawn(move || forward(client, server, &kept));
            }
        });
        Self { address, heard }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Everything so far that clients sent, as text.
    pub(crate) fn heard(&self) -> String {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be shared")
}

fn forward(mut client: TcpStream, mut server: TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend(&bytes[..count]);
        if server.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}
