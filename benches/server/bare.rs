//! The least that anybody can do who wants a listing: send the request, read the reply to its end.

use std::io::{BufReader, Read as _, Write as _};
use std::time::Duration;

use graphctl::admin::{Ask, Request};

use crate::lab;

/// The argument after which the benchmark is this program, followed by the server's address.
pub(crate) const ARGUMENT: &str = "bare";

const SESSION: u8 = 0x15;

/// The byte before each frame of the reply; the server's own COMPLETE comes between them.
const TAG: u8 = 0xe5;

/// How the last frame ends.
const END: &[u8] = br#"{"end":[null]}]"#;

/// As long as graphctl gives the processes for an answer.
const PING: Duration = Duration::from_secs(1);

/// Prints how many bytes the reply has.
pub(crate) fn run(address: &str) {
    let mut stream = lab::greeted(address);
    stream.set_nodelay(true).expect("an option can be set");
    stream.write_all(&[SESSION]).expect("the server takes an opcode");
    let id = lab::read_id(&mut stream).parse().expect("an id is a UUID");
    stream.read_exact(&mut [0]).expect("the server has opened a session");
    stream
        .write_all(&Request::List(Ask::Ping(PING)).message(id))
        .expect("the server takes a request");
    let mut reply = BufReader::with_capacity(64 * 1024, stream);
    let (mut bytes, mut frame) = (0, Vec::new());
    while !frame.ends_with(END) {
        let (mut tag, mut length) = ([0], [0; 8]);
        reply.read_exact(&mut tag).expect("the server answers");
        bytes += 1;
        if tag == [TAG] {
            reply.read_exact(&mut length).expect("a frame has a length");
            let length = usize::try_from(u64::from_le_bytes(length)).expect("it fits in memory");
            frame.resize(length, 0);
            reply.read_exact(&mut frame).expect("a frame comes whole");
            bytes += 8 + length;
        }
    }
    println!("{bytes}");
}
