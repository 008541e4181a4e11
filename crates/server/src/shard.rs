//! A shard: one per worker thread, it owns its sockets and what they follow.
//!
//! It is a single task, the loop in this file. What wakes it: publications in
//! its mailbox, a socket with something to read or room to write, a new connection,
//! an answer to what a session sent, an interval that is over, or the sweep,
//! which keeps every deadline and heart-beat of all its sockets. Each wake is a
//! turn: what it brings is staged, and then every socket that it touched is
//! written once ([`publishing`], [`sockets`]).
//!
//! It has two rooms, and neither sees what is in the other: the [`sockets`],
//! which own every stream and outbox, and the [`subscriptions`], which own what
//! is followed and what is owed. The loop and the [`session`]s are where they
//! meet.

mod compressor;
mod missing;
mod moment;
mod pending;
mod publishing;
mod session;
mod sockets;
mod subscriptions;
#[cfg(test)]
mod tests;
mod wire;

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::{CloseReason, Timestamp};
use hub_fanout::{Mailbox, Publication};
use hub_ws::deflate::Inflater;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use self::moment::Moment;
pub(crate) use self::session::IngestReply;
use self::session::Intake;
use self::sockets::{Overdue, Part, Progress, Read, Sockets};
use self::subscriptions::{Ordinal, Subscriptions, Taken};
use crate::chassis::Chassis;
use crate::http::in_flight::InFlight;
use crate::new_connection::NewConnection;
use crate::sockjs::NewSession;
use crate::stage::Stage;

/// Time between two looks at deadlines and heart-beats.
const SWEEP: Duration = Duration::from_millis(250);

/// The one read buffer of a shard.
const SCRATCH_BYTES: usize = 64 << 10;

/// Sockets written before the rest of the thread has its turn: a millisecond or
/// two.
const WRITES_PER_SLICE: usize = 256;

/// Bytes written to them after which it has its turn, too.
const BYTES_PER_SLICE: usize = 1 << 20;

/// Parts that one socket may take before the others get their turn.
const TAKES_PER_TURN: usize = 8;

/// One worker thread's sockets and subscriptions.
pub(crate) struct Shard {
    chassis: Arc<Chassis>,
    index: usize,
    sockets: Sockets,
    subscriptions: Subscriptions,
    intake: Intake,
    inflater: Inflater,
    scratch: Vec<u8>,
    /// Bytes left of the turn of the socket that is being served.
    turn_bytes: usize,
    /// Sockets of a round that are written at a time.
    writes_per_slice: usize,
    /// Times at which the oldest record of each flush of this round was taken in.
    delivered: Vec<Timestamp>,
}

/// Everything that reaches a shard from its worker.
pub(crate) struct ShardInputs {
    pub(crate) mailbox: Mailbox,
    pub(crate) new_connections: mpsc::UnboundedReceiver<NewConnection>,
    pub(crate) stage: watch::Receiver<Stage>,
    pub(crate) replies: mpsc::UnboundedReceiver<IngestReply>,
    pub(crate) sessions: mpsc::UnboundedReceiver<NewSession>,
}

/// Everything a shard is made of.
pub(crate) struct ShardParts {
    pub(crate) chassis: Arc<Chassis>,
    pub(crate) started_millis: u64,
    /// Which of how many shards it is.
    pub(crate) index: usize,
    pub(crate) shards: usize,
    /// Counts what is being taken in.
    pub(crate) in_flight: InFlight,
}

/// Reason for which the loop was woken.
enum Wake {
    /// A new round begins.
    Publication(Publication),
    /// The round is not over.
    Round,
    /// These sockets have something to read, or room to write.
    Sockets,
    NewConnection(Box<NewConnection>),
    Session(NewSession),
    Reply(IngestReply),
    /// A subscription or document is due.
    Timer,
    Sweep,
    Drain,
}

