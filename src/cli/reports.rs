//! Who is told besides whoever reads standard output.

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
