//! `graphctl sessions list`

use std::cmp::Reverse;

use crate::cli::{Filters, Format, List, Sort};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::Case;
use crate::look::{Look, Observer};
use crate::options::{Options, Talk};
use crate::render::{json, names, table};
use crate::select::Filter;

pub(super) async fn run(args: List, options: &Options) -> Result<Exit> {
    let look = Observer::open(options).await?.look().await?;
    let filter = Filter { graphctl: args.all, ..args.filters.into() };
    let mut cases = selected(&look, &filter);
    sort(&look, &mut cases, args.sort);
    console::print(|out| match args.output {
        Format::Table => write!(out, "{}", table::sessions(&look, &cases, options.terminal)),
        Format::Wide => write!(out, "{}", table::wide(&look, &cases, options.terminal)),
        Format::Json => json::list(out, &look, &cases),
        Format::Jsonl => json::list_lines(out, &look, &cases),
        Format::Name => write!(out, "{}", names(cases.iter().map(|case| case.id))),
    })?;
    if matches!(args.output, Format::Table | Format::Wide) {
        console::say(options.talk, Talk::Normal, &table::footer(&look, &cases));
    }
    Ok(if args.exit_code && !cases.is_empty() { Exit::Findings } else { Exit::Success })
}

/// The cases that a filter selects, in the order of the look.
pub(super) fn selected<'a>(look: &'a Look, filter: &Filter) -> Vec<&'a Case> {
    look.cases.iter().filter(|case| filter.selects(&look.inventory, case)).collect()
}

fn sort(look: &Look, cases: &mut [&Case], by: Sort) {
    match by {
        Sort::Age => cases.sort_by_key(|case| Reverse(case.age)),
        Sort::Idle => cases.sort_by_key(|case| Reverse(case.idle(&look.inventory))),
        Sort::State => cases.sort_by_key(|case| {
            let verdict = case.verdict;
            (!verdict.is_stale(), !verdict.is_suspect(), verdict.state())
        }),
        Sort::Component => cases
            .sort_by(|a, b| a.keys(&look.inventory).first().cmp(&b.keys(&look.inventory).first())),
    }
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
