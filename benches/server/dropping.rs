//! How long a drop takes, beside the only thing that a client can do by itself: to hang up. Then the server
//! cleans up after each session edge by edge, and searches its whole graph for each.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use graphctl::look::Observer;
use graphctl::options::{Options, Talk, Terminal};
use graphctl::reap::Warrant;
use graphctl::reap::plan::Planner;
use uuid::Uuid;

use crate::Stage;
use crate::lab::Server;
use crate::probe::longest_freeze;
use crate::programs::{graphctl, time_of};
use crate::table::{Row, median};

const ROUNDS: usize = 3;

/// The start timeout, and how long the benchmark waits so that every session is `suspect never-started`.
const START_TIMEOUT: &str = "1s";
const STARTED_IN_VAIN: Duration = Duration::from_millis(1100);

/// Reaps 99 of 100 sessions. Its dry run takes both looks and drops nothing: the difference is the rest.
pub(crate) fn reap(python: &Path) -> Vec<Row> {
    let (mut rest, mut freezes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut stage = Stage::of(Server::start(python), 100, 50);
        let address = stage.address().to_owned();
        thread::sleep(STARTED_IN_VAIN);
        let reap = |last: &[&str]| {
            let first =
                ["sessions", "reap", "-y", "--include-suspect", "--exclude", "PIPELINE_00000"];
            let mut command = graphctl(&address, &[&first, last].concat());
            command.env("GRAPHCTL_START_TIMEOUT", START_TIMEOUT);
            let mut took = Duration::ZERO;
            let freeze = longest_freeze(&address, || took = time_of(command));
            (took, freeze)
        };
        let (looks, _) = reap(&["--dry-run"]);
        let (all, freeze) = reap(&[]);
        rest.push(all.saturating_sub(looks));
        freezes.push(freeze);
        stage.wait_until_left(1);
    }
    let (aborts, abort_freeze) = hang_up(Stage::of(Server::start(python), 100, 50), 99);
    let (rest, freeze) = (median(rest), median(freezes));
    let what = "`reap` of 99 of 100×50, after its second look";
    vec![
        Row::within(what, rest, Duration::from_millis(150)),
        Row::faster("the same", rest, ("plain aborts", aborts), 200.0),
        Row::within("longest freeze of the server by that", freeze, Duration::from_millis(10))
            .beside("plain aborts", abort_freeze),
    ]
}

/// Drops one session of 1000: the drop alone, from its request to the server's proof that all is gone.
pub(crate) fn drop_one(python: &Path) -> Vec<Row> {
    let stage = Stage::of(Server::start(python), 1000, 50);
    let (mut drops, mut freezes, mut processes) = (Vec::new(), Vec::new(), Vec::new());
    for pair in stage.crowd.ids().rchunks(2).take(ROUNDS) {
        drops.push(time_of_drop(stage.address(), &pair[0]));
        let command = graphctl(stage.address(), &["sessions", "drop", "-y", "--force", &pair[1]]);
        let mut took = Duration::ZERO;
        freezes.push(longest_freeze(stage.address(), || took = time_of(command)));
        processes.push(took);
    }
    let (abort, abort_freeze) = hang_up(stage, 1);
    vec![
        Row::faster("drop of 1 of 1000×50", median(drops), ("plain abort", abort), 1000.0),
        Row::told("the same, whole process with a look before and after it", median(processes)),
        Row::told("longest freeze of the server by that", median(freezes))
            .beside("plain abort", abort_freeze),
    ]
}

fn time_of_drop(address: &str, id: &str) -> Duration {
    let options = Options {
        address: address.parse().expect("the lab's address"),
        timeout: Duration::from_secs(60),
        admin: true,
        start_timeout: Duration::from_secs(300),
        terminal: Terminal { width: None, color: false, screen: None, prompt_width: None },
        talk: Talk::Quiet,
    };
    let id: Uuid = id.parse().expect("an id is a UUID");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread can be built").block_on(async {
        let mut observer = Observer::open(&options).await.expect("the server greets");
        let look = observer.look().await.expect("the server is listed");
        let case = look.cases.iter().find(|case| case.id == id).expect("it is there");
        let plan = Planner::new(&look.inventory, &look.held)
            .plan(case, Warrant::Force)
            .expect("it may go");
        let channel = observer.admin("drop").expect("the admin channel is on");
        let begun = Instant::now();
        channel.drop_targets(&[plan]).await.expect("it is dropped");
        begun.elapsed()
    })
}

/// Closes the connections of the first sessions; how long the server takes to clean up, and its longest freeze.
fn hang_up(mut stage: Stage, sessions: u16) -> (Duration, Duration) {
    let left = stage.sessions() - u64::from(sessions);
    let address = stage.address().to_owned();
    let mut took = Duration::ZERO;
    let freeze = longest_freeze(&address, || {
        let begun = Instant::now();
        stage.crowd.close(sessions.into());
        // The session of the probe itself is there too.
        stage.wait_until_left(left + 1);
        took = begun.elapsed();
    });
    (took, freeze)
}
