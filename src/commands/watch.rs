//! `graphctl sessions watch`

use std::time::Duration;

use tokio::sync::mpsc::{channel, unbounded_channel};
use tokio::time::timeout;

use crate::audit::Audit;
use crate::cli::{Leasing, Watch};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::metrics::Metrics;
use crate::options::{Options, Talk};
use crate::reap::Extent;
use crate::runtime::Interruption;
use crate::watch::lease::{Leases, Terms};
use crate::watch::link::{self, Link, News};
use crate::watch::live;
use crate::watch::watcher::{View, Watcher};
use crate::words::precise;
use crate::{console, runtime};

/// How long a drop that is under way may take to end after a signal.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

pub(super) fn run(args: Watch, options: &Options) -> Result<Exit> {
    let watching = async |interruption: Interruption| watch(args, options, interruption).await;
    runtime::run_to_end(watching, |interruption| {
        live::give_back_in_passing();
        exit(interruption)
    })
}

/// How a signal ends a watch. A service is ended by SIGTERM as a rule, so that is no failure.
fn exit(interruption: &Error) -> Exit {
    match interruption {
        Error::Terminated => Exit::Success,
        interruption => interruption.exit(),
    }
}

async fn watch(args: Watch, options: &Options, interruption: Interruption) -> Result<Exit> {
    if args.reap && !options.admin {
        return Err(Error::AdminOff { command: link::COMMAND });
    }
    let metrics = Metrics::open(&args.metrics, options)?;
    if metrics.take_standard_output() {
        return Err(Error::Usage {
            message:
                "watch prints events on standard output, and --prom-file - would mix in metrics"
                    .into(),
            hint: "name a file with --prom-file, or use `graphctl sessions list --prom-file -`"
                .into(),
        });
    }
    let recorded = args.audit.audit.as_deref();
    super::expect_distinct(&[("--audit", recorded), ("--prom-file", metrics.file())])?;
    let audit = Audit::open(&args.audit)?;
    let view = View::of(args.output, options)?;
    let (talk, mut options) = (options.talk, options.clone());
    if matches!(view, View::Live(_)) {
        // What is written beside the screen spoils it.
        options.talk = Talk::Quiet;
    }
    console::say_in_passing(options.talk, Talk::Normal, &what_is_done(&args, &options));
    let (requests, requested) = unbounded_channel();
    let (told, mut news) = channel(1);
    let extent = Extent { dry_run: args.dry_run, kill: false, free: false };
    let leases = args.reap.then(|| Leases::new(args.leasing.into(), args.interval));
    let mut watch = Watcher::new(
        &options,
        view,
        args.filters.into(),
        leases,
        requests,
        extent,
        (audit, metrics),
    );
    let link = Link::new(&options, args.interval, extent).run(requested, told);
    tokio::pin!(link);
    let ended = tokio::select! {
        ended = &mut link => return ended.map(|()| Exit::Success),
        ended = watch.go_on(&mut news) => ended,
        // Also while nobody reads what we write.
        interruption = interruption.received() => match exit(&interruption) {
            Exit::Success => Ok(Exit::Success),
            _ => Err(interruption),
        },
    };
    let last = async {
        while watch.drops() {
            let report = tokio::select! {
                _ = &mut link => return Ok(()),
                report = link::drop_ended(&mut news) => report,
            };
            let Some(report) = report else { return Ok(()) };
            watch.hear(News::Dropped(report)).await?;
        }
        Ok(())
    };
    timeout(LAST_PATIENCE, last).await.unwrap_or(Ok(()))?;
    let unsettled = watch.unsettled()?;
    let left_behind = watch.left_behind();
    // Gives the terminal back, where that was taken over.
    drop(watch);
    for words in unsettled.iter().chain(&left_behind) {
        console::say_in_passing(talk, Talk::Normal, words);
    }
    match ended {
        Ok(Exit::Success) if !unsettled.is_empty() => Ok(Exit::Partial),
        Err(error) if args.reap && error.is_broken_pipe() => {
            let note = "nobody reads the events any more: the reaping ends";
            console::say_in_passing(talk, Talk::Normal, note);
            Ok(Exit::Partial)
        }
        ended => ended,
    }
}

/// What is to be known of a watch that nobody looks at.
fn what_is_done(args: &Watch, options: &Options) -> String {
    let watching = format!("watching {} every {}", options.address, precise(args.interval));
    if !args.reap {
        return watching;
    }
    let goes = if args.dry_run { "would be dropped" } else { "is dropped" };
    format!("{watching}; what is condemned for {} {goes}", precise(args.leasing.lease))
}

impl From<Leasing> for Terms {
    fn from(typed: Leasing) -> Self {
        let Leasing { lease, include_suspect, spare_flowing } = typed;
        Self { lease, include_suspect, spare_flowing }
    }
}
