//! `graphctl sessions wait`

use super::{check, keys, waiting};
use crate::cli::{Document, Goal, Wait};
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::liveness;
use crate::options::{Options, Talk};
use crate::render::{json, status};
use crate::{console, words};

pub(super) async fn run(args: Wait, options: &Options) -> Result<Exit> {
    let wanted = keys::wanted(args.keys, "wait for")?;
    match args.goal {
        Goal::Free => {
            let seen = waiting::for_free(options, args.wait_timeout, &wanted).await?;
            check::tell(&seen.0, &seen.1, &wanted, args.output, options)
        }
        Goal::Live => {
            let look = waiting::for_live(options, args.wait_timeout, &wanted).await?;
            let missing = liveness::missing(&look.inventory, &look.cases, &wanted);
            console::print(|out| match args.output {
                Document::Table => write!(out, "{}", status::missing(&look, &missing)),
                Document::Json => json::live(out, &look, &missing),
            })?;
            Ok(conclude(missing.len(), options))
        }
    }
}

fn conclude(missing: usize, options: &Options) -> Exit {
    if missing == 0 {
        console::say(options.talk, Talk::Normal, "live");
        return Exit::Success;
    }
    let missing = words::count(missing, "key is", "keys are");
    console::say(options.talk, Talk::Normal, &format!("{missing} not live"));
    Exit::Findings
}
