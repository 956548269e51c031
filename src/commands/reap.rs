//! `graphctl sessions reap`

use super::dropping;
use super::list::selected;
use crate::cli::Reap;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;
use crate::judge::Case;
use crate::look::Observer;
use crate::options::{Options, Talk};
use crate::reap::{Condemned, Outcome, Target, Warrant};
use crate::select::Filter;
use crate::words::count;

const COMMAND: &str = "reap";

pub(super) async fn run(args: Reap, options: &Options) -> Result<Exit> {
    let mut observer = Observer::open(options).await?;
    observer.admin(COMMAND)?;
    let look = observer.look().await?;
    let cases = selected(&look, &Filter::from(args.filters));
    let condemn = |case: &&Case| {
        let warrant = Warrant::of(case.verdict).filter(|warrant| match warrant {
            Warrant::Proof(_) => true,
            Warrant::Suspicion(_) => args.include_suspect,
            Warrant::Force => false,
        })?;
        Some(Condemned { id: case.id, warrant })
    };
    let condemned: Vec<_> = cases.iter().filter_map(condemn).collect();
    let spared = cases.iter().filter(|case| case.verdict.is_suspect()).count();
    if spared > 0 && !args.include_suspect {
        let suspects = count(spared, "suspect session", "suspect sessions");
        let note = format!("{suspects} left alone; --include-suspect drops those too");
        console::say(options.talk, Talk::Normal, &note);
    }
    let (condemned, refused) = match args.max {
        Some(max) if condemned.len() > max => {
            let why = format!("{} would go, and --max allows {max}", condemned.len());
            let refuse = |case: &&&Case| condemned.iter().any(|it| it.id == case.id);
            let refused = cases
                .iter()
                .filter(refuse)
                .map(|case| Target::ended(&look.inventory, case, Outcome::Refused, why.clone()));
            (Vec::new(), refused.collect())
        }
        _ => (condemned, Vec::new()),
    };
    dropping::run(observer, look, condemned, refused, &args.dropping, options, COMMAND).await
}
