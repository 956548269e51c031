//! The test lab: real GraphServers, real pipelines and real ways for them to die.
//!
//! Everything here runs stock ezmsg in a private virtual environment that the lab makes itself, and talks to it over
//! the loopback, or over a network of its own that can be cut. Nothing is mocked and nothing sleeps for luck: every
//! wait is for an event and has a deadline, and a deadline that passes panics with all the process had to say.
//!
//! Every process started here lives in a process group that the lab owns. It ends when its value is
//! dropped, or when the test dies in whatever way; only processes of such groups are ever signalled.
//!
//! ```ignore
//! let python = lab::ezmsg("3.9.0");
//! let server = lab::Server::start(&python);
//! let mut pipeline = lab::Pipeline::start(&server, &lab::Options::default());
//! pipeline.wait_event("running", lab::PATIENCE);
//! ```

#![expect(
    unreachable_pub,
    reason = "`pub` is what the tests may use; a test crate exports nothing"
)]

mod clients;
mod clock;
mod crowd;
mod family;
mod fleet;
mod healthy;
mod locks;
mod network;
mod phantoms;
mod pipeline;
mod process;
mod python;
mod rigs;
pub mod schemas;
mod server;
mod transcript;
mod vanished;

#[allow(unused_imports, reason = "each test uses its own part of the lab")]
pub use self::{
    clients::{Client, Odd, Witness},
    clock::{Clock, compile},
    crowd::Crowd,
    fleet::Fleet,
    healthy::{Healthy, Scene},
    locks::{
        Wedge, connect, half_sent, lock_for_a_second, open_session, own_address, read_id,
        stuff_process, sync,
    },
    network::{Network, Side},
    phantoms::{Phantom, launched_phantom, phantom, phantom_with, quiet_phantom},
    pipeline::{Fail, Opener, Options, Pipeline, Program, Runner, StartMethod},
    process::Process,
    python::{environment, environment_of, ezmsg, python_version},
    rigs::{Rig, Rigged, Shutdown, Work, Writer},
    server::{Server, free_address, greeted, session},
    vanished::{OrphanedPort, vanished_host},
};

use std::time::Duration;

/// How long to wait for something that ought to happen soon, on a slow and busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
