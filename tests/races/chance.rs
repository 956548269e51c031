//! Random moments that can be had again.

use std::time::Duration;

/// Names the seed of a run that failed, to have its moments again.
const SEED_VARIABLE: &str = "GRAPHCTL_TEST_SEED";

/// A source of moments; the seed is told, and shown if the test fails.
#[expect(clippy::print_stdout, reason = "a test that fails tells what it takes to repeat it")]
pub(crate) fn chance() -> fastrand::Rng {
    let named = std::env::var(SEED_VARIABLE).ok();
    let seed = named.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("{SEED_VARIABLE}={seed}");
    fastrand::Rng::with_seed(seed)
}

/// A moment of that span.
pub(crate) fn moment(chance: &mut fastrand::Rng, span: Duration) -> Duration {
    span.mul_f64(chance.f64())
}
