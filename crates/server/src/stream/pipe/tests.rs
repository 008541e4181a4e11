//! Frames of a shard on their way to a client of `SockJS`'s HTTP transports, with actix between.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use actix_http::{HttpService, Protocol};
use actix_service::{Service as _, ServiceFactory as _, map_config};
use actix_web::App;
use actix_web::HttpRequest;
use actix_web::dev::AppConfig;
use futures_util::future::LocalBoxFuture;
use hub_sockjs::actix::{Server, Service, Settings};

use super::*;
use crate::stream::memory::{self, MemoryPeer};

/// Bytes on their way to a peer that does not read.
const CAPACITY: usize = 1 << 20;

#[derive(Clone, Default)]
struct Ends(Arc<Mutex<Vec<SessionEnd>>>);

impl Service for Ends {
    fn open(&self, end: SessionEnd, _: &HttpRequest) {
        self.0.lock().unwrap().push(end);
    }
}

/// A client's connection, served as far as it can be whenever the test says.
struct Connection {
    peer: MemoryPeer,
    serving: LocalBoxFuture<'static, ()>,
}

impl Connection {
    async fn new(server: &Server) -> Connection {
        let server = server.clone();
        let app = App::new().configure(|config| server.routes(config, "/x"));
        let http = HttpService::build().finish(map_config(app, |()| AppConfig::default()));
        let handler = http.new_service(()).await.expect("an application that starts");
        let (stream, peer) = memory::pair(CAPACITY);
        let serving = handler.call((stream, Protocol::Http1, None));
        Connection { peer, serving: Box::pin(async move { drop(serving.await) }) }
    }

    fn ask(&mut self, method: &str, path: &str) -> String {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        self.peer.send(request.as_bytes());
        self.read()
    }

    /// All that is written to it.
    fn read(&mut self) -> String {
        let _ = self.serving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        String::from_utf8(self.peer.take(usize::MAX)).expect("a text")
    }
}

fn frames(count: usize) -> (Vec<String>, String) {
    let elements: Vec<String> = (0..count).map(|n| format!("\"{n}\"")).collect();
    (elements.iter().map(|element| format!("a[{element}]")).collect(), format!("a[{}]", elements.join(",")))
}

fn write(pipe: &mut SessionPipe, frames: &[String]) -> Poll<io::Result<usize>> {
    let slices: Vec<_> = frames.iter().map(|frame| IoSlice::new(frame.as_bytes())).collect();
    Pin::new(pipe).poll_write_vectored(&mut Context::from_waker(Waker::noop()), &slices)
}

fn assert_taken(pipe: &mut SessionPipe, frames: &[String], bytes: usize) {
    let written = write(pipe, frames);
    assert!(matches!(written, Poll::Ready(Ok(taken)) if taken == bytes), "{written:?}");
}

#[actix_web::test]
async fn frames_of_one_turn_are_one_write_and_one_chunk_of_a_stream() {
    for (method, path) in
        [("POST", "/x/0/s/xhr_streaming"), ("GET", "/x/0/s/eventsource"), ("GET", "/x/0/s/htmlfile?c=f")]
    {
        let ends = Ends::default();
        let server = Server::new(Settings::default(), ends.clone());
        let mut client = Connection::new(&server).await;
        assert!(client.ask(method, path).starts_with("HTTP/1.1 200 "), "{path}");
        assert_eq!(client.peer.writes(), 1, "{path}: the head, a prelude and the first frame");
        let mut pipe = SessionPipe::new(ends.0.lock().unwrap().pop().unwrap());
        let (frames, joined) = frames(64);
        assert_taken(&mut pipe, &frames, frames.concat().len());
        let chunk = client.read().replace('\\', "");
        assert_eq!(client.peer.writes(), 2, "{path}");
        assert!(chunk.contains(&joined), "{path}: {chunk}");
        assert_eq!(chunk.matches("a[").count(), 1, "{path}: {chunk}");
        assert_eq!(pipe.taken(), frames.concat().len() as u64);
    }
}

#[actix_web::test]
async fn frames_of_one_turn_are_the_answer_to_one_poll() {
    for (method, path) in [("POST", "/x/0/s/xhr"), ("GET", "/x/0/s/jsonp?c=f")] {
        let ends = Ends::default();
        let server = Server::new(Settings::default(), ends.clone());
        let mut client = Connection::new(&server).await;
        assert!(client.ask(method, path).contains('o'), "{path}");
        let mut pipe = SessionPipe::new(ends.0.lock().unwrap().pop().unwrap());
        let (frames, joined) = frames(64);
        // One that waits for them, and one that finds them waiting.
        assert_eq!(client.ask(method, path), "");
        for answer in [true, false] {
            let writes = client.peer.writes();
            assert_taken(&mut pipe, &frames, frames.concat().len());
            let answer = if answer { client.read() } else { client.ask(method, path) };
            assert_eq!(client.peer.writes(), writes + 1, "{path}");
            assert!(answer.replace('\\', "").contains(&joined), "{path}: {answer}");
        }
    }
}

#[actix_web::test]
async fn no_frame_is_taken_in_part_however_little_room_there_is() {
    let ends = Ends::default();
    let mut settings = Settings::default();
    settings.limits.outbound_bytes = 200;
    let server = Server::new(settings, ends.clone());
    let mut client = Connection::new(&server).await;
    client.ask("POST", "/x/0/s/xhr");
    let mut pipe = SessionPipe::new(ends.0.lock().unwrap().pop().unwrap());
    let (frames, _) = frames(5);
    assert_taken(&mut pipe, &frames, 2 * frames[0].len());
    assert!(write(&mut pipe, &frames[2..]).is_pending());
    assert_taken(&mut pipe, &[], 0);
    assert!(client.ask("POST", "/x/0/s/xhr").ends_with("a[\"0\",\"1\"]\n"));
    assert_taken(&mut pipe, &frames[2..4], 2 * frames[0].len());
    drop(server);
    pipe.end.close(3000, "");
    assert!(matches!(write(&mut pipe, &frames[4..]), Poll::Ready(Err(_))));
}
