//! The hub's binary, running with a configuration and a data directory of its own.

mod banner;
mod output;
mod usage;

use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::deadline::Deadline;
use crate::{Error, Result, wait};
use output::Tail;

/// Time for the hub to be ready, and to stop.
pub const PROCESS_DEADLINE: Duration = Duration::from_secs(30);

/// Time for the output of a process that has ended to be read.
const PIPES_DEADLINE: Duration = Duration::from_secs(2);

/// The start of the names of all environment variables that configure the hub.
const ENV_PREFIX: &str = "PMS_HUB__";

/// A running hub. Dropping it kills it, by its own process id, and removes its directory; while a failed
/// test unwinds, it first shows what the hub printed.
#[derive(Debug)]
pub struct HubProcess {
    binary: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    deadline: Duration,
    dir: TempDir,
    running: Running,
}

#[derive(Debug)]
struct Running {
    child: Child,
    stdout: Tail,
    stderr: Tail,
    drains: Vec<JoinHandle<()>>,
    addrs: Vec<(String, SocketAddr)>,
}

impl HubProcess {
    /// Starts `binary serve --config FILE` with further arguments and environment variables, and waits
    /// until it prints that it is ready.
    ///
    /// `{data}` in the configuration stands for a data directory, which outlives restarts. The working
    /// directory is the temporary one, and of the caller's environment nothing that configures a hub is
    /// passed on: two hubs share nothing.
    ///
    /// # Errors
    /// [`Error::Deadline`] or [`Error::Ended`], with what it printed, when it is not ready.
    pub fn spawn(binary: &Path, config_toml: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Self> {
        Self::spawn_within(PROCESS_DEADLINE, binary, config_toml, args, env)
    }

    /// [`spawn`](Self::spawn) with another deadline for starting, and for stopping later.
    pub fn spawn_within(
        deadline: Duration,
        binary: &Path,
        config_toml: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Self> {
        let binary = binary.canonicalize().map_err(Error::io(format!("{}", binary.display())))?;
        let dir = tempfile::Builder::new().prefix("pms-hub-").tempdir().map_err(Error::io("a directory"))?;
        let data = dir.path().join("data");
        fs::create_dir(&data).map_err(Error::io("a data directory"))?;
        let config = config_toml.replace("{data}", &data.to_string_lossy());
        fs::write(config_path(&dir), config).map_err(Error::io("a configuration file"))?;
        let args: Vec<_> = args.iter().map(ToString::to_string).collect();
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let running = Running::start(&mut command(&binary, &dir, &args, &env), deadline)?;
        Ok(Self { binary, args, env, deadline, dir, running })
    }

    /// The address of a service, as the banner gave it.
    pub fn addr(&self, service: &str) -> Result<SocketAddr> {
        let found = self.running.addrs.iter().find(|(name, _)| name == service);
        found.map(|(_, addr)| *addr).ok_or_else(|| {
            Error::unexpected(format!("the address of {service}"), format!("{:?}", self.running.addrs))
        })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.running.child.id()
    }

    /// Changes how long starting again, and stopping, may take.
    pub fn set_deadline(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// The directory that `{data}` stands for.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The last 200 lines on stdout.
    pub fn stdout(&self) -> Vec<String> {
        self.running.stdout.lines()
    }

    /// The last 200 lines on stderr.
    pub fn stderr(&self) -> Vec<String> {
        self.running.stderr.lines()
    }

    /// Resident memory, in bytes.
    pub fn rss_bytes(&self) -> Result<u64> {
        usage::rss_bytes(self.pid())
    }

    /// CPU time used since it started, to 10 ms.
    pub fn cpu_time(&self) -> Result<Duration> {
        usage::cpu_time(self.pid())
    }

    /// Number of open file descriptors, sockets among them.
    pub fn open_files(&self) -> Result<usize> {
        usage::open_files(self.pid())
    }

    /// Kills it (SIGKILL) and waits until it is gone: a crash, but for the page cache, which survives.
    pub fn kill_9(&mut self) -> Result<ExitStatus> {
        self.running.child.kill().map_err(Error::io("SIGKILL"))?;
        self.wait_for_exit()
    }

    /// Asks it to stop (SIGTERM), and returns at once.
    pub fn signal_terminate(&mut self) -> Result<()> {
        self.signal("TERM")
    }

    /// Asks it to read its files again (SIGHUP), and returns at once.
    pub fn signal_hangup(&mut self) -> Result<()> {
        self.signal("HUP")
    }

    /// Has it stand still (SIGSTOP): the system takes connections, and nobody accepts them.
    pub fn signal_stop(&mut self) -> Result<()> {
        self.signal("STOP")
    }

    /// Has it go on after [`signal_stop`](Self::signal_stop) (SIGCONT).
    pub fn signal_continue(&mut self) -> Result<()> {
        self.signal("CONT")
    }

    /// Sends a signal to a process that still runs.
    fn signal(&mut self, name: &str) -> Result<()> {
        // A child that was waited for has given its id away.
        if self.running.child.try_wait().map_err(Error::io("the state of the hub"))?.is_some() {
            return Ok(());
        }
        // The shell's own `kill`: a slim image may have no other.
        let kill = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &kill]).output().map_err(Error::io(&kill))?;
        if sent.status.success() {
            return Ok(());
        }
        Err(Error::unexpected(kill, String::from_utf8_lossy(&sent.stderr)))
    }

    /// Waits until it has ended; what it printed by then is in [`stdout`](Self::stdout) and
    /// [`stderr`](Self::stderr).
    pub fn wait_for_exit(&mut self) -> Result<ExitStatus> {
        self.running.wait(self.deadline)
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal_terminate()?;
        self.wait_for_exit()
    }

    /// Starts it again with the same configuration and data, killing it first where it still runs. Ports
    /// that the configuration leaves open are new ones: ask for the addresses again.
    pub fn restart(&mut self) -> Result<()> {
        self.kill_9()?;
        self.running =
            Running::start(&mut command(&self.binary, &self.dir, &self.args, &self.env), self.deadline)?;
        Ok(())
    }
}

impl Running {
    fn start(command: &mut Command, deadline: Duration) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(Error::io(program))?;
        let (stdout, stderr) = (Tail::default(), Tail::default());
        let (lines, printed) = channel();
        let of_stdout = child.stdout.take().map(|stream| stdout.drain(stream, Some(lines)));
        let of_stderr = child.stderr.take().map(|stream| stderr.drain(stream, None));
        let drains = of_stdout.into_iter().chain(of_stderr).collect();
        let mut running = Self { child, stdout, stderr, drains, addrs: Vec::new() };
        running.await_ready(&printed, Deadline::within(deadline))?;
        Ok(running)
    }

