//! Transactions of one request.

use std::io::Write as _;

use anyhow::{bail, ensure};
use hub_core::Event;
use hub_core::event::{Trade, Transaction};
use hub_testkit::http::HttpConnection;

use crate::workload::Workload;

/// A request's body, and its records as the log has them.
pub(crate) struct Batch {
    pub(crate) json: Vec<u8>,
    pub(crate) encoded: Vec<u8>,
}

impl Batch {
    /// The next so many transactions, each of which opens a position.
    pub(crate) fn of(workload: &mut Workload, count: usize) -> anyhow::Result<Batch> {
        let mut batch = Batch { json: vec![b'['], encoded: Vec::new() };
        for _ in 0..count {
            let event = workload.open().event;
            if batch.json.len() > 1 {
                batch.json.push(b',');
            }
            let Event::Transaction(transaction) = &event else { bail!("no transaction was drawn") };
            write_item(&mut batch.json, transaction)?;
            batch.encoded.extend(event.encode()?);
        }
        batch.json.push(b']');
        Ok(batch)
    }

    /// Has a hub take them, all of which it accepts.
    pub(crate) fn send(&self, connection: &mut HttpConnection) -> anyhow::Result<()> {
        let headers = [("Content-Type", "application/json")];
        let answer = connection.request("POST", "/api/ingest/transactions", &headers, &self.json)?;
        let text = answer.text()?;
        let all = r#""duplicates":0,"stale":0,"rejected":0,"#;
        ensure!(answer.status == 200 && text.contains(all), "{}: {:.200}", answer.status, text);
        Ok(())
    }
}

fn write_item(json: &mut Vec<u8>, transaction: &Transaction) -> anyhow::Result<()> {
    let Trade::Buy { price } = transaction.trade else { bail!("a sale opens no position") };
    let Transaction { transaction_id, portfolio_id, symbol, quantity, .. } = transaction;
    write!(
        json,
        r#"{{"transactionId":"{transaction_id}","portfolioId":"{portfolio_id}","symbol":"{symbol}","side":"BUY","quantity":{quantity},"price":{price},"timestamp":"2026-02-07T10:30:00Z"}}"#
    )?;
    Ok(())
}
