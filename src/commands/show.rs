//! `graphctl sessions show`

use super::list::drop_takes;
use crate::cli::{Document, Show};
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::look::Observer;
use crate::options::Options;
use crate::render::{explain, json};
use crate::select::by_id;

pub(super) async fn run(args: Show, options: &Options) -> Result<Exit> {
    let look = Observer::open(options).await?.look().await?;
    let cases = args
        .ids
        .iter()
        .map(|id| by_id(&look.inventory, &look.cases, id))
        .collect::<Result<Vec<_>>>()?;
    console::print(&match args.output {
        Document::Table => {
            let texts = cases
                .iter()
                .map(|case| explain::case(&look, case, drop_takes(&look, case), options.terminal));
            texts.collect::<Vec<_>>().join("\n")
        }
        Document::Json => json::list(&look, &cases, &|case| drop_takes(&look, case)),
    })?;
    Ok(Exit::Success)
}
