//! `graphctl server status`

use crate::cli::Document;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::render::{json, lock, status};

pub(super) async fn run(output: Document, options: &Options) -> Result<Exit> {
    let (mut observer, inventory) = super::look(options, Observer::inventory).await?;
    console::print(|out| match output {
        Document::Table => write!(out, "{}", status::server(&inventory, options.terminal)),
        Document::Json => json::status(out, &inventory),
    })?;
    if inventory.server.process.is_some_and(|server| server.lock_held) {
        let note = lock::held(&observer.look().await?);
        console::say(options.talk, Talk::Normal, &note.unwrap_or_default());
    }
    Ok(Exit::Success)
}
