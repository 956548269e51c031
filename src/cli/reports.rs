//! Who is told besides whoever reads standard output.

use std::path::PathBuf;

use clap::Args;

/// GitHub Actions.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub struct GithubArgs {
    /// Also tell GitHub Actions
    ///
    /// A warning or an error on standard error, if anything was found, and a table in the file that GITHUB_STEP_SUMMARY
    /// names.
    #[arg(long, hide_short_help = true)]
    pub github: bool,
}

/// Prometheus.
#[derive(Args, Debug)]
#[command(next_help_heading = "Reports")]
pub struct MetricsArgs {
    /// Also write metrics for Prometheus
    ///
    /// Of the whole server, for the textfile collector of the node exporter. The file is replaced in one step. Use one file
    /// per server. The counter of reaped sessions continues from the previous file. With -, metrics are printed in place of
    /// the table (not with watch).
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub prom_file: Option<PathBuf>,
}
