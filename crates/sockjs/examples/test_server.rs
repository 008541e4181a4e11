//! The server that the official suite of the protocol and clients' own tests
//! ask for: `/echo`, `/disabled_websocket_echo`, `/cookie_needed_echo` and
//! `/close`, with responses of at most 4096 bytes.
//!
//! ```text
//! test_server [--host 127.0.0.1] [--port 8081] [--sockjs-js FILE]
//! ```

use std::io;

use actix_web::{App, HttpRequest, HttpServer, rt};
use hub_sockjs::Limits;
use hub_sockjs::actix::{Server, Service, SessionEnd, Settings};
use hub_sockjs::info::Info;

/// Says what it is told.
struct Echo;

impl Service for Echo {
    fn open(&self, end: SessionEnd, _: &HttpRequest) {
        rt::spawn(async move {
            while let Some(message) = end.receive().await {
                if end.send([message.as_str()]).await.is_err() {
                    break;
                }
            }
        });
    }
}

/// Wants nobody.
struct Close;

impl Service for Close {
    fn open(&self, end: SessionEnd, _: &HttpRequest) {
        end.close(3000, "Go away!");
    }
}

struct Options {
    host: String,
    port: u16,
    script: Option<Vec<u8>>,
}

fn options() -> io::Result<Options> {
    let mut options = Options { host: "127.0.0.1".to_owned(), port: 8081, script: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| io::Error::other(format!("{name} wants a value")))?;
        match name.as_str() {
            "--host" => options.host = value,
            "--port" => options.port = value.parse().map_err(io::Error::other)?,
            "--sockjs-js" => options.script = Some(std::fs::read(value)?),
            _ => return Err(io::Error::other(format!("{name} is no option"))),
        }
    }
    Ok(options)
}

fn main() -> io::Result<()> {
    let Options { host, port, script } = options()?;
    let settings = |websocket, cookie_needed| Settings {
        info: Info { websocket, cookie_needed },
        limits: Limits { response_bytes: 4096, ..Limits::default() },
        script: script.clone().map(Into::into),
        ..Settings::default()
    };
    let services = [
        ("/echo", Server::new(settings(true, false), Echo)),
        ("/disabled_websocket_echo", Server::new(settings(false, false), Echo)),
        ("/cookie_needed_echo", Server::new(settings(true, true), Echo)),
        ("/close", Server::new(settings(true, false), Close)),
    ];
    rt::System::new().block_on(async move {
        for (_, server) in &services {
            rt::spawn(server.sweeping());
        }
        let app = move || {
            services
                .iter()
                .fold(App::new(), |app, (mount, server)| app.configure(|config| server.routes(config, mount)))
        };
        HttpServer::new(app).h1_allow_half_closed(false).bind((host, port))?.workers(2).run().await
    })
}
