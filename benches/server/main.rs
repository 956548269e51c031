//! graphctl on real GraphServers, beside what else there is to do the same with: a table in Markdown.
//!
//! `cargo bench --bench server` needs Rust, Linux, and python3 (3.10 or newer), and takes some minutes; names of
//! scenes after `--` leave out the others. Everything it starts ends with it, also on Ctrl-C.

#![allow(clippy::print_stdout, reason = "a benchmark tells what it measured")]

#[path = "../../tests/lab/mod.rs"]
#[allow(dead_code, reason = "the benchmark uses its own part of the lab")]
mod lab;

mod bare;
mod dropping;
mod inventory;
mod listing;
mod machine;
mod probe;
mod programs;
mod pure;
mod silence;
mod table;

use std::env;
use std::path::Path;
use std::thread;
use std::time::Duration;

use lab::{Crowd, Server};
use table::Row;

/// Measures something with the ezmsg of this python.
type Scene = fn(&Path) -> Vec<Row>;

const SCENES: &[(&str, Scene)] = &[
    ("list", listing::beside_others),
    ("large", listing::large),
    ("pipeline", listing::in_a_pipeline),
    ("history", listing::history),
    ("silence", silence::unanswering),
    ("reap", dropping::reap),
    ("drop", dropping::drop_one),
    ("judge", pure::judge),
];

fn main() {
    let arguments: Vec<_> = env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [first, address] = &*arguments
        && first == bare::ARGUMENT
    {
        return bare::run(address);
    }
    machine::allow_many_files();
    let python = lab::ezmsg(machine::EZMSG);
    println!("{}\n", machine::size(&python));
    table::print_head();
    for (name, scene) in SCENES {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            scene(&python).iter().for_each(Row::print);
        }
    }
}

/// A server with so many sessions of so many components; dropping it ends them.
struct Stage {
    server: Server,
    crowd: Crowd,
}

impl Stage {
    fn of(mut server: Server, sessions: usize, components: usize) -> Self {
        let crowd = Crowd::start(&mut server, sessions, components);
        Self { server, crowd }
    }

    fn address(&self) -> &str {
        self.server.address()
    }

    /// How many sessions the server has.
    fn sessions(&mut self) -> u64 {
        self.server.state()["clients"]["SessionInfo"].as_u64().expect("a number")
    }

    /// Waits until the server has no more sessions than that, without a limit: a plain abort may take minutes.
    fn wait_until_left(&mut self, sessions: u64) {
        while self.sessions() > sessions {
            // It tells when it is asked, not when something changes.
            thread::sleep(Duration::from_millis(5));
        }
    }
}
