//! `graphctl run`

use crate::cli::Run;
use crate::error::Result;
use crate::exit::Exit;
use crate::options::Options;

#[cfg(target_os = "linux")]
pub(super) fn run(args: &Run, options: &Options) -> Result<Exit> {
    use crate::block_on;
    use crate::run::{front, guard, guarded_for};

    if let Some(front) = guarded_for() {
        return guard(args, front, options);
    }
    if args.reap {
        block_on(clear_the_way(options))?;
    }
    front(args, options)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn run(_args: &Run, _options: &Options) -> Result<Exit> {
    Err(crate::error::Error::Usage {
        message: "`run` needs Linux, where what a command leaves behind can be found".into(),
        hint: "start the command as it is; `graphctl sessions reap` clears what it leaves".into(),
    })
}

/// Reaps as `sessions reap` without filters does. Where no server is, the pipeline will start its own.
#[cfg(target_os = "linux")]
async fn clear_the_way(options: &Options) -> Result<()> {
    use std::io::ErrorKind::ConnectionRefused;

    use super::reap::wait_for_proof;
    use crate::console;
    use crate::error::Error;
    use crate::look::Observer;
    use crate::options::Talk;
    use crate::reap::{self, Condemned, Extent, Warrant};
    use crate::render::report;
    use crate::select::Filter;

    const COMMAND: &str = "run --reap";

    let mut observer = match Observer::open(options).await {
        Err(Error::NoServer { source, .. }) if source.kind() == ConnectionRefused => return Ok(()),
        observer => observer?,
    };
    observer.admin(COMMAND)?;
    let look = observer.look().await?;
    let filter = Filter::default();
    let look = wait_for_proof(&mut observer, look, &filter, options.talk).await?;
    let cases = look.cases.iter().filter(|case| filter.selects(&look.inventory, case));
    let condemned: Vec<_> = cases
        .filter_map(|case| match Warrant::of(case.verdict)? {
            proof @ Warrant::Proof(_) => Some(Condemned {
                id: case.id,
                warrant: proof,
                spare_flowing: false,
                messages: case.messages,
            }),
            _ => None,
        })
        .collect();
    if !condemned.is_empty() {
        let extent = Extent { dry_run: false, kill: false, free: false };
        let done = reap::run(&mut observer, look, &condemned, extent, COMMAND).await?;
        console::say(options.talk, Talk::Normal, &report::notes(&done));
    }
    Ok(())
}
