//! `graphctl sessions list`

use crate::cli::{Filters, Format, List};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::github::Github;
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::render::{github as note, json, names, table};
use crate::select::{Filter, sort};

pub(super) async fn run(args: List, options: &Options) -> Result<Exit> {
    let metrics = super::metrics(&args.metrics, args.output, options)?;
    let github = Github::open(&args.github)?;
    let summary = ("GITHUB_STEP_SUMMARY", github.file());
    super::expect_distinct(&[("--prom-file", metrics.file()), summary])?;
    let (_, look) = metrics.unless_seen(super::look(options, Observer::look).await)?;
    let filter = Filter { graphctl: args.all, ..args.filters.into() };
    let mut cases = filter.selected(&look.inventory, &look.cases);
    sort(&look.inventory, &mut cases, args.sort);
    let printed = console::print(|out| match args.output {
        _ if metrics.take_standard_output() => Ok(()),
        Format::Table => write!(out, "{}", table::sessions(&look, &cases, options.terminal)),
        Format::Wide => write!(out, "{}", table::wide(&look, &cases, options.terminal)),
        Format::Json => json::list(out, &look, &cases),
        Format::Jsonl => json::list_lines(out, &look, &cases),
        Format::Name => write!(out, "{}", names(cases.iter().map(|case| case.id))),
    });
    if matches!(args.output, Format::Table | Format::Wide) {
        console::say(options.talk, Talk::Normal, &table::footer(&look, &cases));
    }
    let measured = metrics.tell(Some(&look), 0);
    let told = github.tell(|| note::listing(&look, &cases));
    printed?;
    let finds = args.exit_code && !cases.is_empty();
    super::found(if finds { Exit::Findings } else { Exit::Success }, measured.and(told))
}

impl From<Filters> for Filter {
    fn from(typed: Filters) -> Self {
        Self {
            older_than: typed.older_than,
            idle_for: typed.idle_for,
            components: typed.component,
            colliding_with: typed.colliding_with,
            states: typed.state,
            hosts: typed.host,
            pids: typed.pid,
            exclude: typed.exclude,
            graphctl: false,
        }
    }
}
