//! Made-up `/proc` trees for what a machine does not do on demand, real processes for the rest.

mod counting;
mod doubts;
mod ends;
mod fake;
mod finding;
mod real;
mod serving;
