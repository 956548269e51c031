//! `graphctl completions`

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::console;
use crate::error::Result;
use crate::exit::Exit;

pub(super) fn run(shell: Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "graphctl", &mut script);
    console::print(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}
