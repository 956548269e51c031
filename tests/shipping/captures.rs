//! The pictures of the README: what terminals really show. Each is held against a new one by its words;
//! `GRAPHCTL_WRITE_GENERATED=1 cargo test --test shipping captures` draws them anew, which takes minutes.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anstyle::{Color, Effects, RgbColor, Style};
use anstyle_svg::Term;
use regex::Regex;
use vt100::Cell;

use crate::lab::{Options, Phantom, Pipeline, Server, phantom};
use crate::run::{GRAPHCTL, redact};
use crate::screen::Screen;
use crate::stage::{server, wait_until_judged};

/// Colours as pages have them, red, green and blue: of words, of what is behind them, and the sixteen of terminals.
struct Theme {
    name: &'static str,
    words: u32,
    background: u32,
    colors: [u32; 16],
}

#[expect(clippy::unreadable_literal, reason = "colours are written so")]
const THEMES: [Theme; 2] = [
    Theme {
        name: "dark",
        words: 0xe6edf3,
        background: 0x0d1117,
        colors: [
            0x484f58, 0xff7b72, 0x3fb950, 0xd29922, 0x58a6ff, 0xbc8cff, 0x39c5cf, 0xb1bac4,
            0x6e7681, 0xffa198, 0x56d364, 0xe3b341, 0x79c0ff, 0xd2a8ff, 0x56d4dd, 0xffffff,
        ],
    },
    Theme {
        name: "light",
        words: 0x1f2328,
        background: 0xf6f8fa,
        colors: [
            0x24292f, 0xcf222e, 0x116329, 0x9a6700, 0x0969da, 0x8250df, 0x1b7c83, 0x6e7781,
            0x57606a, 0xa40e26, 0x1a7f37, 0x9a6700, 0x218bff, 0xa475f9, 0x3192aa, 0x8c959f,
        ],
    },
];

/// How old sessions are that are drawn: in a laboratory they are not of a few seconds.
const AGE: Duration = Duration::from_secs(200);

const COLUMNS: u16 = 80;

/// How wide a picture of so many columns is, in pixels.
const WIDTH: usize = 680;

fn writing() -> bool {
    env::var_os("GRAPHCTL_WRITE_GENERATED").is_some()
}

/// A server with a pipeline that runs, one that is stopped, and a session whose client is gone.
fn laboratory() -> (Server, [Pipeline; 2]) {
    let mut server = server();
    let named = |name: &str| Options { name: name.to_owned(), ..Options::two_processes() };
    let running = Pipeline::running(&server, &named("EEG"));
    let stopped = phantom(&server, Phantom::BackendStopped, "SPEECH");
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]);
    wait_until_judged(&server, "stale");
    if writing() {
        thread::sleep(AGE);
    }
    (server, [running, stopped])
}

/// What a person sees who types these commands.
fn typed(server: &Server, rows: u16, commands: &[&str]) -> vt100::Screen {
    let mut shell = Command::new("bash");
    let program = Path::new(GRAPHCTL).parent().expect("it is in a folder");
    let path = env::var("PATH").expect("there is one");
    shell.args(["--noprofile", "--norc"]);
    shell.env("PATH", format!("{}:{path}", program.display()));
    shell.env("PS1", "$ ").env("EZMSG_GRAPHSERVER_ADDR", server.address());
    let screen = Screen::of(&shell, COLUMNS, rows);
    let prompts = |count| {
        let is_prompt = |line: &str| line == "$" || line.starts_with("$ ");
        move |shown: &str| shown.lines().filter(|line| is_prompt(line)).count() == count
    };
    for (done, command) in commands.iter().enumerate() {
        screen.wait("a prompt", prompts(done + 1));
        screen.press(&format!("{command}\n"));
    }
    screen.wait("the last prompt", prompts(commands.len() + 1));
    screen.picture()
}

#[test]
fn a_phantom_is_found_and_reaped() {
    let (server, _pipelines) = laboratory();
    in_step("reap", &typed(&server, 16, &["graphctl sessions list", "graphctl sessions reap -y"]));
}

#[test]
fn a_server_is_watched() {
    let (server, _pipelines) = laboratory();
    let screen = Screen::run(server.address(), &["sessions", "watch"], COLUMNS, 10);
    let has_a_rate = Regex::new(r"\d  live").expect("it is one");
    screen.wait("a rate", |shown| has_a_rate.is_match(shown));
    in_step("watch", &screen.picture());
}

/// Expects the picture of that name to say what the screen says; or draws it.
#[track_caller]
fn in_step(name: &str, screen: &vt100::Screen) {
    for theme in THEMES {
        let svg = theme.draw(screen);
        let path = folder().join(format!("{name}-{}.svg", theme.name));
        if writing() {
            fs::write(&path, &svg).expect("a picture can be written");
        }
        let committed = fs::read_to_string(&path).expect("the picture is there");
        assert_eq!(said(&committed), said(&svg), "{} is out of step", path.display());
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/captures")
}

impl Theme {
    fn draw(&self, screen: &vt100::Screen) -> String {
        let lines: Vec<_> = (0..screen.size().0).map(|row| self.line(screen, row)).collect();
        let term = Term::new().fg_color(rgb(self.words)).bg_color(rgb(self.background));
        term.min_width_px(WIDTH).render_svg(lines.join("\n").trim_end())
    }

    fn line(&self, screen: &vt100::Screen, row: u16) -> String {
        let cells = (0..screen.size().1).filter_map(|column| screen.cell(row, column));
        let cells: Vec<_> = cells.filter(|cell| !cell.is_wide_continuation()).collect();
        let mut line = String::new();
        for alike in cells.chunk_by(|one, next| self.style(one) == self.style(next)) {
            let style = self.style(alike[0]);
            let text =
                alike.iter().map(|cell| if cell.has_contents() { cell.contents() } else { " " });
            write!(line, "{style}{}{style:#}", text.collect::<String>()).expect("it is memory");
        }
        line.trim_end().to_owned()
    }

    fn style(&self, cell: &Cell) -> Style {
        let effects = Effects::new()
            .set(Effects::BOLD, cell.bold())
            .set(Effects::DIMMED, cell.dim())
            .set(Effects::INVERT, cell.inverse());
        let (words, background) = (self.color(cell.fgcolor()), self.color(cell.bgcolor()));
        Style::new().fg_color(words).bg_color(background).effects(effects)
    }

    fn color(&self, color: vt100::Color) -> Option<Color> {
        match color {
            vt100::Color::Idx(index) => self.colors.get(usize::from(index)).copied().map(rgb),
            vt100::Color::Default | vt100::Color::Rgb(..) => None,
        }
    }
}

fn rgb(color: u32) -> Color {
    let [_, red, green, blue] = color.to_be_bytes();
    RgbColor(red, green, blue).into()
}

/// The words of a picture, a line each, with what differs from run to run replaced.
fn said(svg: &str) -> String {
    let text = svg.split_once("<text").map_or("", |(_, text)| text);
    let text = Regex::new("<[^>]*>").expect("it is one").replace_all(text, "");
    let text = redact(&text.replace("&lt;", "<"));
    let rate = Regex::new(r"\d+  live").expect("it is one");
    let text = rate.replace_all(&text, "N  live");
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
