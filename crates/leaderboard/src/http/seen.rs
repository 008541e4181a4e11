//! The ranking that a request asks for.

use std::time::Duration;

use actix_web::rt::time::sleep;
use hub_core::{Parameter, Position};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;
use hub_server::rest::page::{AT, CURSOR, LIMIT, Page};

use crate::board::Board;
use crate::joined::Joined;
use crate::reads::LeaderboardReads;

/// In place of a position: that of the newest flush, which can be asked for again.
const NEWEST_FLUSH: &str = "flush";

/// Times that are looked for the newest flush, before it is told that so much changes that none is kept.
const LOOKS: usize = 64;

/// Time between two looks for a flush, and how many there are: flushes are that far apart at most, unless somebody wants
/// them further (`server.flush_ms`), who is shown the newest then.
const FLUSH_LOOK: Duration = Duration::from_millis(5);
const FLUSH_LOOKS: usize = 200;

/// Comes back when what is applied at a position is flushed, which takes as long as the interval of flushes.
pub(super) async fn until_flushed(reads: &LeaderboardReads, position: Position) {
    for _ in 0..FLUSH_LOOKS {
        if reads.flushed().position().offset >= position.offset {
            return;
        }
        sleep(FLUSH_LOOK).await;
    }
}

/// The ranking, with P&L, at one position.
pub(super) struct Seen {
    pub(super) position: Position,
    pub(super) board: Board,
    pub(super) joined: Joined,
}

impl Seen {
    /// As of what was applied last, or of the flush that is asked for by `at`.
    pub(super) fn of(reads: &LeaderboardReads, request: &Request) -> Result<Seen, Problem> {
        let Some(text) = request.parameters().text(&AT) else {
            let (state, joined) = reads.settled_with_pnl();
            return Ok(Seen { position: state.position(), board: state.board().clone(), joined });
        };
        if text == NEWEST_FLUSH {
            return Seen::newest(reads, &AT);
        }
        let position =
            text.parse().map_err(|error: hub_core::position::PositionError| AT.wrong(error.to_string()))?;
        Seen::at(reads, position).ok_or_else(|| not_kept(reads, &AT, position, 410))
    }

    /// As of the pages before a page, if there are any.
    pub(super) fn of_page(
        reads: &LeaderboardReads,
        request: &Request,
        page: &Page<usize>,
    ) -> Result<Seen, Problem> {
        let Some(position) = page.position() else { return Seen::of(reads, request) };
        let is_of_another = position.epoch != reads.settled().position().epoch;
        let status = if is_of_another { 400 } else { 410 };
        Seen::at(reads, position).ok_or_else(|| not_kept(reads, &CURSOR, position, status))
    }

    /// As of a flush, so that others can be of it.
    pub(super) fn of_first_page(reads: &LeaderboardReads, request: &Request) -> Result<Seen, Problem> {
        let is_asked = request.parameters().text(&AT).is_some();
        if is_asked { Seen::of(reads, request) } else { Seen::newest(reads, &LIMIT) }
    }

    fn newest(reads: &LeaderboardReads, asked_by: &Parameter) -> Result<Seen, Problem> {
        let mut looks = (0..LOOKS).map(|_| Seen::at(reads, reads.flushed().position()));
        let reason = "so much has changed since the newest flush that none is kept";
        looks.find_map(|seen| seen).ok_or_else(|| Problem::new(410, asked_by.wrong(reason).to_string()))
    }

    fn at(reads: &LeaderboardReads, position: Position) -> Option<Seen> {
        let state = reads.settled();
        let newest = state.position();
        if position.epoch != newest.epoch || position.offset > newest.offset {
            return None;
        }
        let board = state.board_at(position.offset)?.clone();
        let joined =
            reads.pnl.as_ref().map_or_else(|| Some(Joined::none()), |pnl| Joined::at(pnl, position))?;
        Some(Seen { position, board, joined })
    }
}

fn not_kept(reads: &LeaderboardReads, named_by: &Parameter, position: Position, status: u16) -> Problem {
    let newest = reads.settled().position();
    let reason = if position.epoch != newest.epoch {
        format!("{position} is a position of another log: this one is at {newest}")
    } else if position.offset > newest.offset {
        format!("{position} is yet to come: {newest} was applied last")
    } else {
        format!(
            "no flush at {position} is kept: a resume or X-Position names one, which is kept as long as \
             analytics keeps its own (analytics.flushes_kept_ms), and not over a restart"
        )
    };
    Problem::new(status, named_by.wrong(reason).to_string())
}
