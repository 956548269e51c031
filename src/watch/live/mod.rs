//! The live view: what is known, on a terminal.

use uuid::Uuid;

use super::state::State;
use crate::error::Result;
use crate::options::Terminal;

/// What a person asks for.
#[derive(Debug)]
pub enum Order {
    /// To leave.
    Quit,
    /// To leave, by Ctrl-C.
    Interrupt,
    /// Whether holders are to be told of every session.
    Closely(bool),
    /// To look at once.
    Look,
    /// To drop these, which was confirmed.
    Drop(Vec<Uuid>),
}

/// The terminal, as long as it is ours.
#[derive(Debug)]
pub struct Live;

impl Live {
    /// Takes the terminal over until it is dropped.
    pub fn open(_terminal: Terminal) -> Result<Self> {
        Ok(Self)
    }

    /// Draws what is known.
    pub fn draw(&mut self, _state: &State) -> Result<()> {
        Ok(())
    }

    /// Shows a line that should be read.
    pub fn tell(&mut self, _text: String) {}

    /// Waits until something is asked for. Cancel-safe.
    pub async fn order(&mut self, _state: &State) -> Result<Order> {
        std::future::pending().await
    }
}