impl Shard {
    /// A shard, and where the replies to what its sessions sent arrive.
    pub(crate) fn new(parts: ShardParts) -> (Shard, mpsc::UnboundedReceiver<IngestReply>) {
        let ShardParts { chassis, started_millis, index, shards, in_flight } = parts;
        let (intake, replies) = Intake::new(Arc::clone(&chassis), in_flight);
        let shard = Shard {
            sockets: Sockets::new(Arc::clone(&chassis), Moment::now()),
            subscriptions: Subscriptions::new(
                Arc::clone(&chassis),
                Ordinal { index, shards, started_millis },
            ),
            intake,
            inflater: Inflater::default(),
            scratch: vec![0; SCRATCH_BYTES],
            turn_bytes: chassis.limits.turn_bytes,
            writes_per_slice: WRITES_PER_SLICE,
            delivered: Vec::new(),
            index,
            chassis,
        };
        (shard, replies)
    }

    /// Serves until it is told to drain and every socket is closed.
    pub(crate) async fn run(mut self, mut inputs: ShardInputs) {
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let sockets = self.sockets.woken();
        let mut woken = Vec::new();
        let mut draining = false;
        while !draining || !self.sockets.is_empty() {
            // What comes while a round is written is company for the next.
            let is_over = self.sockets.round_is_over();
            let wake = tokio::select! {
                Some(publication) = inputs.mailbox.next(), if !draining && is_over => Wake::Publication(publication),
                () = ready(()), if !is_over => Wake::Round,
                () = poll_fn(|cx| sockets.poll_take(cx, &mut woken)) => Wake::Sockets,
                Some(connection) = inputs.new_connections.recv(), if !draining => Wake::NewConnection(Box::new(connection)),
                Some(session) = inputs.sessions.recv(), if !draining => Wake::Session(session),
                Some(reply) = inputs.replies.recv() => Wake::Reply(reply),
                () = due(self.subscriptions.next_due()) => Wake::Timer,
                _ = sweep.tick() => Wake::Sweep,
                () = told_to_drain(&mut inputs.stage), if !draining => Wake::Drain,
            };
            if matches!(wake, Wake::Publication(_)) {
                publishing::gather(&inputs.mailbox).await;
            }
            draining |= matches!(wake, Wake::Drain);
            self.turn(wake, &mut inputs, &mut woken, Moment::now());
            if !self.delivered.is_empty() && self.sockets.round_is_over() {
                self.observe_delivered(Moment::now());
            }
            // The HTTP side of this thread gets its turn, however busy we are.
            tokio::task::yield_now().await;
            self.sockets.relist_paused();
        }
    }

    /// Does what the loop was woken for at `now`.
    fn turn(&mut self, wake: Wake, inputs: &mut ShardInputs, woken: &mut Vec<u32>, now: Moment) {
        self.sockets.begin_turn(now);
        match wake {
            Wake::Publication(publication) => self.publish_all(publication, &mut inputs.mailbox),
            Wake::Round => {}
            Wake::Sockets => woken.drain(..).for_each(|slot| self.serve(slot as usize)),
            Wake::NewConnection(connection) => {
                self.adopt(*connection);
            }
            Wake::Session(session) => self.adopt_session(session),
            Wake::Reply(reply) => self.answer_all(reply, &mut inputs.replies),
            Wake::Timer => {
                let lost = self.subscriptions.wake(&mut self.sockets);
                self.tell_lost(lost);
            }
            Wake::Sweep => self.sweep(),
            Wake::Drain => self.drain(inputs),
        }
        self.write_slice();
        while let Some(slot) = self.sockets.reap() {
            self.subscriptions.end_all(slot);
        }
    }

    /// Takes up the last publications; every socket is then closed with 1001 as
    /// soon as it has what it is owed.
    fn drain(&mut self, inputs: &mut ShardInputs) {
        while let Some(publication) = inputs.mailbox.try_next() {
            self.publish_all(publication, &mut inputs.mailbox);
        }
        inputs.new_connections.close();
        while let Ok(connection) = inputs.new_connections.try_recv() {
            self.adopt(connection);
        }
        inputs.sessions.close();
        while let Ok(session) = inputs.sessions.try_recv() {
            self.adopt_session(session);
        }
        if let Ok(reply) = inputs.replies.try_recv() {
            self.answer_all(reply, &mut inputs.replies);
        }
        let lost = self.subscriptions.tell_changed_documents(&mut self.sockets);
        self.tell_lost(lost);
        for slot in self.sockets.slots() {
            self.sockets.drain(slot);
            self.progress(slot);
        }
    }

