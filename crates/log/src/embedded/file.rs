//! File of the log: its path, its directories and its lock.

use std::fmt;
use std::fs::OpenOptions;
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

    /// Creates the file if it is missing, readable by its owner only: records hold names, telephone numbers and
    /// addresses. SQLite gives the files beside it the same mode.
    pub(super) fn create_private(&self) -> Result<(), LogError> {
        match private(OpenOptions::new().append(true).create_new(true)).open(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(open_error(&self.path, error)),
            _ => Ok(()),
        }
    }

    /// Takes from others what they may do with a log that is there. By its path: closing a handle of the file would
    /// drop SQLite's locks on it.
    pub(super) fn make_private(&self) -> Result<(), LogError> {
        make_private(&self.path).map_err(|error| open_error(&self.path, error))
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

/// Readable and writable by its owner.
#[cfg(unix)]
const PRIVATE: u32 = 0o600;

/// Options by which a file that is created is its owner's alone.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, PRIVATE)
}

#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &OpenOptions {
    options
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o777 == PRIVATE {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(PRIVATE))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the signature of the other platforms")]
fn make_private(_path: &Path) -> io::Result<()> {
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
