//! Who is told besides whoever reads standard output.

use std::path::PathBuf;

use clap::Args;

/// GitHub Actions.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub struct GithubArgs {
    /// Also tell GitHub Actions: a warning or an error on standard error if anything was found, and a table
    /// in the file that GITHUB_STEP_SUMMARY names
    #[arg(long)]
    pub github: bool,
}

/// Prometheus.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub struct MetricsArgs {
    /// Also write metrics of the server to a file that is replaced in one piece, for the textfile collector of
    /// Prometheus' node exporter; one file a server
    #[arg(long, value_name = "FILE")]
    pub prom_file: Option<PathBuf>,
}
