//! `graphctl sessions drop`

use uuid::Uuid;

use super::dropping::{self, Sentence};
use crate::audit::Audit;
use crate::cli::{Drop, Dropping};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::github::Github;
use crate::judge::Case;
use crate::look::Look;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::reap::{Condemned, Outcome, Target, Warrant};
use crate::render::lock;
use crate::select::by_id;

const COMMAND: &str = "drop";

pub(super) async fn run(args: Drop, options: &Options) -> Result<Exit> {
    let github = Github::open(&args.github)?;
    let recorded = args.dropping.audit.audit.as_deref();
    super::expect_distinct(&[("--audit", recorded), ("GITHUB_STEP_SUMMARY", github.file())])?;
    let audit = Audit::open(&args.dropping.audit)?;
    let Dropping { yes, dry_run, .. } = args.dropping;
    let consented = yes || dry_run || options.terminal.prompt_width.is_some();
    let (observer, look) = dropping::look(options, COMMAND).await?;
    let mut condemned: Vec<Condemned> = Vec::new();
    let mut settled = Vec::new();
    for typed in &args.ids {
        let full = Uuid::try_parse(typed).ok();
        let case = match (by_id(&look.inventory, &look.cases, typed), full) {
            (Err(Error::UnknownId { .. }), Some(id)) => {
                settled.push(Target::gone(id));
                continue;
            }
            (case, _) => case?,
        };
        if condemned.iter().any(|it| it.id == case.id) {
            continue;
        }
        let forced = args.force && full == Some(case.id);
        match warrant(&look, case, forced, consented) {
            Ok(warrant) => condemned.push(Condemned {
                id: case.id,
                warrant,
                spare_flowing: false,
                messages: None,
            }),
            Err(why) => settled.push(Target::ended(&look.inventory, case, Outcome::Refused, why)),
        }
    }
    if !consented && condemned.iter().any(|it| it.warrant == Warrant::Force) {
        settled.extend(condemned.drain(..).filter_map(|it| refusal(&look, &it)));
    }
    let sentence = Sentence {
        look,
        condemned,
        settled,
        free: false,
        audit,
        github,
        metrics: Metrics::default(),
    };
    dropping::run(observer, sentence, &args.dropping, options, COMMAND).await
}

/// The warrant for dropping a case, or why there is none. `consented`: `-y` or a dry run, or a person is going to be asked.
fn warrant(look: &Look, case: &Case, forced: bool, consented: bool) -> Result<Warrant, String> {
    if case.session(&look.inventory).is_some_and(|session| session.graphctl) {
        return Err("it belongs to graphctl, and ends with it".into());
    }
    match Warrant::of_case(case) {
        Some(proof @ Warrant::Proof(_)) if !(forced && consented) => Ok(proof),
        _ if forced => Ok(Warrant::Force),
        _ if case.ends_with_lock => {
            Err(format!("{}; to free the lock: {}", lock::ENDS_WITH_LOCK, lock::FREE))
        }
        _ => Err(format!(
            "it is {}, not proven dead ({}); to drop it all the same, use --force and type the id in full",
            case.verdict,
            case.evidence.join("; ")
        )),
    }
}

/// Refuses a target of a command that forces a drop where no person can be asked.
fn refusal(look: &Look, condemned: &Condemned) -> Option<Target> {
    let case = look.cases.iter().find(|case| case.id == condemned.id)?;
    let why = match condemned.warrant {
        Warrant::Force => format!(
            "it is {}, not proven dead, and there is no terminal to ask at; to drop it anyway: graphctl sessions drop --force -y {}",
            case.verdict, case.id
        ),
        _ => "nothing is dropped, because another id of this command requires -y".to_owned(),
    };
    Some(Target::ended(&look.inventory, case, Outcome::Refused, why))
}
