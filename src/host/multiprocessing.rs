//! Which processes Python's multiprocessing started, by their command lines.

/// How Python starts the process that cleans up shared memory. It runs no code of the program, serves only the
/// program that started it, and exits when the program does.
const RESOURCE_TRACKER: &str = "from multiprocessing.resource_tracker import main";

/// How Python starts the process that forks the workers of a program. The workers keep its command line.
const FORK_SERVER: &str = "from multiprocessing.forkserver import main";

/// What is in the command line of a worker that was started in a fresh interpreter.
const SPAWNED: &str = "--multiprocessing-fork";

/// Whether this is the command line of a resource tracker.
#[must_use]
pub fn is_resource_tracker(command: &str) -> bool {
    command.contains(RESOURCE_TRACKER)
}

/// Whether this is the command line of a fork server, or of a worker that one forked.
#[must_use]
pub fn is_of_fork_server(command: &str) -> bool {
    command.contains(FORK_SERVER)
}

/// Whether a command line shows that the process is a worker of another program. A worker that was forked without a
/// fork server keeps the command line of its program, which shows nothing.
#[must_use]
pub fn is_worker(command: &str) -> bool {
    command.contains(SPAWNED) || is_of_fork_server(command)
}
