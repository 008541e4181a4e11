//! The whole server on a real socket, with two workers.
#![allow(clippy::disallowed_types, reason = "the test's own side of the socket")]

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpServer, rt};
use hub_sockjs::actix::{Server, Service, SessionEnd, Settings};

/// Hands the ends of its sessions to the test's thread.
struct HandOver(mpsc::Sender<SessionEnd>);

impl Service for HandOver {
    fn open(&self, end: SessionEnd, _: &HttpRequest) {
        self.0.send(end).unwrap();
    }
}

pub(crate) fn serve(settings: Settings) -> (SocketAddr, mpsc::Receiver<SessionEnd>) {
    let (ends, opened) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new()
        .spawn(move || {
            let server = Server::new(settings, HandOver(ends));
            rt::System::new().block_on(async move {
                rt::spawn(server.sweeping());
                let app = move || App::new().configure(|config| server.routes(config, "/x"));
                let http = HttpServer::new(app).h1_allow_half_closed(false).workers(2);
                let http = http.disable_signals().bind("127.0.0.1:0").unwrap();
                tell.send(http.addrs()[0]).unwrap();
                http.run().await.unwrap();
            });
        })
        .unwrap();
    (told.recv().unwrap(), opened)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}
