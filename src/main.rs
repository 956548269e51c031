//! The binary: reports for bugs, then the library.

use std::process::ExitCode;

use graphctl::exit::Exit;

fn main() -> ExitCode {
    if color_eyre::install().is_err() {
        return Exit::Bug.into();
    }
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(graphctl::host::STACK_READER_THREAD) {
            report(panic);
        }
    }));
    std::panic::catch_unwind(graphctl::run).unwrap_or(Exit::Bug).into()
}
