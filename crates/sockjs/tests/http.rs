//! The actix side, below the socket: what requests do to a session and its
//! application.
#![cfg(feature = "actix")]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::{Service as _, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App, HttpRequest, HttpResponse};
use bytes::Bytes;
use hub_sockjs::Limits;
use hub_sockjs::actix::{Gone, SendError, Server, Service, SessionEnd, Settings};
use hub_sockjs::session::FRAME_COST_BYTES;

/// Keeps the ends of its sessions for the test to use.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<SessionEnd>>>);

impl Service for Kept {
    fn open(&self, end: SessionEnd, _: &HttpRequest) {
        self.0.lock().unwrap().push(end);
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        origin != "http://evil"
    }

    fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        request.headers().contains_key("x-refuse").then(|| HttpResponse::PaymentRequired().finish())
    }
}

impl Kept {
    fn take(&self) -> SessionEnd {
        self.0.lock().unwrap().pop().unwrap()
    }
}

struct Fixture {
    server: Server,
    kept: Kept,
}

fn fixture(change: impl FnOnce(&mut Settings)) -> Fixture {
    let mut settings = Settings::default();
    change(&mut settings);
    let kept = Kept::default();
    Fixture { server: Server::new(settings, kept.clone()), kept }
}

impl Fixture {
    async fn call(&self, request: TestRequest) -> ServiceResponse<BoxBody> {
        // A fresh application for each request, as on another worker thread:
        // sessions are the server's.
        let app = init_service(App::new().configure(|config| self.server.routes(config, "/x"))).await;
        app.call(request.to_request()).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> (u16, String) {
        let request = TestRequest::with_uri(path).method(method).set_payload(body.to_owned());
        let response = self.call(request).await;
        (response.status().as_u16(), String::from_utf8(read_body(response).await.to_vec()).unwrap())
    }

    async fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.ask(Method::POST, path, body).await
    }

    /// A session by `xhr`, opened.
    async fn open(&self) -> SessionEnd {
        assert_eq!(self.post("/x/0/s/xhr", "").await, (200, "o\n".to_owned()));
        self.kept.take()
    }
}

fn header<'r>(response: &'r ServiceResponse<BoxBody>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

