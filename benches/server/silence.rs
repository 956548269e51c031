//! Processes that do not answer are waited for together.

use std::path::Path;
use std::time::Duration;

use crate::lab::{Crowd, Server};
use crate::programs::{graphctl, time_of};
use crate::table::{Row, median};

const ROUNDS: usize = 3;

/// One ping timeout of 1 s, and a tenth of that.
const REACH: Duration = Duration::from_millis(1100);

pub(crate) fn unanswering(python: &Path) -> Vec<Row> {
    let row = |processes| {
        let server = Server::start(python);
        let _crowd = Crowd::unanswering(&server, processes);
        let list = || time_of(graphctl(server.address(), &["sessions", "list"]));
        let took = median((0..ROUNDS).map(|_| list()).collect());
        Row::within(
            format!("`sessions list`, processes that do not answer: {processes}"),
            took,
            REACH,
        )
    };
    [1, 100, 500].into_iter().map(row).collect()
}
