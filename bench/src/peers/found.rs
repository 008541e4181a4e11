//! Peers that can run here.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Program;
use super::server::source;

impl Program {
    /// Checks that what it needs is installed; the reason otherwise.
    pub fn is_installed(&self) -> Result<(), String> {
        match self {
            Program::Hub(binary) if binary.exists() => Ok(()),
            Program::Hub(binary) => Err(format!("there is no {}", binary.display())),
            Program::UWebSockets(python) => runs(python, &["-c", "import socketify"]),
            Program::Ws => {
                let library = source("node_modules/ws");
                if library.exists() {
                    runs(Path::new("node"), &["--version"])
                } else {
                    Err(format!("there is no {}", library.display()))
                }
            }
        }
    }
}

fn runs(program: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().last().unwrap_or("it failed").to_owned()) }
}
