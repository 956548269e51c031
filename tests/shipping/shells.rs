//! Real shells at terminals, each made to complete.

use std::path::Path;
use std::process::Command;

use crate::run::GRAPHCTL;
use crate::screen::Screen;

macro_rules! completions {
    () => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/completions")
    };
}

/// How a shell is started without anybody's habits, and made to complete.
pub(crate) struct Shell {
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
    set_up: &'static str,
}

/// With what graphctl prints.
pub(crate) const SHELLS: [Shell; 4] = [
    Shell {
        name: "bash",
        arguments: &["--noprofile", "--norc"],
        set_up: "PS1='> '; source <(graphctl completions bash)",
    },
    Shell {
        name: "zsh",
        arguments: &["-f"],
        set_up: "PS1='> '; autoload -U compinit; compinit -D; source <(graphctl completions zsh)",
    },
    Shell {
        name: "fish",
        arguments: &["--no-config"],
        set_up: "function fish_prompt; echo -n '> '; end; graphctl completions fish | source",
    },
    Shell {
        name: "elvish",
        arguments: &["-norc"],
        set_up: "set edit:prompt = { put '> ' }; set edit:rprompt = { }; \
                 eval (graphctl completions elvish | slurp)",
    },
];

/// The files that are shipped, where shells look for them.
pub(crate) const INSTALLED: [Shell; 4] = [
    Shell { set_up: concat!("PS1='> '; source '", completions!(), "/graphctl.bash'"), ..SHELLS[0] },
    Shell {
        set_up: concat!(
            "PS1='> '; fpath=('",
            completions!(),
            "' $fpath); autoload -U compinit; compinit -D"
        ),
        ..SHELLS[1]
    },
    Shell {
        set_up: concat!(
            "function fish_prompt; echo -n '> '; end; set fish_complete_path '",
            completions!(),
            "'"
        ),
        ..SHELLS[2]
    },
    Shell {
        set_up: concat!(
            "set edit:prompt = { put '> ' }; set edit:rprompt = { }; eval (slurp < '",
            completions!(),
            "/graphctl.elv')"
        ),
        ..SHELLS[3]
    },
];

impl Shell {
    /// A terminal with it, of which the screen is empty but for a prompt; none where it is not installed.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) fn start(&self, address: &str) -> Option<Screen> {
        let mut command = Command::new(self.name);
        if command.arg("--version").output().is_err() {
            eprintln!("skipped: there is no {} here", self.name);
            return None;
        }
        let mut command = Command::new(self.name);
        command.args(self.arguments).env("EZMSG_GRAPHSERVER_ADDR", address);
        let program = Path::new(GRAPHCTL).parent().expect("it is in a folder").display();
        let path = std::env::var("PATH").expect("there is one");
        command.env("PATH", format!("{program}:{path}")).env("HISTFILE", "/dev/null");
        let screen = Screen::of(&command, 120, 24);
        screen.press(&format!("{}; clear; echo re''ady\r", self.set_up));
        screen.wait_for("\n> ");
        screen.wait("a clear screen", |shown| shown.starts_with("ready\n"));
        Some(screen)
    }
}

/// Types a line that begins anew; a list of candidates is left first.
pub(crate) fn type_anew(screen: &Screen, line: &str) {
    screen.press(&format!("\x15\x15{line}"));
}
