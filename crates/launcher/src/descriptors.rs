//! File descriptors: how many the process may have open, and how many connections that makes, each of which
//! takes one.

use hub_core::limits::Limits;
use rlimit::Resource;

/// Descriptors of the log, the listeners and the runtimes, and of files that are read now and then.
const RESERVE: usize = 64;

/// Descriptors of each worker's runtime.
const RESERVE_PER_WORKER: usize = 8;

/// Fewer connections than this are hardly what anybody wants.
const FEW: usize = 100;

/// Lets the process open as many files as it may: the usual soft limit of 1024
/// is no choice anybody made. Where it can't be raised, the hub serves fewer.
pub fn raise() {
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
}

/// Numbers of connections that fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// Of all addresses together.
    pub connections: usize,
    /// Of one address; as many again are let in to be told that they are too
    /// many.
    pub per_address: usize,
}

/// The room that `limits` give a hub with so many workers, which `is_local` if
/// only this machine reaches it. A warning is for what was set and does not
/// hold; what follows from the machine is only told.
pub fn room(limits: &Limits, workers: usize, is_local: bool) -> Room {
    let open_files = match Resource::NOFILE.get() {
        Ok((soft, _)) => usize::try_from(soft).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known");
            usize::MAX
        }
    };
    let connections = fit(limits.connections, open_files, workers);
    let per_address = share(limits.sessions_per_address, connections, is_local);
    if limits.connections > connections {
        let wanted = limits.connections;
        tracing::warn!(wanted, connections, open_files, "limits.connections is lowered to what fits");
    } else if connections < FEW {
        tracing::info!(connections, per_address, open_files, "few connections fit, see ulimit -n");
    } else {
        tracing::info!(connections, per_address, open_files, "connections that fit");
    }
    if limits.sessions_per_address > 0 && !is_local && per_address.saturating_mul(2) >= connections {
        tracing::warn!(
            connections,
            per_address,
            "limits.sessions_per_address lets one address take them all"
        );
    }
    Room { connections, per_address }
}

/// `wanted` (`limits.connections`) or, if that is 0 or too many, as many as
/// fit.
fn fit(wanted: usize, open_files: usize, workers: usize) -> usize {
    let reserve = workers.saturating_mul(RESERVE_PER_WORKER).saturating_add(RESERVE);
    // With hardly any there is no good choice; a hub that refuses everybody is
    // the worst.
    let most = open_files.saturating_sub(reserve).max(1);
    if wanted == 0 { most } else { wanted.min(most) }
}

/// `wanted` (`limits.sessions_per_address`) or, if that is 0, as many as one
/// address may have and leave others room: one that other machines have takes
/// half of all with those that are only told so, and on loopback all are one.
fn share(wanted: usize, connections: usize, is_local: bool) -> usize {
    match wanted {
        0 if is_local => connections,
        0 => (connections / 4).max(1),
        wanted => wanted,
    }
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

    #[test]
    fn one_address_leaves_others_room_unless_it_is_everybody() {
        assert_eq!(share(0, 20_000, false), 5_000);
        assert_eq!(share(0, 20_000, true), 20_000);
        assert_eq!(share(7, 20_000, false), 7);
        assert_eq!(share(0, 1, false), 1);
    }
}
