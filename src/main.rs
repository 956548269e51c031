//! The binary: reports for bugs, then the library.

use std::process::ExitCode;

use graphctl::exit::Exit;

fn main() -> ExitCode {
    if color_eyre::install().is_err() {
        return Exit::Bug.into();
    }
    std::panic::catch_unwind(graphctl::run).unwrap_or(Exit::Bug).into()
}
