//! The program that does nothing but write.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Context as _;
use hub_bench::frames;

/// It, as a child.
pub(super) struct Bare {
    child: Child,
    orders: ChildStdin,
    address: SocketAddr,
}

impl Bare {
    /// Starts it; it waits for so many connections.
    pub(super) fn start(connections: usize) -> anyhow::Result<Bare> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut orders = child.stdin.take().context("stdin")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        writeln!(orders, "accept {connections}")?;
        Ok(Bare { child, orders, address: line.trim().parse()? })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has it write so many bytes to each connection: a frame that says
    /// nothing.
    pub(super) fn write(&mut self, bytes: usize) -> anyhow::Result<()> {
        Ok(writeln!(self.orders, "write {bytes}")?)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what it is told, until nobody tells it anything.
pub(crate) fn run() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut sockets = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        let (order, number) = line.split_once(' ').context("an order and a number")?;
        let number: usize = number.parse()?;
        if order == "accept" {
            for _ in 0..number {
                let (socket, _) = listener.accept()?;
                socket.set_nodelay(true)?;
                sockets.push(socket);
            }
        } else {
            let frame = frames::of_total(number);
            for socket in &mut sockets {
                socket.write_all(&frame)?;
            }
        }
    }
    Ok(())
}
