//! File of the log: its path, its directories and its lock.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::lock::LockFile;
use crate::LogError;

/// The place of a log, locked as long as this lives.
pub(super) struct LogFile {
    /// Absolute and without links, so that two spellings mean one lock.
    pub(super) path: PathBuf,
    _lock: LockFile,
}

impl LogFile {
    /// Creates the directories above `path` and takes the lock.
    pub(super) fn prepare(path: &Path) -> Result<LogFile, LogError> {
        let failed = |error: io::Error| open_error(path, error);
        let name = path.file_name().ok_or_else(|| open_error(path, "the path names no file"))?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if path.is_dir() {
            return Err(open_error(path, "it is a directory"));
        }
        create_directories(parent).map_err(failed)?;
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                parent.canonicalize().map_err(failed)?.join(name)
            }
            Err(error) => return Err(failed(error)),
        };
        let lock = LockFile::acquire(&path)?;
        Ok(LogFile { path, _lock: lock })
    }

    /// Makes the file's name survive a loss of power.
    pub(super) fn sync_name(&self) -> Result<(), LogError> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        sync_directory(parent).map_err(|error| open_error(&self.path, error))
    }
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// [`LogError::Open`] for the log at `path`.
pub(super) fn open_error(path: &Path, cause: impl fmt::Display) -> LogError {
    LogError::Open { log: path.display().to_string(), cause: cause.to_string() }
}

/// Creates what is missing of `directory`, each name durable.
fn create_directories(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        directory.ancestors().take_while(|path| *path != Path::new("") && !path.exists()).collect();
    std::fs::create_dir_all(directory)?;
    for created in missing {
        let parent = created.parent().filter(|path| *path != Path::new(""));
        sync_directory(parent.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Elsewhere a directory is no file that could be synced.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature of the other platforms")]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
