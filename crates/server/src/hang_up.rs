//! Ending an HTTP connection, whatever the HTTP server waits for.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// A handler's way to end its connection after the answer. `Connection: close`
/// alone does not: actix first reads a chunked body to its end, and has no
/// deadline for one that never comes.
#[derive(Clone, Default)]
pub(crate) struct HangUp(Rc<Notify>);

impl HangUp {
    /// The connection is to end soon.
    pub(crate) fn ask(&self) {
        self.0.notify_one();
    }

    /// Resolves `grace` after it was asked for: time to write the answer.
    pub(crate) async fn asked(&self, grace: Duration) {
        self.0.notified().await;
        sleep(grace).await;
    }
}
