//! Messages that wait for the application.

use std::collections::VecDeque;

/// Cost of a message beside its own bytes, so that a flood of empty ones is bounded, too.
pub const MESSAGE_COST_BYTES: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Inbound {
    messages: VecDeque<String>,
    cost_bytes: usize,
}

impl Inbound {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Adds all messages, or gives them back: they must fit, or be the first.
    pub(super) fn push(&mut self, messages: Vec<String>, limit_bytes: usize) -> Result<(), Vec<String>> {
        let cost_bytes =
            messages.iter().map(|message| cost(message)).fold(self.cost_bytes, usize::saturating_add);
        if cost_bytes > limit_bytes && !self.is_empty() {
            return Err(messages);
        }
        self.cost_bytes = cost_bytes;
        self.messages.extend(messages);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<String> {
        let message = self.messages.pop_front()?;
        self.cost_bytes = self.cost_bytes.saturating_sub(cost(&message));
        if self.messages.is_empty() {
            // An idle session owns no buffer.
            *self = Inbound::default();
        }
        Some(message)
    }

    pub(super) fn clear(&mut self) {
        *self = Inbound::default();
    }
}

fn cost(message: &str) -> usize {
    message.len().saturating_add(MESSAGE_COST_BYTES)
}
