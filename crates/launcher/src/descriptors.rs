//! How many files the process may have open, and how many connections that
//! makes: each takes a descriptor.

use rlimit::Resource;

/// What the log, the listeners and the runtimes open, and files that are read
/// now and then.
const RESERVE: usize = 64;

/// What each worker's runtime opens.
const RESERVE_PER_WORKER: usize = 8;

/// Lets the process open as many files as it may: the usual soft limit of 1024
/// is no choice anybody made. Where it can't be raised, the hub serves fewer.
pub fn raise() {
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
}

/// How many connections there may be: `wanted` (`limits.connections`), or, if
/// that is 0 or too many, as many as fit.
pub fn connections(wanted: usize, workers: usize) -> usize {
    let open_files = match Resource::NOFILE.get() {
        Ok((soft, _)) => usize::try_from(soft).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known");
            usize::MAX
        }
    };
    let connections = fit(wanted, open_files, workers);
    if wanted > connections {
        tracing::warn!(wanted, connections, open_files, "limits.connections is lowered to what fits");
    } else {
        tracing::info!(connections, open_files, "connections that fit");
    }
    connections
}

fn fit(wanted: usize, open_files: usize, workers: usize) -> usize {
    let reserve = workers.saturating_mul(RESERVE_PER_WORKER).saturating_add(RESERVE);
    // With hardly any there is no good choice; a hub that refuses everybody is
    // the worst.
    let most = open_files.saturating_sub(reserve).max(1);
    if wanted == 0 { most } else { wanted.min(most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_as_are_wanted_and_fit() {
        assert_eq!(fit(0, 1024, 2), 1024 - 80);
        assert_eq!(fit(500, 1024, 2), 500);
        assert_eq!(fit(5000, 1024, 2), 1024 - 80);
        assert_eq!(fit(0, 20, 64), 1);
    }
}
