//! `graphctl sessions wait`

use std::time::Instant;

use super::{check, keys, waiting};
use crate::cli::{Document, Goal, Wait};
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::{collisions, liveness};
use crate::options::{Options, Talk};
use crate::render::json::{self, Hindrance};
use crate::render::status;
use crate::{console, words};

pub(super) async fn run(args: Wait, options: &Options) -> Result<Exit> {
    let wanted = keys::wanted(args.keys, "wait for").await?;
    let begun = Instant::now();
    match args.goal {
        Goal::Free => {
            let (seen, cases) = waiting::for_free(options, args.wait_timeout, &wanted).await?;
            let (took, collisions) = (begun.elapsed(), collisions::with(&seen, &wanted));
            let hindrance = Hindrance::Free(&collisions);
            console::print(|out| match args.output {
                Document::Table => {
                    write!(out, "{}", status::collisions(&seen, &cases, &collisions))
                }
                Document::Json => json::wait(out, &seen.server, &wanted, hindrance, took),
            })?;
            Ok(check::conclude(&collisions, options))
        }
        Goal::Live => {
            let look = waiting::for_live(options, args.wait_timeout, &wanted).await?;
            let (took, seen) = (begun.elapsed(), &look.inventory);
            let missing = liveness::missing(seen, &look.cases, &wanted);
            let hindrance = Hindrance::Live(&missing);
            console::print(|out| match args.output {
                Document::Table => write!(out, "{}", status::missing(&look, &missing)),
                Document::Json => json::wait(out, &seen.server, &wanted, hindrance, took),
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
