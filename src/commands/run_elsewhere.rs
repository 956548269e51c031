//! `graphctl run`, where what a command leaves behind cannot be found.

use crate::cli::Run;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::options::Options;

pub(super) fn run(_args: &Run, _options: &Options) -> Result<Exit> {
    Err(Error::Usage {
        message: "`run` needs Linux: elsewhere what a command leaves behind cannot be found".into(),
        hint: "start the command as it is; `graphctl sessions reap` clears what it leaves".into(),
    })
}
