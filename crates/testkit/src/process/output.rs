//! Output of a process, drained so that it never blocks on a full pipe.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Number of lines kept of each stream.
const KEPT_LINES: usize = 200;

/// The last lines of one stream. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Drains `stream` in a thread of its own until it ends, and passes each line on to `lines`, as long
    /// as anyone listens there.
    pub(crate) fn drain(
        &self,
        stream: impl Read + Send + 'static,
        lines: Option<Sender<String>>,
    ) -> JoinHandle<()> {
        let tail = self.clone();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut bytes = Vec::new();
            while matches!(stream.read_until(b'\n', &mut bytes), Ok(1..)) {
                let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
                bytes.clear();
                tail.push(line.clone());
                if let Some(lines) = &lines {
                    let _ = lines.send(line);
                }
            }
        })
    }

    /// The lines kept, oldest first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_LINES, Tail};

    #[test]
    fn the_last_lines_are_kept_and_all_are_passed_on() {
        let tail = Tail::default();
        let (lines, passed_on) = std::sync::mpsc::channel();
        let text = (0..KEPT_LINES + 5).map(|n| n.to_string()).collect::<Vec<_>>().join("\r\n") + "\r\n";
        tail.drain(std::io::Cursor::new(text + "unended \u{e9}"), Some(lines)).join().unwrap();
        assert_eq!(passed_on.iter().count(), KEPT_LINES + 6);
        let kept = tail.lines();
        assert_eq!((kept.len(), kept[0].as_str()), (KEPT_LINES, "6"));
        assert_eq!(kept[KEPT_LINES - 1], "unended \u{e9}");
    }
}
