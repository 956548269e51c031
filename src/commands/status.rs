//! `graphctl server status`

use crate::cli::Document;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::look::Observer;
use crate::options::Options;
use crate::render::{json, status};

pub(super) async fn run(output: Document, options: &Options) -> Result<Exit> {
    let inventory = Observer::open(options).await?.inventory().await?;
    console::print(&match output {
        Document::Table => status::server(&inventory, options.terminal),
        Document::Json => json::status(&inventory),
    })?;
    Ok(Exit::Success)
}
