//! The command line of pms-hub.

use std::ffi::OsStr;
use std::io::{BufWriter, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pms_hub::config::Config;
use pms_hub::log_file::{self, Shown};
use pms_hub::serve::serve;
use tracing_subscriber::EnvFilter;

/// Levels that are logged unless `RUST_LOG` says otherwise. Actix calls every request that it can't parse an
/// error: a peer could fill the log with its garbage.
const DEFAULT_LOG: &str = "info,actix_http=off";

/// A multi-protocol real-time hub for portfolio management.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the hub and serve until SIGTERM or SIGINT.
    Serve {
        /// A TOML file, layered over the built-in defaults; the environment
        /// (`PMS_HUB__SECTION__KEY`) is layered over it.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Feed a plausible market in, as `demo.enabled = true` does.
        #[arg(long)]
        demo: bool,
    },
    /// Ask a running hub whether it is ready: exit code 0 if every port of the
    /// configuration says so.
    Healthcheck {
        /// The configuration that the hub was started with.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Look into the log's file, or tell it that it was restored.
    #[command(subcommand)]
    Log(LogCommand),
}

#[derive(Subcommand)]
enum LogCommand {
    /// Print records as lines of JSON, `{position, at, kind, event}`, also while a hub runs: what was taken in, not
    /// what came of it (a duplicate is a record, too). Exit code 1 where the log is damaged.
    Show {
        /// The configuration that says where the log is (`log.path`).
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The first record: a position, or an offset alone.
        #[arg(long, value_name = "POSITION")]
        from: Option<String>,
        /// The most records.
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Records of one kind, such as `transactions`, `auto-trader` or `settings`.
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
    /// Give a log that was restored from a copy a new epoch, so that clients who resume begin anew. The hub is stopped.
    RenewEpoch {
        /// The configuration that says where the log is (`log.path`).
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve { config, demo } => serve_until_told(config.as_deref(), demo),
        Command::Healthcheck { config } => healthcheck(config.as_deref()),
        Command::Log(LogCommand::Show { config, from, limit, kind }) => with_log(config.as_deref(), |path| {
            let mut out = BufWriter::new(std::io::stdout().lock());
            log_file::show(path, &Shown { from, limit, kind }, &mut out)
        }),
        Command::Log(LogCommand::RenewEpoch { config }) => with_log(config.as_deref(), |path| {
            let epoch = log_file::renew_epoch(path)?;
            eprintln!("{} has epoch {epoch} now", path.display());
            Ok(())
        }),
    }
}

fn with_log(config: Option<&Path>, act: impl FnOnce(&Path) -> anyhow::Result<()>) -> ExitCode {
    let config = match Config::load(config, environment()) {
        Ok(config) => config,
        Err(error) => return complain(2, &error),
    };
    match act(&config.log.path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, &format!("{error:#}")),
    }
}

fn healthcheck(config: Option<&Path>) -> ExitCode {
    let config = match Config::load(config, environment()) {
        Ok(config) => config,
        Err(error) => return complain(2, &error),
    };
    match pms_hub::healthcheck::check(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, &error),
    }
}

fn serve_until_told(config: Option<&Path>, demo: bool) -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    let coloured = coloured(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(coloured)
        .with_writer(std::io::stderr)
        // A line that can't be written is lost. To say so in the same place would be the end of whoever wrote it.
        .log_internal_errors(false)
        .init();
    let mut config = match Config::load(config, environment()) {
        Ok(config) => config,
        Err(error) => return complain(2, &error),
    };
    config.demo.enabled |= demo;
    pms_hub::descriptors::raise();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(1, &error),
    };
    match runtime.block_on(serve(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(1, &format!("{error:#}")),
    }
}

/// True if log lines are coloured: for who reads them at a terminal and does not say otherwise
/// (<https://no-color.org>).
fn coloured(terminal: bool, no_color: Option<&OsStr>) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Variables that are not Unicode are not ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One line on standard error, for whoever started the hub.
fn complain(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("pms-hub: {error}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_who_wants_them() {
        let (unset, empty, set) = (None, Some(OsStr::new("")), Some(OsStr::new("1")));
        assert_eq!([unset, empty, set].map(|value| coloured(true, value)), [true, true, false]);
        assert_eq!([unset, empty, set].map(|value| coloured(false, value)), [false; 3]);
    }
}
