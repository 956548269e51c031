//! What is thought about a listing, without a server.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::inventory::{self, THRESHOLDS};
use crate::table::{Row, median};
use graphctl::judge;

const ROUNDS: usize = 3;

/// Verdicts and collisions of a million keys, beside those of a tenth: a cache holds less of the million, and
/// what were held against each other would take ten times as long.
pub(crate) fn judge(_: &Path) -> Vec<Row> {
    let time_of = |keys| {
        let inventory = inventory::of_keys(keys);
        let round = || {
            let begun = Instant::now();
            let cases = judge::judge(&inventory, &THRESHOLDS);
            let collisions = judge::collisions::among(&inventory, &cases);
            assert!(!collisions.is_empty(), "some keys are on two sessions");
            begun.elapsed()
        };
        median((0..ROUNDS).map(|_| round()).collect())
    };
    let (tenth, all): (Duration, _) = (time_of(100_000), time_of(1_000_000));
    vec![
        Row::within("judging 1,000,000 component keys", all, Duration::from_secs(1)),
        Row::nearly("the same", all, ("ten times 100,000", tenth * 10), 3.0),
    ]
}
