//! What many tests do on a real server.

use std::time::Duration;

use crate::lab::{self, Network, Options, Pipeline, Process, Server};
use crate::run::{Run, graphctl, graphctl_until};

pub(crate) fn server() -> Server {
    Server::start(&lab::ezmsg("3.9.0"))
}

/// Looks until the one session or leftover with component keys is judged so: the server may need a
/// moment to notice what has just died.
#[track_caller]
pub(crate) fn wait_until_judged(server: &Server, verdict: &str) {
    let listing = ["sessions", "list", "--component", "SYSTEM*"];
    let is_judged = |run: &Run| {
        let mut rows = run.stdout.lines().skip(1).peekable();
        rows.peek().is_some() && rows.all(|row| row.contains(verdict))
    };
    let run = graphctl_until(server.address(), &listing, is_judged);
    assert!(is_judged(&run), "not judged {verdict}: {run:#?}");
}

/// Launches the same pipeline again and expects its own messages, and no others, to flow.
pub(crate) fn relaunch(server: &Server) {
    let pipeline = Pipeline::running(server, &Options::two_processes());
    assert_full_rate(&pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
}

pub(crate) fn reap(server: &Server, arguments: &[&str]) -> Run {
    graphctl(server.address(), &[&["sessions", "reap"], arguments].concat())
}

/// A pipeline that stays in `initialize` until it is told to go on.
pub(crate) fn starting(server: &Server, options: Options) -> Pipeline {
    let slow = Options { slow_initialize: Duration::from_secs(3600), ..options };
    let pipeline = Pipeline::start(server, &slow);
    pipeline.unit_pid("PUB");
    pipeline
}

/// Expects 200 messages a second, or more: whoever was held up for a moment catches up.
#[track_caller]
pub(crate) fn assert_full_rate(client: &Process) {
    let rate = client.rate_over(Duration::from_secs(1));
    assert!(rate > 160.0, "it was to be 200 messages a second: {rate}");
}

/// A network; where there can be none, the test tells why, and has nothing to do.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn network() -> Option<Network> {
    Network::try_new().map_err(|why| eprintln!("skipped: {why}")).ok()
}
