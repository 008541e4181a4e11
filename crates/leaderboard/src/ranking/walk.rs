//! A ranking as it is walked: what is known of each portfolio, in the order of their keys, one by one. Scores and
//! places follow: each is ranked as it is read.

use std::sync::Arc;

use hub_core::PortfolioId;
use hub_rows::{Elements, read_elements};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Ranking;
use crate::entry::Entry;
use crate::known::{Known, Named};
use crate::row::Row;

/// A portfolio to be walked. A variant has a letter for its name: there are as many as portfolios.
#[derive(Serialize)]
enum Portfolio<'a> {
    #[serde(rename = "r")]
    Ranked(&'a Entry),
    #[serde(rename = "n")]
    Named(PortfolioId, &'a str),
}

/// One that was walked.
#[derive(Deserialize)]
pub(crate) enum Walked {
    #[serde(rename = "r")]
    Ranked(Entry),
    #[serde(rename = "n")]
    Named(PortfolioId, Arc<str>),
}

impl Serialize for Ranking {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let numbers = (0..self.by_key.len()).map_while(|key| self.by_key.get(&self.pages.entries, key));
        let mut sequence = to.serialize_seq(Some(self.by_key.len() as usize))?;
        for number in numbers {
            match &*self.rows.read(number) {
                Some(Known::Ranked(row)) => {
                    sequence.serialize_element(&Portfolio::Ranked(row))?;
                }
                Some(Known::Named(named)) => {
                    sequence.serialize_element(&Portfolio::Named(named.id, &named.name))?;
                }
                None => {}
            }
        }
        sequence.end()
    }
}

impl Elements for Ranking {
    type Element = Walked;

    fn add(&mut self, portfolio: Walked) -> Result<(), &'static str> {
        let (Walked::Ranked(Entry { id, .. }) | Walked::Named(id, _)) = portfolio;
        if self.find(id).is_some() {
            return Err("a portfolio is there twice");
        }
        match portfolio {
            Walked::Ranked(entry) => self.set(None, Arc::new(Row::new(entry))),
            Walked::Named(id, name) => self.name(None, Named { id, name }),
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Ranking {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Ranking, D::Error> {
        read_elements(from)
    }
}
