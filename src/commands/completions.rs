//! `graphctl completions`

use clap_complete::Shell;

use super::completing;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;

pub(super) fn run(shell: Shell) -> Result<Exit> {
    console::print(|out| completing::script(shell, out))?;
    Ok(Exit::Success)
}
