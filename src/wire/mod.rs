//! The GraphServer's protocol: bytes in, bytes out, and the only sockets of the crate.
//!
//! [`codec`] and [`pickle`] are pure; [`connection`] owns the socket and puts a deadline on every wait;
//! [`session`] is the conversation of one session. Nothing here knows what an answer means.
//!
//! Source of every protocol fact: `ezmsg/core/netprotocol.py` and `graphserver.py` of ezmsg 3.9.0.

pub mod codec;
pub mod connection;
pub mod pickle;
pub mod session;

pub use session::Session;
