//! Hosts and servers that are gone, and do not look it.

use std::path::Path;

use super::PATIENCE;
use super::network::Network;
use super::pipeline::{Options, Pipeline, Runner};
use super::server::Server;

/// A pipeline `name` that is killed when nobody can hear it any more, as if its host had vanished: half-open
/// connections, on which the server sees neither FIN nor RST. The network is cut from now on.
pub fn vanished_host(network: &Network, server: &Server, name: &str) {
    let two = Options { name: name.to_owned(), ..Options::two_processes() };
    let pipeline = Pipeline::start_in(network, server, &two);
    pipeline.wait_event("running", PATIENCE);
    network.cut();
}

/// The port of a server that ezmsg had started in the main process of a pipeline, which was killed.
///
/// Its backends inherited the listening socket: the port accepts, and nobody will ever greet.
pub struct OrphanedPort {
    address: String,
    pipeline: Pipeline,
}

impl OrphanedPort {
    /// Makes one; the backends live until it is dropped.
    pub fn of(python: &Path) -> Self {
        let two = Options { runner: Runner::Start, ..Options::two_processes() };
        let pipeline = Pipeline::with_own_server(python, &two);
        let address = pipeline.own_address();
        pipeline.wait_event("running", PATIENCE);
        pipeline.signal("KILL");
        pipeline.wait_gone(pipeline.pid(), PATIENCE);
        Self { address, pipeline }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The processes that hold it open.
    pub fn holders(&self) -> Vec<u32> {
        self.pipeline.pids()
    }
}
