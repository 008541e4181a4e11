//! Subscribers of `/ws/around`, each of a portfolio of his own: what a flush costs them, by how many of them see
//! something new.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};
use hub_core::{Offset, PortfolioId, Record, Timestamp};
use hub_fanout::{Crowd, Document, Occasion};

use crate::clock::cpu_micros;
use crate::hub::Hub;
use crate::workload::Workload;

/// Options of the measurement of windows.
#[derive(Args)]
pub(crate) struct WindowsArguments {
    /// Portfolios.
    #[arg(long, default_value_t = 1_000_000)]
    portfolios: usize,
    /// Subscribers.
    #[arg(long, default_value_t = 10_000)]
    subscribers: usize,
    /// Flushes of each kind.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

/// Those who follow a portfolio each, as a worker has them.
struct Audience {
    crowd: Arc<dyn Crowd>,
    /// By the numbers of their documents.
    subscribers: BTreeMap<u64, Subscriber>,
    /// Offset up to which the crowd was asked.
    upto: Offset,
}

struct Subscriber {
    document: Arc<dyn Document>,
    upto: Offset,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &WindowsArguments) -> anyhow::Result<()> {
    let WindowsArguments { portfolios, subscribers, rounds } = *arguments;
    ensure!(subscribers <= portfolios, "each subscriber follows a portfolio of his own");
    println!("{portfolios} portfolios, {subscribers} windows of them followed, {rounds} flushes of a kind\n");
    let mut workload = Workload::new(portfolios);
    let mut hub = Hub::new();
    hub.flush(&workload.pass())?;
    let followed: Vec<PortfolioId> =
        workload.ids().iter().copied().step_by(portfolios / subscribers).take(subscribers).collect();
    let mut audience = Audience::of(&hub, &followed)?;
    audience.tell();

    let headings = ["windows sent", "ms", "us per window sent"].map(str::to_owned);
    let mut table = Table::new("changed", headings.into());
    for (name, kind) in KINDS {
        let mut readings: [Vec<f64>; 3] = Default::default();
        for round in 0..rounds {
            let records = kind(&mut workload, &followed, round);
            hub.flush(&records)?;
            let begun = cpu_micros();
            let sent = audience.tell();
            let micros = cpu_micros() - begun;
            let values = [sent as f64, micros / 1e3, micros / sent.max(1) as f64];
            readings.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        table.add(name, readings.map(|column| cell(Spread::of(&column))));
    }
    println!("{table}");
    Ok(())
}

/// Records of a flush, given who is followed, and its number.
type Kind = fn(&mut Workload, &[PortfolioId], usize) -> Vec<Record>;

const KINDS: [(&str, Kind); 6] = [
    ("nothing", |_, _, _| Vec::new()),
    ("a row", |workload, followed, round| rename(workload, followed, round, 1)),
    ("100 rows", |workload, followed, round| rename(workload, followed, round, 100)),
    ("all ranks, by one that passes all others", |workload, followed, round| {
        // Who comes from the other end lets all others move by one.
        let id = followed[0];
        vec![workload.extreme(id, round % 2 == 0)]
    }),
    ("1,000 portfolios at random", |workload, _, _| workload.some(1000)),
    ("all portfolios", |workload, _, _| workload.pass()),
];

fn rename(workload: &mut Workload, followed: &[PortfolioId], round: usize, count: usize) -> Vec<Record> {
    (0..count).map(|index| workload.rename(followed[(round * count + index) % followed.len()])).collect()
}

impl Audience {
    fn of(hub: &Hub, followed: &[PortfolioId]) -> anyhow::Result<Audience> {
        let (mut subscribers, mut crowd) = (BTreeMap::new(), None);
        for id in followed {
            let document = hub.around(*id)?;
            let member = document.member().context("a window that is in no crowd")?;
            crowd = Some(member.crowd);
            let upto = document.compose(Occasion::Opened, Timestamp::default()).upto;
            subscribers.insert(member.number, Subscriber { document, upto });
        }
        Ok(Audience { crowd: crowd.context("nobody follows")?, subscribers, upto: Offset::START })
    }

    /// Tells those whom a flush may have touched what changed; gives the number of messages.
    fn tell(&mut self) -> usize {
        let (since, touched) = (self.upto, self.crowd.touched(self.upto));
        self.upto = touched.upto;
        let tell = |subscriber: &mut Subscriber| {
            let after = subscriber.upto.max(since);
            let composed = subscriber.document.compose(Occasion::Changed { after }, Timestamp::default());
            subscriber.upto = composed.upto;
            composed.messages.len()
        };
        match touched.members {
            Some(members) => {
                members.iter().filter_map(|number| self.subscribers.get_mut(number).map(tell)).sum()
            }
            None => self.subscribers.values_mut().map(tell).sum(),
        }
    }
}
