//! A look at SQLite's write-ahead log before SQLite does.
//!
//! SQLite takes a write-ahead log up to the first frame whose checksum is wrong, and says nothing of what stands behind
//! it: after a crash that is what was being written. A commit behind such a frame was written whole, so either the power
//! was cut while it was on its way to the disk, and nobody was told that it is durable, or the file was damaged, and
//! acknowledged records are gone. The hub can't tell which; it says that there was one.
//!
//! Format: <https://sqlite.org/fileformat2.html#walformat>.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::store::PAGE_BYTES;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// The magic number of a write-ahead log, less the bit that says how its checksums are computed.
const MAGIC: u32 = 0x377f_0682;

/// The part that SQLite leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LeftOut {
    /// The frame, from 1, at which it stops; 0 for the header.
    pub(super) frame: u64,
    /// Commits that end at this frame or behind it.
    pub(super) commits: u64,
}

/// Looks over `<log>-wal`; `None` if it is not there, if SQLite takes all of it, or if a hub begins it anew meanwhile.
pub(super) fn left_out(log: &Path) -> io::Result<Option<LeftOut>> {
    let mut path = log.as_os_str().to_owned();
    path.push("-wal");
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let header = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&path)?.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let before = header()?;
    let found = scan(BufReader::new(file))?;
    Ok(found.filter(|_| header().is_ok_and(|after| after == before)))
}

fn scan(mut file: impl Read) -> io::Result<Option<LeftOut>> {
    let mut header = [0; HEADER_BYTES];
    if !filled(&mut file, &mut header)? {
        return Ok(None);
    }
    let big_endian = word(&header, 0) & 1 == 1;
    let mut sum = Checksum { big_endian, words: (0, 0) };
    sum.add(&header[..24]);
    let mut whole = word(&header, 0) & !1 == MAGIC && sum.words == (word(&header, 24), word(&header, 28));
    let mut salts = whole.then(|| (word(&header, 16), word(&header, 20)));
    let mut left_out = LeftOut { frame: 0, commits: 0 };
    let mut frame = vec![0; FRAME_HEADER_BYTES + PAGE_BYTES as usize];
    while filled(&mut file, &mut frame)? {
        let found = (word(&frame, 8), word(&frame, 12));
        // Of a damaged header the first frame knows the salts. And one salt that is right is enough behind a fault:
        // the other may be the damage.
        let (first, second) = *salts.get_or_insert(found);
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME_HEADER_BYTES..]);
        if whole {
            whole = found == (first, second) && sum.words == (word(&frame, 16), word(&frame, 20));
            left_out.frame += 1;
        }
        let is_commit = word(&frame, 4) != 0;
        if !whole && is_commit && (found.0 == first || found.1 == second) {
            left_out.commits += 1;
        }
    }
    Ok((left_out.commits > 0).then_some(left_out))
}

/// The checksum of SQLite's write-ahead log, over pairs of words.
struct Checksum {
    big_endian: bool,
    words: (u32, u32),
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let word = |at: usize| {
            let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        for at in (0..bytes.len()).step_by(8) {
            self.words.0 = self.words.0.wrapping_add(word(at)).wrapping_add(self.words.1);
            self.words.1 = self.words.1.wrapping_add(word(at + 4)).wrapping_add(self.words.0);
        }
    }
}

/// The big-endian number at `at`.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Reads all of `buffer`; false at the end, a part of a frame included.
fn filled(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hub_core::{Event, Offset};

    use super::*;
    use crate::{EmbeddedLog, EventLog, LogView, Options};

    const COMMITS: usize = 6;

    /// The files of a log that was not closed, and all that is in the log.
    fn crashed() -> (Vec<u8>, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        let log = EmbeddedLog::open(&path, Options::new()).unwrap();
        for _ in 0..COMMITS {
            log.append(vec![Event::Tick.into()]).wait().unwrap();
        }
        (fs::read(&path).unwrap(), fs::read(dir.path().join("log.db-wal")).unwrap())
    }

    #[test]
    fn a_write_ahead_log_that_lost_a_commit_is_found_out() {
        let (log, wal) = crashed();
        let dir = tempfile::tempdir().unwrap();
        let (path, wal_path) = (dir.path().join("log.db"), dir.path().join("log.db-wal"));
        let mut lost = 0;
        let steps = (0..wal.len()).step_by(97).chain(0..HEADER_BYTES);
        let headers = (HEADER_BYTES..wal.len()).step_by(FRAME_HEADER_BYTES + PAGE_BYTES as usize);
        for place in steps.chain(headers.flat_map(|header| header..header + FRAME_HEADER_BYTES)) {
            let mut damaged = wal.clone();
            damaged[place] ^= 0x41;
            fs::write(&path, &log).unwrap();
            fs::write(&wal_path, &damaged).unwrap();
            let found = left_out(&path).unwrap();
            let read = LogView::open(&path).and_then(|log| log.read(Offset::START, usize::MAX));
            if read.is_ok_and(|records| records.len() < COMMITS) {
                lost += 1;
                assert!(found.is_some(), "byte {place} of {}", wal.len());
            }
            let _ = fs::remove_file(dir.path().join("log.db-shm"));
        }
        assert!(lost > 100, "{lost}");
    }

    #[test]
    fn what_a_crash_leaves_is_no_damage() {
        let (log, wal) = crashed();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.db");
        fs::write(&path, log).unwrap();
        assert_eq!(left_out(&path).unwrap(), None, "there is none");
        for length in [0, 10, HEADER_BYTES, HEADER_BYTES + 30, wal.len() / 2, wal.len() - 1, wal.len()] {
            fs::write(dir.path().join("log.db-wal"), &wal[..length]).unwrap();
            assert_eq!(left_out(&path).unwrap(), None, "{length} bytes");
        }
        // What a checkpoint left behind: frames of other salts.
        let mut reused = wal.clone();
        let frames = (HEADER_BYTES..wal.len()).step_by(FRAME_HEADER_BYTES + PAGE_BYTES as usize);
        for header in frames.skip(3) {
            for byte in &mut reused[header + 8..header + 16] {
                *byte ^= 0x55;
            }
        }
        fs::write(dir.path().join("log.db-wal"), reused).unwrap();
        assert_eq!(left_out(&path).unwrap(), None);
    }
}
