//! Forks of a ranking: what taking and asking one costs, beside the board itself.

use std::hint::black_box;

use anyhow::{Context as _, ensure};
use clap::Args;
use hub_bench::pairs::Spread;
use hub_bench::table::{Table, cell};
use hub_core::{Outcome, Record};
use hub_fanout::{DryRun, Snapshot};
use hub_leaderboard::{LeaderboardFork, State};

use crate::board::{RANGE, Readings};
use crate::clock::cpu_micros;
use crate::hub::Hub;
use crate::workload::Workload;

/// Forks taken between two looks at the clock.
const TAKEN_AT_ONCE: usize = 1_000;

/// Options of the measurement of forks.
#[derive(Args)]
pub(crate) struct ForkArguments {
    /// Portfolios.
    #[arg(long, default_value_t = 1_000_000)]
    portfolios: usize,
    /// Records that forks are taken through.
    #[arg(long, default_value = "1,100,10000", value_delimiter = ',')]
    changed: Vec<usize>,
    /// Blocks.
    #[arg(long, default_value_t = 7)]
    blocks: usize,
    /// Questions of a block.
    #[arg(long, default_value_t = 20_000)]
    questions: usize,
}

/// Readings of forks, in microseconds.
#[derive(Default)]
struct Taken {
    take: Vec<f64>,
    asked: Readings,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &ForkArguments) -> anyhow::Result<()> {
    let ForkArguments { portfolios, changed, blocks, questions } = arguments;
    println!("{portfolios} portfolios, {blocks} blocks of {questions} questions\n");
    let mut workload = Workload::new(*portfolios);
    let mut hub = Hub::new();
    hub.flush(&workload.pass())?;
    let mut of_board = Readings::default();
    let mut taken: Vec<Taken> = changed.iter().map(|_| Taken::default()).collect();
    for _ in 0..*blocks {
        // As after any flush: of pages that were used again.
        hub.flush(&workload.some(1_000))?;
        let state = hub.reads.flushed();
        let board = state.board();
        let around = |id| board.around(id, RANGE).map_or(0, |around| around.rows.len());
        of_board.ask(&workload.draw(*questions), |id| board.rank(id), around)?;
        for (taken, changed) in taken.iter_mut().zip(changed) {
            let records = workload.some(*changed);
            let fork = taken.fork(&state, &records)?;
            let around = |id| fork.around(id, RANGE).map_or(0, |around| around.rows.len());
            taken.asked.ask(&workload.draw(*questions), |id| fork.rank(id), around)?;
        }
    }
    println!("{}", table(&of_board, changed, &taken));
    Ok(())
}

impl Taken {
    /// Takes a fork, again and again, and the last one through records.
    fn fork(&mut self, state: &Snapshot<State>, records: &[Record]) -> anyhow::Result<LeaderboardFork> {
        let begun = cpu_micros();
        for _ in 1..TAKEN_AT_ONCE {
            black_box(LeaderboardFork::of(state.clone()));
        }
        let mut fork = LeaderboardFork::of(state.clone());
        self.take.push((cpu_micros() - begun) / TAKEN_AT_ONCE as f64);
        let begun = cpu_micros();
        let mut run = DryRun::of(vec![&mut fork])?;
        for Record { at, event, .. } in records {
            let outcome = run.apply(*at, event.clone()).context("boards never expire")?.verdict.outcome;
            ensure!(outcome == Outcome::Accepted, "a record was refused");
        }
        self.asked.upsert.push((cpu_micros() - begun) / records.len().max(1) as f64);
        Ok(fork)
    }
}

/// Values, and ratios of neighbouring readings to the board's.
fn table(board: &Readings, changed: &[usize], taken: &[Taken]) -> Table {
    let headings = ["taking, us", "a record, us", "rank, us", "around, us", "rank / board", "around / board"];
    let mut table = Table::new("medians of blocks", headings.map(str::to_owned).into());
    let values = |columns: [&[f64]; 4]| columns.map(|column| cell(Spread::of(column)));
    let board_cells = values([&[], &[], &board.rank, &board.around]);
    table.add("the board itself", board_cells.into_iter().chain([(); 2].map(|()| "-".to_owned())));
    for (changed, Taken { take, asked: Readings { upsert, rank, around } }) in changed.iter().zip(taken) {
        let ratios = [(rank, &board.rank), (around, &board.around)].map(|(forked, own)| {
            let pairs = forked.iter().zip(own);
            cell(Spread::of(&pairs.map(|(forked, own)| forked / own).collect::<Vec<_>>()))
        });
        table.add(
            &format!("a fork, {changed} records"),
            values([take, upsert, rank, around]).into_iter().chain(ratios),
        );
    }
    table
}
