//! Cost of a delivery and of an idle connection, by what carries STOMP and how it is coded, beside the physical limit
//! in the same run.
//!
//! The limit is a program that does nothing but write: one thread, the same
//! number of plain TCP sockets, as many bytes, one `write` each. The hub does
//! the same through STOMP over a WebSocket, plain and in `SockJS` frames, each
//! with and without compression and TLS, its HTTP door included. Rounds
//! alternate; medians and paired ratios are printed.

pub(crate) mod bare;
mod delivery;
mod idle;
mod subject;
mod transport;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hub_bench::identity::Identity;

use subject::Coding;
use transport::Transport;

/// Options of the measurement of codings.
#[derive(Args)]
pub(crate) struct CodingArguments {
    /// The hub's binary.
    #[arg(long, default_value = "target/release/pms-hub")]
    hub: PathBuf,
    /// Carriers of STOMP.
    #[arg(long, value_delimiter = ',', default_value = "websocket,sockjs")]
    transport: Vec<Transport>,
    /// Codings of messages.
    #[arg(long, value_delimiter = ',', default_value = "plain,deflate,tls,tls-deflate")]
    coding: Vec<Coding>,
    /// Measurements.
    #[arg(long, value_delimiter = ',', default_value = "idle,delivery")]
    measure: Vec<Measure>,
    /// Subscribers while messages are delivered.
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// Connections that only exist.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
    /// Rounds of each.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Messages of a round.
    #[arg(long, default_value_t = 300)]
    messages: usize,
    /// Bytes of a message's body.
    #[arg(long, default_value_t = 400)]
    body: usize,
}

/// Measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Memory of connections that only exist.
    Idle,
    /// CPU per delivery.
    Delivery,
}

/// Measures what the arguments name.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(arguments: &CodingArguments) -> anyhow::Result<()> {
    let identity = Identity::make()?;
    for transport in &arguments.transport {
        if arguments.measure.contains(&Measure::Idle) {
            println!("{transport:?}: resident memory, {} connections:", arguments.idle);
            for coding in &arguments.coding {
                idle::measure(arguments, *transport, *coding, &identity).await?;
            }
        }
        if arguments.measure.contains(&Measure::Delivery) {
            let CodingArguments { subscribers, body, rounds, messages, .. } = arguments;
            println!(
                "{transport:?}: delivery, {subscribers} subscribers, {body} byte bodies, \
                 medians of {rounds} rounds of {messages} messages:"
            );
            delivery::measure(arguments, *transport, &arguments.coding, &identity).await?;
        }
    }
    Ok(())
}