#[actix_web::test]
async fn messages_go_both_ways_and_polls_put_frames_together() {
    let f = fixture(|_| {});
    let end = f.open().await;
    assert_eq!(f.post("/x/1/s/xhr_send", r#"["a","b"]"#).await, (204, String::new()));
    assert_eq!(end.receive().await.as_deref(), Some("a"));
    assert_eq!(end.receive().await.as_deref(), Some("b"));
    end.send(["1"]).await.unwrap();
    end.try_send_frame(&Bytes::from_static(br#"a["2"]"#)).unwrap();
    assert_eq!(end.buffered_bytes(), 12);
    assert_eq!(f.post("/x/2/s/xhr", "").await.1, "a[\"1\",\"2\"]\n");
    end.close(3000, "Go away!");
    assert_eq!(f.post("/x/2/s/xhr", "").await.1, "c[3000,\"Go away!\"]\n");
    let jsonp = f.ask(Method::GET, "/x/0/s/jsonp?c=f", "").await.1;
    assert_eq!(jsonp, "/**/f(\"c[3000,\\\"Go away!\\\"]\");\r\n");
    assert_eq!(end.receive().await, None);
    assert_eq!(end.send(["3"]).await, Err(Gone));
}

#[actix_web::test]
async fn a_dropped_end_closes_and_a_dropped_response_interrupts() {
    let f = fixture(|_| {});
    drop(f.open().await);
    assert_eq!(f.post("/x/0/s/xhr", "").await.1, "c[3000,\"Go away!\"]\n");

    let streaming = TestRequest::with_uri("/x/0/t/xhr_streaming").method(Method::POST);
    let response = f.call(streaming).await;
    let end = f.kept.take();
    assert_eq!(f.post("/x/0/t/xhr", "").await.1, "c[2010,\"Another connection still open\"]\n");
    drop(response);
    assert_eq!(end.receive().await, None);
    assert_eq!(end.reason().map(|reason| reason.code), Some(1002));
    assert_eq!(f.post("/x/0/t/xhr", "").await.1, "c[1002,\"Connection interrupted\"]\n");
}

/// A stream's body.
struct Stream(BoxBody);

impl Stream {
    async fn begin(f: &Fixture) -> Stream {
        let request = TestRequest::with_uri("/x/0/s/xhr_streaming").method(Method::POST);
        Stream(f.call(request).await.into_body())
    }

    /// Takes the next chunk; `None` at the end.
    fn poll(&mut self, waker: &Waker) -> Poll<Option<String>> {
        let chunk = Pin::new(&mut self.0).poll_next(&mut Context::from_waker(waker));
        chunk.map(|chunk| Some(String::from_utf8(chunk?.unwrap().to_vec()).unwrap()))
    }

    /// Takes chunks until there is none for now; the last is `None` at the end.
    fn chunks(&mut self, waker: &Waker) -> Vec<Option<String>> {
        let mut chunks = Vec::new();
        while let Poll::Ready(chunk) = self.poll(waker) {
            chunks.push(chunk);
            if chunks.last().is_some_and(Option::is_none) {
                break;
            }
        }
        chunks
    }
}

#[actix_web::test]
async fn a_stream_puts_together_what_waits_and_ends_after_its_bytes() {
    let f = fixture(|settings| settings.limits.response_bytes = 20);
    let mut stream = Stream::begin(&f).await;
    let end = f.kept.take();
    for message in ["1", "2", "3", "4", "5"] {
        end.send([message]).await.unwrap();
    }
    let mut chunks = stream.chunks(Waker::noop());
    assert_eq!(chunks.remove(0).unwrap().len(), 2049);
    let expected = [Some("o\n"), Some("a[\"1\",\"2\",\"3\"]\n"), Some("a[\"4\"]\n"), None];
    assert_eq!(chunks, expected.map(|chunk| chunk.map(str::to_owned)));
    assert_eq!(f.post("/x/0/s/xhr", "").await.1, "a[\"5\"]\n");
}

/// Counts its wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[actix_web::test]
async fn frames_that_are_sent_in_one_go_wake_once_and_are_one_chunk() {
    let f = fixture(|_| {});
    let mut stream = Stream::begin(&f).await;
    let end = f.kept.take();
    let wakes = Arc::new(Wakes::default());
    assert_eq!(stream.chunks(&Arc::clone(&wakes).into()).len(), 2, "the prelude, and that it is open");
    let frames: Vec<String> = (0..64).map(|n| format!(r#"a["{n}"]"#)).collect();
    let sent = poll_fn(|cx| end.poll_send_slices(cx, frames.iter().map(String::as_bytes))).await;
    assert_eq!(sent, Ok(frames.concat().len()));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    let elements = (0..64).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    assert_eq!(stream.chunks(Waker::noop()), [Some(format!("a[{elements}]\n"))]);
}

#[actix_web::test]
async fn a_stream_that_is_not_read_is_given_no_more_than_a_little_of_what_waits() {
    let f = fixture(|_| {});
    let mut stream = Stream::begin(&f).await;
    let end = f.kept.take();
    assert_eq!(stream.chunks(Waker::noop()).len(), 2);
    let frame = format!("a[\"{}\"]", "x".repeat(1000));
    let frames = [frame.as_bytes(); 60];
    poll_fn(|cx| end.poll_send_slices(cx, frames)).await.unwrap();
    let Poll::Ready(Some(chunk)) = stream.poll(Waker::noop()) else { panic!("there is more") };
    assert!((15 << 10..=16 << 10).contains(&chunk.len()), "{}", chunk.len());
    assert!(end.buffered_bytes() > 40 << 10, "the rest is the session's still");
}

#[actix_web::test]
async fn of_what_is_sent_in_one_go_whole_frames_are_taken_while_there_is_room() {
    let f = fixture(|settings| settings.limits.outbound_bytes = 3 * (6 + FRAME_COST_BYTES));
    let end = f.open().await;
    let frame = &br#"a["1"]"#[..];
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(end.poll_send_slices(&mut cx, [frame; 5]), Poll::Ready(Ok(18)));
    assert_eq!(end.poll_send_slices(&mut cx, [frame; 2]), Poll::Pending);
    assert_eq!(f.post("/x/0/s/xhr", "").await.1, "a[\"1\",\"1\",\"1\"]\n");
    assert_eq!(end.poll_send_slices(&mut cx, [frame; 2]), Poll::Ready(Ok(12)));
    end.close(3000, "Go away!");
    assert_eq!(end.poll_send_slices(&mut cx, [frame]), Poll::Ready(Err(Gone)));
}

#[actix_web::test]
async fn a_send_waits_for_room_and_a_second_one_is_refused() {
    let f = fixture(|settings| settings.limits = Limits { inbound_bytes: 40, ..Limits::default() });
    let end = f.open().await;
    assert_eq!(f.post("/x/0/s/xhr_send", r#"["a"]"#).await.0, 204);
    let read = async {
        // Lets the request get that far.
        actix_web::rt::task::yield_now().await;
        let refused = f.post("/x/0/s/xhr_send", r#"["c"]"#).await;
        assert_eq!(refused, (503, "Another send is still waiting.\n".to_owned()));
        assert_eq!(end.receive().await.as_deref(), Some("a"));
        assert_eq!(end.receive().await.as_deref(), Some("b"));
    };
    let app = init_service(App::new().configure(|config| f.server.routes(config, "/x"))).await;
    let waiting = TestRequest::with_uri("/x/0/s/xhr_send").method(Method::POST).set_payload(r#"["b"]"#);
    let (response, ()) = futures_util::future::join(app.call(waiting.to_request()), read).await;
    assert_eq!(response.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(f.post("/x/0/s/xhr_send", r#"["d"]"#).await.0, 204);
}

#[actix_web::test]
async fn what_waits_for_the_client_is_bounded() {
    let f = fixture(|settings| settings.limits.outbound_bytes = 10);
    let end = f.open().await;
    let frame = Bytes::from_static(br#"a["1"]"#);
    end.try_send_frame(&frame).unwrap();
    assert_eq!(end.try_send_frame(&frame), Err(SendError::Full));
    let poll = async {
        actix_web::rt::task::yield_now().await;
        assert_eq!(f.post("/x/0/s/xhr", "").await.1, "a[\"1\"]\n");
    };
    let (sent, ()) = futures_util::future::join(poll_fn(|cx| end.poll_send_frame(cx, &frame)), poll).await;
    sent.unwrap();
    assert_eq!(end.buffered_bytes(), 6);
}

#[actix_web::test]
async fn hostile_requests_are_refused_in_words() {
    let f = fixture(|settings| {
        settings.body_bytes = 16;
        settings.max_sessions = 1;
    });
    let _end = f.open().await;
    assert_eq!(f.post("/x/0/s/xhr_send", &"[".repeat(17)).await.0, 413);
    assert_eq!(f.post("/x/0/s/xhr_send", "").await, (500, "Payload expected.\n".to_owned()));
    assert_eq!(f.post("/x/0/s/xhr_send", "[\"x").await, (500, "Broken JSON encoding.\n".to_owned()));
    assert_eq!(f.post("/x/0/none/xhr_send", "[]").await.0, 404);
    assert_eq!(f.post("/x/0/other/xhr", "").await, (503, "Too many sessions.\n".to_owned()));
    let long = format!("/x/0/{}/xhr", "s".repeat(1000));
    assert_eq!(f.post(&long, "").await.0, 404);
    for path in ["/x/0/a.b/xhr", "/x/0/s/xhr/", "/x//s/xhr", "/x/0/s/unknown", "/x/iframe-/.html"] {
        assert_eq!(f.post(path, "").await.0, 404, "{path}");
    }
    let script = f.ask(Method::GET, "/x/0/s/jsonp?c=%3Cscript%3E", "").await;
    assert_eq!(script, (500, "invalid \"callback\" parameter\n".to_owned()));
    let evil =
        TestRequest::with_uri("/x/0/s/xhr").method(Method::POST).insert_header(("origin", "http://evil"));
    let response = f.call(evil).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(header(&response, "access-control-allow-origin"), None);
    let refused = TestRequest::with_uri("/x/0/u/xhr").method(Method::POST).insert_header(("x-refuse", "1"));
    assert_eq!(f.call(refused).await.status(), StatusCode::PAYMENT_REQUIRED);
}

#[actix_web::test]
async fn preflights_are_answered_and_other_methods_are_not_allowed() {
    let f = fixture(|settings| settings.info.cookie_needed = true);
    for path in ["/x/0/s/xhr", "/x/0/s/xhr_send", "/x/0/s/eventsource", "/x/info"] {
        let request =
            TestRequest::with_uri(path).method(Method::OPTIONS).insert_header(("origin", "http://a"));
        let response = f.call(request).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&response, "access-control-allow-origin"), Some("http://a"));
        assert_eq!(header(&response, "access-control-allow-credentials"), Some("true"));
        assert_eq!(header(&response, "vary"), Some("Origin"));
        let response = f.call(TestRequest::with_uri(path).method(Method::PUT)).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert!(header(&response, "allow").is_some_and(|allow| allow.starts_with("OPTIONS, ")));
    }
    let cookie = ("cookie", "JSESSIONID=abc");
    let response = f.call(TestRequest::with_uri("/x/0/s/eventsource").insert_header(cookie)).await;
    assert_eq!(header(&response, "set-cookie"), Some("JSESSIONID=abc; path=/"));
    assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&response, "access-control-allow-credentials"), None);
}

#[actix_web::test]
async fn the_sweep_forgets_who_does_not_come_back() {
    let f = fixture(|_| {});
    let end = f.open().await;
    assert_eq!(f.server.sessions(), 1);
    #[allow(clippy::disallowed_methods, reason = "a test of what happens then")]
    let now = Instant::now();
    f.server.sweep(now + Duration::from_secs(4));
    assert_eq!(f.server.sessions(), 1);
    f.server.sweep(now + Duration::from_secs(6));
    assert_eq!(f.server.sessions(), 0);
    assert_eq!(end.receive().await, None);
    assert_eq!(f.post("/x/0/s/xhr", "").await.1, "o\n", "the name is free again");
}

#[actix_web::test]
async fn the_script_is_served_and_the_iframe_page_uses_it() {
    let f = fixture(|settings| settings.script = Some(Bytes::from_static(b"script")));
    assert_eq!(f.ask(Method::GET, "/x/sockjs.min.js", "").await, (200, "script".to_owned()));
    let response = f.call(TestRequest::with_uri("/x/iframe-1.6.1.html?t=1")).await;
    let tag = header(&response, "etag").unwrap().to_owned();
    let page = read_body(response).await;
    assert!(str::from_utf8(&page).unwrap().contains(r#"src="/x/sockjs.min.js""#));
    let again = TestRequest::with_uri("/x/iframe.html").insert_header(("if-none-match", tag));
    assert_eq!(f.call(again).await.status(), StatusCode::NOT_MODIFIED);
}

#[actix_web::test]
async fn the_iframe_page_says_who_may_frame_it_and_is_asked_for_again_when_that_changes() {
    let page = |allowed: Option<&str>| {
        let allowed = allowed.map(str::to_owned);
        let f = fixture(|settings| settings.frame_ancestors = allowed);
        async move { f.call(TestRequest::with_uri("/x/iframe.html")).await }
    };
    let open = page(None).await;
    assert_eq!(header(&open, "content-security-policy"), None);
    assert!(header(&open, "cache-control").unwrap().contains("max-age=31536000"));

    let closed = page(Some("'none'")).await;
    assert_eq!(header(&closed, "content-security-policy"), Some("frame-ancestors 'none'"));
    assert_eq!(header(&closed, "cache-control"), Some("no-cache"));
    assert_eq!(header(&closed, "expires"), None);
    let friends = page(Some("https://a.example http://localhost:*")).await;
    let tags = [&open, &closed, &friends].map(|page| header(page, "etag").unwrap());
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
}
