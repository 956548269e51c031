//! How long a listing takes, and what others feel of it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::Stage;
use crate::lab::{Crowd, Server};
use crate::probe::longest_freeze;
use crate::programs::{bare, list, output_of, peak_memory_of, snapshot, time_of};
use crate::table::{Row, median};

const ROUNDS: usize = 5;

const MIB: u64 = 1 << 20;

/// Sessions, components of each, and how many times as fast as a Python script.
const SIZES: [(usize, usize, f64); 3] = [(1, 10, 40.0), (100, 50, 80.0), (1000, 50, 150.0)];

/// Against a Python script and a bare program; at the largest size also what it costs the server, and in memory.
pub(crate) fn beside_others(python: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for (sessions, components, reach) in SIZES {
        let stage = Stage::of(Server::start(python), sessions, components);
        let address = stage.address();
        let (mut ours, mut script, mut least) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(time_of(list(address)));
            script.push(time_of(snapshot(python, address)));
            least.push(time_of(bare(address)));
        }
        let (ours, script, least) = (median(ours), median(script), median(least));
        let size = format!("{sessions}×{components}");
        let what = format!("`sessions list -o json`, {size}");
        rows.push(Row::faster(&what, ours, ("Python script", script), reach));
        rows.push(Row::nearly(&what, ours, ("request and reply only", least), 1.5));
        if sessions == 1000 {
            rows.push(freeze(address, &size, 5));
            let peaks = (0..ROUNDS).map(|_| peak_memory_of(list(address))).collect();
            rows.push(Row::bytes(
                format!("peak memory of `list`, {size}"),
                median(peaks),
                12 * MIB,
            ));
        }
    }
    rows
}

/// Many small sessions.
pub(crate) fn large(python: &Path) -> Vec<Row> {
    let stage = Stage::of(Server::start(python), 5000, 20);
    vec![freeze(stage.address(), "5000×20", 10)]
}

/// What a pipeline feels whose server lives in its own process.
pub(crate) fn in_a_pipeline(python: &Path) -> Vec<Row> {
    let mut stage = Stage::of(Server::start_busy(python), 1000, 50);
    let (mut idle, mut listing) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        stage.server.longest_pause();
        let took = time_of(list(stage.address()));
        listing.push(stage.server.longest_pause());
        thread::sleep(took);
        idle.push(stage.server.longest_pause());
    }
    let what = "longest pause of the main thread beside its server, 1000×50";
    let row = Row::within(what, median(listing), Duration::from_millis(15));
    vec![row.beside("idle", median(idle))]
}

/// With full histories of settings and topology events: of one process, and of as many as they hold.
pub(crate) fn history(python: &Path) -> Vec<Row> {
    const EVENTS: usize = 10_000;
    let server = Server::start(python);
    let mut crowd = Crowd::unanswering(&server, 1);
    crowd.report(EVENTS);
    let large = freeze_and_reply(server.address(), "10,000 settings of 1000 floats");
    // A collection and its unit, and the coming and the going of a process: two events each.
    let mut many = Stage::of(Server::start(python), 1, 2);
    many.crowd.visitors(EVENTS / 2);
    many.wait_until_left(1);
    let many = freeze_and_reply(many.address(), "5000 pipelines that came and left");
    large.into_iter().chain(many).collect()
}

fn freeze_and_reply(address: &str, past: &str) -> [Row; 2] {
    let reply = output_of(bare(address)).trim().parse().expect("it counts bytes");
    [freeze(address, past, 5), Row::bytes(format!("reply to `list`, {past}"), reply, MIB)]
}

/// How long others have to wait for the server while it is listed.
fn freeze(address: &str, size: &str, reach_ms: u64) -> Row {
    let (mut idle, mut listing) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut took = Duration::ZERO;
        listing.push(longest_freeze(address, || took = time_of(list(address))));
        idle.push(longest_freeze(address, || thread::sleep(took)));
    }
    let what = format!("longest freeze of the server by `list`, {size}");
    let row = Row::within(what, median(listing), Duration::from_millis(reach_ms));
    row.beside("idle", median(idle))
}
