//! Waiting for what no socket announces.

use std::time::Duration;

use crate::Result;
use crate::deadline::Deadline;

/// Time for which a thread parks before it looks again.
const PARK: Duration = Duration::from_millis(2);

/// Looks until `condition` gives a value, at most for `deadline`; `what` names the condition in the error.
///
/// This is the only place in the tests that parks. It waits for a condition, with a deadline, and never
/// for a time after which something ought to have happened.
///
/// # Errors
/// [`Error::Deadline`](crate::Error::Deadline), with the number of times it looked.
pub fn until<T>(deadline: Duration, what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T> {
    let deadline = Deadline::within(deadline);
    let mut looks = 0_u64;
    loop {
        looks += 1;
        if let Some(value) = condition() {
            return Ok(value);
        }
        let Some(left) = deadline.remaining() else {
            return Err(deadline.missed(what, format!("nothing in {looks} looks")));
        };
        std::thread::park_timeout(PARK.min(left));
    }
}