    /// Reads the banner up to the line that starts with `ready`.
    fn await_ready(&mut self, lines: &Receiver<String>, deadline: Deadline) -> Result<()> {
        let awaited = "the hub to be ready";
        loop {
            let Some(left) = deadline.remaining() else {
                return Err(deadline.missed(awaited, self.printed()));
            };
            match lines.recv_timeout(left) {
                Ok(line) if line.starts_with("ready") => return Ok(()),
                Ok(line) => self.addrs.extend(banner::parse(&line)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let exit = self.wait(left)?;
                    let got = format!("{exit}, {}", self.printed());
                    return Err(Error::Ended { awaited: awaited.to_owned(), got });
                }
            }
        }
    }

    fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let awaited = "the end of the hub";
        let exit = wait::until(deadline, awaited, || self.child.try_wait().transpose());
        let exit = exit.map_err(|error| error.after(|| self.printed()))?.map_err(Error::io(awaited))?;
        // The pipes end a little after the process. Should a child of its own hold them, they don't.
        let _ = wait::until(PIPES_DEADLINE, "the end of its output", || {
            self.drains.iter().all(JoinHandle::is_finished).then_some(())
        });
        Ok(exit)
    }

    fn printed(&self) -> String {
        format!("stdout:\n{}\nstderr:\n{}", self.stdout.lines().join("\n"), self.stderr.lines().join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A test has failed: the hub may have said why.
            eprintln!("the hub had printed, {}", self.printed());
        }
        // Neither can fail for a child that was waited for already, and nothing is left to do if they do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config_path(dir: &TempDir) -> PathBuf {
    dir.path().join("hub.toml")
}

fn command(binary: &Path, dir: &TempDir, args: &[String], env: &[(String, String)]) -> Command {
    let mut command = Command::new(binary);
    command.args([OsStr::new("serve"), OsStr::new("--config"), config_path(dir).as_os_str()]).args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(ENV_PREFIX) {
            command.env_remove(name);
        }
    }
    command
        .envs(env.iter().map(|(name, value)| (name, value)))
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
