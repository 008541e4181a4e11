//! Items as JSON, in the spellings that the platform's services use.

use hub_core::{Date, Price};

use super::object::Object;
use super::spelling::Spelling;

/// A transaction to be sent, possibly a wrong one, so everything is a text.
pub(super) struct Transaction {
    pub(super) id: String,
    pub(super) portfolio_id: String,
    pub(super) symbol: String,
    pub(super) side: String,
    /// Digits.
    pub(super) quantity: String,
    /// Digits; paid or earned.
    pub(super) price: String,
    /// Digits; of the lot to sell.
    pub(super) lot_price: Option<String>,
}

impl Transaction {
    pub(super) fn spell(&self, spelling: Spelling) -> String {
        match spelling {
            Spelling::Plain => self.plain(),
            Spelling::Snake => self.snake(),
            Spelling::Upstream => self.upstream(),
        }
    }

    fn plain(&self) -> String {
        let mut object = Object::default();
        object.text("transactionId", &self.id);
        object.text("portfolioId", &self.portfolio_id);
        object.text("symbol", &self.symbol);
        object.text("side", &self.side);
        object.number("quantity", &self.quantity);
        object.number("price", &self.price);
        if let Some(price) = &self.lot_price {
            object.number("buyPrice", price);
        }
        object.end()
    }

    fn snake(&self) -> String {
        let mut object = Object::default();
        object.text("transaction_id", &self.id);
        object.text("portfolio_id", &self.portfolio_id);
        object.text("symbol", &self.symbol);
        object.text("side", &self.side);
        object.text("quantity", &self.quantity);
        object.text("price", &self.price);
        if let Some(price) = &self.lot_price {
            object.text("buy_price", price);
        }
        object.end()
    }

    fn upstream(&self) -> String {
        let (bought, sold) = match (self.side.as_str(), &self.lot_price) {
            ("SELL", Some(lot)) => (lot.as_str(), self.price.as_str()),
            ("SELL", None) => ("0", self.price.as_str()),
            _ => (self.price.as_str(), "0"),
        };
        let mut object = Object::default();
        object.text("transactionId", &self.id);
        object.text("portfolioId", &self.portfolio_id);
        object.text("symbol", &self.symbol);
        object.text("side", &self.side);
        object.text("buyPrice", bought);
        object.text("sellPrice", sold);
        object.number("quantity", &self.quantity);
        object.end()
    }
}

pub(super) fn price(symbol: &str, price: Price, spelling: Spelling) -> String {
    let mut object = Object::default();
    object.text("symbol", symbol);
    match spelling {
        Spelling::Plain | Spelling::Upstream => object.number("price", &price.to_string()),
        Spelling::Snake => object.text("price", &price.to_string()),
    }
    object.end()
}

pub(super) fn symbol(symbol: &str, sector: &str) -> String {
    let mut object = Object::default();
    object.text("symbol", symbol);
    object.text("sector", sector);
    object.end()
}

pub(super) fn portfolio(id: &str, name: &str, phone: &str, spelling: Spelling) -> String {
    let [id_key, phone_key] = match spelling {
        Spelling::Snake => ["portfolio_id", "phone_number"],
        Spelling::Plain | Spelling::Upstream => ["portfolioId", "phoneNumber"],
    };
    let mut object = Object::default();
    object.text(id_key, id);
    object.text("name", name);
    object.text(phone_key, phone);
    object.end()
}

/// The value of a portfolio at the end of a day.
pub(super) fn valuation(id: &str, date: Date, value: Price) -> String {
    let mut object = Object::default();
    object.text("portfolioId", id);
    object.text("date", &date.to_string());
    object.number("portfolioValue", &value.to_string());
    object.end()
}

/// A portfolio's risk metrics; the numbers are digits.
pub(super) fn risk(
    id: &str,
    average_return: &str,
    sharpe: &str,
    sortino: &str,
    spelling: Spelling,
) -> String {
    let mut object = Object::spelled(spelling);
    object.text("portfolioId", id);
    object.value("avgRateOfReturn", average_return);
    object.value("sharpeRatio", sharpe);
    object.value("sortinoRatio", sortino);
    object.end()
}
