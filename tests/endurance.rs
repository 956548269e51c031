//! A day of watching: thousands of looks leave nothing in the server, and neither side grows. Alone in its
//! process, whose memory is measured.

#[path = "lab/mod.rs"]
#[allow(dead_code, reason = "each test uses its own part of the lab")]
mod lab;

use std::fs;
use std::time::{Duration, SystemTime};

use graphctl::look::Observer;
use graphctl::memory::Memory;
use graphctl::options::{Options, Talk, Terminal};
use graphctl::select::Filter;
use graphctl::watch::lease::{Leases, Terms};
use graphctl::watch::state::State;
use lab::{Phantom, Pipeline, Server, phantom};
use serde_json::{Value, json};

/// As many as a watch takes in three hours.
const LOOKS: u32 = 5000;

/// By then caches are filled.
const WARM: u32 = 3000;

/// What an allocator may need for its own order, in KiB.
const SLACK: u64 = 1024;

/// The memory of a process that is in use, in KiB.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.expect("the kernel tells it in KiB")
}

fn options(address: &str) -> Options {
    Options {
        address: address.parse().expect("an address"),
        timeout: Duration::from_secs(10),
        admin: true,
        start_timeout: Duration::from_secs(300),
        terminal: Terminal { width: None, color: false, screen: None, prompt_width: None },
        talk: Talk::Quiet,
    }
}

/// What the server holds of the pipeline and of the phantom, with nothing under way: neither what the phantom's end
/// leaves it to do, nor the end of a look.
fn at_rest() -> Value {
    json!({
        "clients": {
            "SessionInfo": 2, "ProcessInfo": 2, "PublisherInfo": 1, "SubscriberInfo": 1, "ChannelInfo": 2
        },
        "handlers": 8,
        "tasks": 16,
        "pings": 0,
        "locked": false,
        "waiters": 0,
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "a measurement tells what it measured")]
fn thousands_of_looks_leave_nothing_behind() {
    let mut server = Server::start(&lab::ezmsg("3.9.0"));
    let _healthy = Pipeline::running(&server, &lab::Options::two_processes());
    let _phantom = phantom(&server, Phantom::CleanupInterrupted, "PHANTOM");
    server.wait_state("rest", |state| *state == at_rest());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread can be built");
    let lease = Duration::from_secs(3600);
    let terms = Terms { lease, include_suspect: true, spare_flowing: false };
    let mut leases = Leases::new(terms, Duration::ZERO);
    let mut state = State::new(Filter::default());
    let own = std::process::id();
    let mut warm = (0, 0);
    runtime.block_on(async {
        let observer = Observer::open(&options(server.address())).await.expect("a session");
        let mut observer = observer.remembering(Memory::default());
        for number in 0..LOOKS {
            if number == WARM {
                warm = (memory(own), memory(server.pid()));
            }
            let look = observer.look().await.expect("a look");
            state.see(look, SystemTime::now());
            let look = state.look().expect("it was just taken");
            leases.look(&look.inventory, &state.selected(), look.taken);
        }
    });
    let (ours, its) = (memory(own), memory(server.pid()));
    println!(
        "{} looks after {WARM}: graphctl {} → {ours} KiB, server {} → {its} KiB",
        LOOKS - WARM,
        warm.0,
        warm.1
    );
    assert!(ours < warm.0 + SLACK, "graphctl grew from {} to {ours} KiB", warm.0);
    assert!(its < warm.1 + SLACK, "the server grew from {} to {its} KiB", warm.1);
    server.wait_state("rest again", |state| *state == at_rest());
}
