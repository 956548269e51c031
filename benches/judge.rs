//! What is thought about a listing, at sizes that grow tenfold: it ought to grow no faster than they do.
//!
//! `cargo bench --bench judge`

#[path = "server/inventory.rs"]
mod inventory;

use divan::Bencher;
use divan::counter::ItemsCount;
use graphctl::judge;
use inventory::THRESHOLDS;

const KEYS: [usize; 3] = [10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// Verdicts of all sessions.
#[divan::bench(args = KEYS, sample_count = 10)]
fn verdicts(bencher: Bencher<'_, '_>, keys: usize) {
    let inventory = inventory::of_keys(keys);
    bencher.counter(ItemsCount::new(keys)).bench_local(|| judge::judge(&inventory, &THRESHOLDS));
}

/// Keys, units and topics that are in each other's way.
#[divan::bench(args = KEYS, sample_count = 10)]
fn collisions(bencher: Bencher<'_, '_>, keys: usize) {
    let inventory = inventory::of_keys(keys);
    let cases = judge::judge(&inventory, &THRESHOLDS);
    bencher
        .counter(ItemsCount::new(keys))
        .bench_local(|| judge::collisions::among(&inventory, &cases));
}
