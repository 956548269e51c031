//! `graphctl sessions drop`

use super::dropping;
use crate::cli::Drop;
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::Case;
use crate::look::{Look, Observer};
use crate::options::Options;
use crate::reap::{Condemned, Outcome, Target, Warrant};
use crate::render::FULL_ID;
use crate::select::by_id;

const COMMAND: &str = "drop";

pub(super) async fn run(args: Drop, options: &Options) -> Result<Exit> {
    let mut observer = Observer::open(options).await?;
    observer.admin(COMMAND)?;
    let look = observer.look().await?;
    let mut condemned: Vec<Condemned> = Vec::new();
    let mut refused = Vec::new();
    for typed in &args.ids {
        let case = by_id(&look.inventory, &look.cases, typed)?;
        if condemned.iter().any(|it| it.id == case.id) {
            continue;
        }
        match warrant(&look, case, args.force && typed.len() == FULL_ID) {
            Ok(warrant) => condemned.push(Condemned { id: case.id, warrant }),
            Err(why) => refused.push(Target::ended(&look.inventory, case, Outcome::Refused, why)),
        }
    }
    dropping::run(observer, look, condemned, refused, &args.dropping, options, COMMAND).await
}

fn warrant(look: &Look, case: &Case, forced: bool) -> Result<Warrant, String> {
    if case.session(&look.inventory).is_some_and(|session| session.graphctl) {
        return Err("it belongs to graphctl, and ends with it".into());
    }
    match Warrant::of(case.verdict) {
        _ if forced => Ok(Warrant::Force),
        Some(proof @ Warrant::Proof(_)) => Ok(proof),
        _ => Err(format!(
            "it is {}, not proven dead ({}); to drop it all the same, give --force and the full id",
            case.verdict,
            case.evidence.join("; ")
        )),
    }
}
