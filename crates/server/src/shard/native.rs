//! Native sockets: JSON commands in, JSON messages out, or both as
//! `MessagePack`.

use hub_core::{CloseReason, Parameters, messagepack};
use hub_fanout::queues::AckMode;
use serde::Deserialize;

use super::Shard;
use super::framing::Dialect;
use super::inbound::Said;
use super::subscribe::Wanted;
use super::wire::Carrier;
use crate::native::{Action, Followed, NativeSession, Query};

/// The member that every command has.
#[derive(Deserialize)]
struct Command {
    #[serde(rename = "type")]
    kind: String,
}

impl Shard {
    /// Does what the endpoint does on connect.
    pub(super) fn open_native(&mut self, slot: usize, session: &mut dyn NativeSession, query: &Query) {
        let actions = session.opened(query);
        self.act(slot, actions);
    }

    pub(super) fn receive_native(&mut self, slot: usize, session: &mut dyn NativeSession, said: &Said<'_>) {
        if !self.sockets.get(slot).is_some_and(super::socket::Socket::is_streaming) {
            return;
        }
        if self.is_flooded(slot) {
            return self.close(slot, CloseReason::OUTBOX_OVERFLOW);
        }
        let Some(wire) = self.sockets.get(slot).map(|socket| socket.wire) else { return };
        match said {
            Said::Text(text) => self.command(slot, session, text),
            Said::Binary(bytes) if wire.carrier == Carrier::MessagePack => {
                match messagepack::to_json(bytes) {
                    Ok(json) => self.command(slot, session, &json),
                    Err(error) => {
                        self.complain(slot, &format!("Invalid message format: not MessagePack: {error}"));
                    }
                }
            }
            Said::Binary(_) => self.complain(slot, "Invalid message format: commands are text messages"),
        }
    }

    fn command(&mut self, slot: usize, session: &mut dyn NativeSession, text: &str) {
        let text = &*hub_json::mend_text(hub_json::text_without_bom(text));
        if !text.trim_ascii_start().starts_with('{') {
            // To serde an array would do for a struct.
            return self.complain(slot, "Invalid message format: a command is a JSON object");
        }
        match serde_json::from_str::<Command>(text) {
            Ok(command) if command.kind == "ping" => match Parameters::of_command(&[], text) {
                Ok(_) => self.send_native(slot, br#"{"type":"pong"}"#),
                Err(error) => self.complain(slot, &error.to_string()),
            },
            // Nothing asks for credentials yet; who sends some anyway, and
            // whatever belongs to them, is let be.
            Ok(command) if command.kind == "auth" => {}
            Ok(command) => {
                let actions = session.command(&command.kind, text);
                self.act(slot, actions);
            }
            Err(error) => self.complain(slot, &format!("Invalid message format: {error}")),
        }
    }

    fn act(&mut self, slot: usize, actions: Result<Vec<Action>, String>) {
        let actions = match actions {
            Ok(actions) => actions,
            Err(reason) => return self.complain(slot, &reason),
        };
        for action in actions {
            match action {
                Action::Reply(message) => self.send_native(slot, &message),
                Action::Follow { name, what: Followed::Topic { destination, options } } => {
                    self.unfollow(slot, name);
                    let dialect = Dialect::Native { name };
                    let ack = AckMode::Auto;
                    let Some(wire) = self.sockets.get(slot).map(|socket| socket.wire) else { return };
                    let wanted = Wanted { wire, dialect, destination, options, ack };
                    if let Err(error) = self.subscribe(slot, wanted) {
                        self.complain(slot, &error.to_string());
                    }
                }
                Action::Follow { name, what: Followed::Parts(parts) } => self.follow_parts(slot, name, parts),
                Action::Follow { name, what } => {
                    self.unfollow(slot, name);
                    self.follow(slot, name, what);
                }
                Action::Unfollow { name } => self.unfollow(slot, name),
            }
        }
    }

    fn complain(&mut self, slot: usize, reason: &str) {
        self.count_error("native");
        self.note(slot, "command", &reason);
        let message = serde_json::json!({ "type": "error", "message": reason }).to_string();
        self.send_native(slot, message.as_bytes());
    }

    fn send_native(&mut self, slot: usize, message: &[u8]) {
        if let Some(socket) = self.sockets.get(slot) {
            let frame = socket.wire.wrap(message);
            self.send(slot, frame);
        }
    }
}
