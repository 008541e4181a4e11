//! A connection that wakes itself and gets nowhere.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::sleep;

use crate::hang_up::HangUp;

/// Wake-ups in a row with nothing read or written, at most.
const IN_VAIN_MAX: u32 = 32;

/// Time for which it is left alone then.
const NAP: Duration = Duration::from_millis(20);

/// Serves a connection to its end. While its read buffer is full, of requests
/// pipelined behind one that is not answered yet, actix wakes itself again and
/// again: a peer who does not read could make it burn a core.
pub(crate) async fn serve(serving: impl Future<Output = ()>, hang_up: &HangUp) {
    let mut serving = pin!(serving);
    loop {
        let mut in_vain = 0;
        let ended = poll_fn(|cx| {
            let before = hang_up.moves();
            if serving.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            in_vain = if hang_up.moves() == before { in_vain + 1 } else { 0 };
            if in_vain < IN_VAIN_MAX { Poll::Pending } else { Poll::Ready(false) }
        });
        if ended.await {
            return;
        }
        sleep(NAP).await;
    }
}
