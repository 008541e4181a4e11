//! Ranks: what the ranking of a million portfolios costs, beside sorted maps that nobody reads.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

mod board;
mod clock;
mod fork;
mod hub;
mod plain;
mod windows;
mod workload;

use clap::{Parser, Subcommand};

/// Ranking of portfolios by pms-hub.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures changing the ranking and asking it.
    Board(board::BoardArguments),
    /// Measures taking forks of the ranking and asking them.
    Fork(fork::ForkArguments),
    /// Measures what subscribers of `/ws/around` cost at a flush.
    Windows(windows::WindowsArguments),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Board(arguments) => board::run(&arguments),
        Command::Fork(arguments) => fork::run(&arguments),
        Command::Windows(arguments) => windows::run(&arguments),
    }
}
