//! `graphctl sessions show`

use crate::cli::{Document, Show};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::Case;
use crate::look::Observer;
use crate::options::Options;
use crate::reap::Planner;
use crate::render::{explain, json};
use crate::select::by_id;

pub(super) async fn run(args: Show, options: &Options) -> Result<Exit> {
    let (_, look) = super::look(options, Observer::look_at_all).await?;
    let mut cases: Vec<&Case> = Vec::new();
    for id in &args.ids {
        let case = by_id(&look.inventory, &look.cases, id)?;
        if cases.iter().all(|shown| shown.id != case.id) {
            cases.push(case);
        }
    }
    console::print(|out| match args.output {
        Document::Table => {
            let planner = Planner::new(&look.inventory, &look.held);
            let text = |case: &&Case| {
                let explained = explain::case(&look, case, &planner, options.terminal);
                let stacks = args.stacks.then(|| explain::stacks_of(&look, case));
                explained + &stacks.unwrap_or_default()
            };
            let texts = cases.iter().map(text);
            write!(out, "{}", texts.collect::<Vec<_>>().join("\n"))
        }
        Document::Json => json::list(out, &look, &cases),
    })?;
    Ok(Exit::Success)
}
