//! Readings in processes of their own: the memory that one contender frees hides none of another's, and each begins
//! with a fresh allocator.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Readings of each contender, one per block. The order turns round from block to block.
pub(crate) fn by_turns<C, R>(
    contenders: &[C],
    blocks: u64,
    mut read: impl FnMut(&C, u64) -> anyhow::Result<R>,
) -> anyhow::Result<Vec<Vec<R>>> {
    let mut readings: Vec<Vec<R>> = contenders.iter().map(|_| Vec::new()).collect();
    for block in 0..blocks {
        let mut turns: Vec<(&C, &mut Vec<R>)> = contenders.iter().zip(&mut readings).collect();
        if block % 2 == 1 {
            turns.reverse();
        }
        for (contender, of_contender) in turns {
            of_contender.push(read(contender, block)?);
        }
    }
    Ok(readings)
}

/// Runs this program with its arguments, `--only` this contender and `more`, and reads what it [tells](tell).
pub(crate) fn ask<R: DeserializeOwned>(contender: &impl ValueEnum, more: [&OsStr; 2]) -> anyhow::Result<R> {
    let program = std::env::current_exe().context("this program")?;
    let value = contender.to_possible_value().context("a contender that can't be named")?;
    let output = Command::new(program)
        .args(std::env::args_os().skip(1))
        .args(["--only", value.get_name()])
        .args(more)
        .stderr(Stdio::inherit())
        .output()
        .context("this program, once more")?;
    ensure!(output.status.success(), "{} ended with {}", value.get_name(), output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("the reading of {}", value.get_name()))
}

/// Prints a reading for the process that asked for it.
pub(crate) fn tell(reading: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(reading)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_turns_round_and_readings_are_in_that_of_blocks() {
        let mut order = String::new();
        let readings = by_turns(&['a', 'b', 'c'], 3, |contender, block| {
            order.push(*contender);
            Ok((*contender, block))
        });
        assert_eq!(order, "abccbaabc");
        let expected = ['a', 'b', 'c'].map(|contender| vec![(contender, 0), (contender, 1), (contender, 2)]);
        assert_eq!(readings.unwrap(), expected);
    }
}