    /// Writes a part of the round: all of it, unless it is long.
    fn write_slice(&mut self) {
        let mut bytes = 0;
        for _ in 0..self.writes_per_slice {
            // It is over.
            let Some((slot, part)) = self.sockets.next_in_round() else { return };
            bytes += self.sockets.outbox_bytes(slot);
            if part == Part::Take {
                self.progress(slot);
            } else {
                self.sockets.write(slot);
            }
            if bytes >= BYTES_PER_SLICE {
                return;
            }
        }
    }

    /// Moves a socket on: has it take what its subscriptions are owed, and
    /// writes that and what was staged before, as long as the peer takes it.
    fn progress(&mut self, slot: usize) {
        self.sockets.leave_round(slot);
        for _ in 0..TAKES_PER_TURN {
            if self.sockets.must_write(slot) && !self.write(slot) {
                // It is woken when the peer reads on.
                return;
            }
            let draining = self.sockets.is_draining(slot);
            match self.subscriptions.take(slot, draining, self.sockets.moment()) {
                Taken::Nothing => {
                    if self.write(slot) && draining {
                        self.close(slot, CloseReason::GOING_AWAY);
                    }
                    return;
                }
                Taken::Later => {
                    self.write(slot);
                    return;
                }
                Taken::Passed => return self.close(slot, CloseReason::OUTBOX_OVERFLOW),
                Taken::Part { frames: None, .. } => {}
                Taken::Part { frames: Some(frames), .. } => {
                    self.chassis.metrics.messages_sent.inc_by(frames.messages);
                    self.sockets.send_frames(slot, &frames);
                }
            }
        }
        if self.write(slot) {
            self.sockets.pause(slot);
        }
    }

    /// Writes what waits for a socket; says whether it took all.
    fn write(&mut self, slot: usize) -> bool {
        let has_room = self.sockets.write(slot) == Progress::Room;
        if has_room {
            self.subscriptions.acknowledge_written(slot);
        }
        has_room
    }

    /// Does what a socket was woken for: writes what waits, takes what is
    /// owed, reads what came.
    fn serve(&mut self, slot: usize) {
        if !self.sockets.contains(slot) {
            // A wake that came after its socket was gone.
            return;
        }
        self.sockets.unlist(slot);
        self.progress(slot);
        self.begin_turn();
        let mut scratch = std::mem::take(&mut self.scratch);
        while self.read(slot, &mut scratch) {}
        self.scratch = scratch;
    }

    /// Reads from a socket, or goes on with what waited; false: that is all
    /// for now.
    fn read(&mut self, slot: usize, scratch: &mut [u8]) -> bool {
        if self.turn_bytes == 0 {
            self.sockets.pause(slot);
            return false;
        }
        if self.sockets.is_full(slot) {
            // Listed again when some of it is answered.
            return false;
        }
        if let Some(backlog) = self.sockets.take_backlog(slot) {
            self.receive_backlog(slot, backlog);
            return true;
        }
        match self.sockets.read(slot, scratch) {
            Read::Pending => return false,
            Read::End => {
                self.half_closed(slot);
                return false;
            }
            Read::Broken => {
                self.sockets.lost(slot);
                return false;
            }
            Read::Bytes(count) => {
                self.spend(count);
                self.receive(slot, &mut scratch[..count]);
            }
        }
        true
    }

    /// Keeps deadlines and heart-beats.
    fn sweep(&mut self) {
        if self.index == 0 {
            self.chassis.metrics.refusals.log_due(self.sockets.now());
        }
        self.subscriptions.forget_takes();
        for (slot, overdue) in self.sockets.sweep() {
            match overdue {
                Overdue::Unanswered => self.end_unanswered(slot),
                Overdue::Close(CloseReason::MESSAGE_TIMEOUT) => self.time_message_out(slot),
                Overdue::Close(CloseReason::HANDSHAKE_TIMEOUT) => self.time_handshake_out(slot),
                Overdue::Close(reason) => self.close(slot, reason),
            }
        }
    }
}

/// Resolves at `instant`, if there is one.
async fn due(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant.into()).await,
        None => std::future::pending().await,
    }
}

/// Resolves once the server drains, or is gone.
async fn told_to_drain(stage: &mut watch::Receiver<Stage>) {
    // An error means that the server is gone: drain as well.
    let _ = stage.wait_for(|stage| *stage == Stage::Drain).await;
}
