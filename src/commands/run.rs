//! `graphctl run`, on Linux.

use super::reap::wait_for_proof;
use crate::cli::Run;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::reap::{self, Condemned, Extent, Target};
use crate::render::report;
use crate::run::{front, guard, guarded_for};
use crate::select::Filter;

const COMMAND: &str = "run --reap";

pub(super) fn run(args: &Run, options: &Options) -> Result<Exit> {
    match guarded_for() {
        Some(front) => guard(args, front, options, clear_the_way),
        None => front(args, options),
    }
}

/// Reaps as `sessions reap` without filters does. Where no server is, the pipeline will start its own.
async fn clear_the_way(options: &Options) -> Result<Vec<Target>> {
    let mut observer = match Observer::open(options).await {
        Err(error) if error.nobody_listens() => return Ok(Vec::new()),
        observer => observer?,
    };
    observer.admin(COMMAND)?;
    let look = observer.look().await?;
    let filter = Filter::default();
    let look = wait_for_proof(&mut observer, look, &filter, options.talk).await?;
    let cases = filter.selected(&look.inventory, &look.cases);
    let condemned: Vec<_> = cases.into_iter().filter_map(Condemned::proven).collect();
    if condemned.is_empty() {
        return Ok(Vec::new());
    }
    let extent = Extent { dry_run: false, kill: false, free: false };
    let done = reap::run(&mut observer, look, &condemned, extent, COMMAND).await?;
    console::say_in_passing(options.talk, Talk::Normal, &report::notes(&done));
    Ok(done.targets)
}
