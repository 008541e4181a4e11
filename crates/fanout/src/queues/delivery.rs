//! Deliveries: who gets what, and how it is answered for.

use std::fmt;
use std::str::FromStr;

/// A consumer: one subscription of one session. Its shard chooses the key and never uses it again
/// for another subscription, as deliveries to the old one may still be under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConsumerId {
    /// The shard that serves it.
    pub shard: usize,
    /// The shard's number of its subscription.
    pub key: u64,
}

/// One handing-out of one message, unique among all queues of the process. Its decimal text is fit
/// for the `ack` header of a MESSAGE.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeliveryId(pub u64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DeliveryId {
    type Err = UnknownMessage;

    fn from_str(text: &str) -> Result<DeliveryId, UnknownMessage> {
        let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(DeliveryId).ok_or(UnknownMessage)
    }
}

/// A consumer's way to acknowledge (STOMP 1.2, "SUBSCRIBE ack Header").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AckMode {
    /// Not at all. Its shard acknowledges in its stead, each message as it is handed to the socket:
    /// so a slow socket is not sent more than its prefetch, and what was still on the way to a
    /// session that ended goes to another.
    Auto,
    /// `client`: an ACK or NACK counts for its message and all that were delivered before it.
    Cumulative,
    /// `client-individual`: an ACK or NACK counts for its message.
    Individual,
}

/// A message on its way to a consumer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery<M> {
    /// The consumer it goes to.
    pub consumer: ConsumerId,
    /// The id by which it is acknowledged.
    pub id: DeliveryId,
    /// Its message.
    pub message: M,
    /// It was delivered before, to this consumer or to another.
    pub redelivered: bool,
}

/// The consumer holds no such message: acknowledged already, taken from it when it went, or never
/// sent to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no message of this id awaits an acknowledgement of this subscription")]
pub struct UnknownMessage;
