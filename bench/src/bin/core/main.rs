//! Core: what positions cost to compute, beside plain columns that nobody reads.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

mod apply;
mod child;
mod columns;
mod contender;
mod days;
mod hub;
mod ingest;
mod lag;
mod marks;
mod replay;
mod walk;
mod workload;

use clap::{Parser, Subcommand};

/// Computation of positions by pms-hub.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures applying transactions, with and without a reader.
    Apply(apply::ApplyArguments),
    /// Measures closing days, and what risk takes.
    Days(days::DaysArguments),
    /// Measures opening a log and replaying it.
    Replay(replay::ReplayArguments),
    /// Measures taking transactions in over HTTP.
    Ingest(ingest::IngestArguments),
    /// Measures how far a subscriber of all marks lags behind, beside a bare socket.
    Lag(lag::LagArguments),
    /// Measures what ticks and readers of marks cost.
    Marks(marks::MarksArguments),
    /// Measures walking what is remembered, and restoring it.
    Walk(walk::WalkArguments),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Apply(arguments) => apply::run(&arguments),
        Command::Days(arguments) => days::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Ingest(arguments) => ingest::run(&arguments),
        Command::Lag(arguments) => lag::run(&arguments),
        Command::Marks(arguments) => marks::run(&arguments),
        Command::Walk(arguments) => walk::run(&arguments),
    }
}
