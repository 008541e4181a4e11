//! Fan-out: what a delivery and a connection cost, beside peers and beside the
//! physical limit. Traffic stays on 127.0.0.1.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

mod codings;
mod peers;

use clap::{Parser, Subcommand};

/// Fan-out of pms-hub.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures the hub beside uWebSockets and node ws, by turns on pinned cores.
    Peers(peers::PeerArguments),
    /// Measures each carrier with and without compression and TLS, beside bare writes.
    Codings(codings::CodingArguments),
    /// Runs as the program that only writes (internal).
    #[command(hide = true)]
    Bare,
}

fn main() -> anyhow::Result<()> {
    // A descriptor per receiver. Where this is not enough, connecting says so.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    match Cli::parse().command {
        Command::Peers(arguments) => peers::run(&arguments),
        Command::Codings(arguments) => codings::run(&arguments),
        Command::Bare => codings::bare::run(),
    }
}
