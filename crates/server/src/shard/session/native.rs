//! Native sockets: JSON commands in, JSON messages out, or both as
//! `MessagePack`.

use hub_core::{CloseReason, Parameters, messagepack};
use hub_fanout::queues::AckMode;
use serde::Deserialize;

use super::inbound::Message;
use crate::native::{Action, Followed, NativeSession, Query};
use crate::shard::Shard;
use crate::shard::subscriptions::{Dialect, NotSubscribed, SubscribeRequest, WholeMessages};
use crate::shard::wire::{Carrier, Wire};

/// Bytes that one of a thing's parts costs of a turn.
const PART_BYTES: usize = 256;

/// The member that every command has.
#[derive(Deserialize)]
struct Command {
    #[serde(rename = "type")]
    kind: String,
}

impl Shard {
    /// Does what the endpoint does on connect.
    pub(super) fn open_native(
        &mut self,
        slot: usize,
        wire: Wire,
        session: &mut dyn NativeSession,
        query: &Query,
    ) {
        let actions = session.opened(query);
        self.perform_actions(slot, wire, actions);
    }

    pub(super) fn receive_native(
        &mut self,
        slot: usize,
        wire: Wire,
        session: &mut dyn NativeSession,
        message: &Message<'_>,
    ) {
        if !self.sockets.is_streaming(slot) {
            // What comes behind the end is not looked at.
            return;
        }
        if self.is_flooded(slot) {
            return self.close(slot, CloseReason::OUTBOX_OVERFLOW);
        }
        match message {
            Message::Text(text) => self.command(slot, wire, session, text),
            Message::Binary(bytes) if wire.carrier == Carrier::MessagePack => {
                match messagepack::to_json(bytes) {
                    Ok(json) => self.command(slot, wire, session, &json),
                    Err(error) => {
                        self.send_error(slot, &format!("Invalid message format: not MessagePack: {error}"));
                    }
                }
            }
            Message::Binary(_) => self.send_error(slot, "Invalid message format: commands are text messages"),
        }
    }

    fn command(&mut self, slot: usize, wire: Wire, session: &mut dyn NativeSession, text: &str) {
        let text = &*hub_json::mend_text(hub_json::text_without_bom(text));
        if !text.trim_ascii_start().starts_with('{') {
            // To serde an array would do for a struct.
            return self.send_error(slot, "Invalid message format: a command is a JSON object");
        }
        match serde_json::from_str::<Command>(text) {
            Ok(command) if command.kind == "ping" => match Parameters::of_command(&[], text) {
                Ok(_) => self.send_native(slot, br#"{"type":"pong"}"#),
                Err(error) => self.send_error(slot, &error.to_string()),
            },
            // Nothing asks for credentials yet; who sends some anyway, and
            // whatever belongs to them, is ignored.
            Ok(command) if command.kind == "auth" => {}
            Ok(command) => {
                let actions = session.command(&command.kind, text);
                self.perform_actions(slot, wire, actions);
            }
            Err(error) => self.send_error(slot, &format!("Invalid message format: {error}")),
        }
    }

    fn perform_actions(&mut self, slot: usize, wire: Wire, actions: Result<Vec<Action>, String>) {
        let actions = match actions {
            Ok(actions) => actions,
            Err(reason) => return self.send_error(slot, &reason),
        };
        // All of it or nothing: what goes on stays as it was where something is refused.
        if let Some(refused) = actions.iter().find_map(|action| self.refused(action)) {
            return self.send_error(slot, &refused.to_string());
        }
        for action in actions {
            match action {
                Action::Reply(message) => self.send_native(slot, &message),
                Action::Unfollow { name } => self.subscriptions.unfollow(slot, name),
                Action::Follow { name, what } => self.follow(slot, wire, name, what),
            }
        }
    }

    /// Reason for which an action can't be done, if there is one.
    fn refused(&self, action: &Action) -> Option<NotSubscribed> {
        let Action::Follow { what: Followed::Topic { destination, options }, .. } = action else {
            return None;
        };
        self.subscriptions.check(destination, options).err()
    }

    fn follow(&mut self, slot: usize, wire: Wire, name: &'static str, what: Followed) {
        let now = self.sockets.now();
        match what {
            Followed::Topic { destination, options } => {
                self.subscriptions.unfollow(slot, name);
                let (dialect, ack) = (Dialect::Native { name }, AckMode::Auto);
                let request = SubscribeRequest { wire, dialect, destination, options, ack };
                if let Err(error) = self.subscriptions.subscribe(slot, request, now) {
                    self.send_error(slot, &error.to_string());
                }
            }
            Followed::Parts(parts) => {
                // However short the command was, all of them are looked at.
                self.spend(parts.len() * PART_BYTES);
                self.subscriptions.follow_parts(slot, wire, name, parts, now);
            }
            Followed::Document(document) => {
                self.follow_whole(slot, wire, name, WholeMessages::Document(document));
            }
            Followed::Feed { feed, filter } => {
                self.follow_whole(slot, wire, name, WholeMessages::Feed { feed, filter });
            }
        }
    }

    fn follow_whole(&mut self, slot: usize, wire: Wire, name: &'static str, what: WholeMessages) {
        self.subscriptions.unfollow(slot, name);
        self.subscriptions.follow(slot, wire, name, what, self.sockets.now());
    }

    fn send_error(&mut self, slot: usize, reason: &str) {
        self.count_error("native");
        self.note(slot, "command", &reason);
        let message = serde_json::json!({ "type": "error", "message": reason }).to_string();
        self.send_native(slot, message.as_bytes());
    }

    fn send_native(&mut self, slot: usize, message: &[u8]) {
        if let Some(wire) = self.sockets.wire(slot) {
            self.sockets.send(slot, wire.wrap(message));
        }
    }
}
