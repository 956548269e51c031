//! What a server could do to those who ask it: lie, break off, go on for ever, and have names that steer a terminal.

mod answers;
mod captured;
mod names;
mod pickled;
mod replies;
mod sizes;
mod terminal;
