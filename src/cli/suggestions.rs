//! Commands that were typed in the wrong place: `graphctl list`, `graphctl sessions status`.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Command, CommandFactory as _};

use super::Cli;

/// An error that also says where the command is that is not here, if it is anywhere.
pub(super) fn suggest_correct_path(mut error: Error) -> Error {
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand)
    {
        let mut all = Cli::command();
        all.build();
        if let Some(command) = find(&all, name) {
            let typed = command.get_bin_name().unwrap_or(name);
            let tip = format!("it is called as '{typed}'");
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
    }
    error
}

fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Command> {
    let here = command.find_subcommand(name);
    here.or_else(|| command.get_subcommands().find_map(|below| find(below, name)))
}
