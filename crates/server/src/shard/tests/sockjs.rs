//! Sessions of `SockJS`'s HTTP transports, as their requests see them.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use hub_sockjs::actix::Server;

use super::world::World;
use crate::metrics::ReasonLabels;
use crate::service::StompMounts;
use crate::sockjs;

const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 50_000));

/// Sessions that the shard takes over.
fn serve(world: &World) -> Server {
    sockjs::server(&world.chassis, "test", &StompMounts::default(), &[world.sessions.clone()].into())
}

/// Asks for what there is for a session's client, as `xhr` does; opens it if it is new.
async fn poll(server: &Server, name: &str) -> String {
    let routes = |config: &mut web::ServiceConfig| server.routes(config, "/ws");
    let app = init_service(App::new().configure(routes)).await;
    let request = TestRequest::post().uri(&format!("/ws/000/{name}/xhr")).peer_addr(PEER);
    let body = read_body(call_service(&app, request.to_request()).await).await;
    String::from_utf8(body.into()).expect("a text")
}

/// Opens a session; the shard takes it over.
async fn open(world: &mut World, server: &Server, name: &str) {
    assert_eq!(poll(server, name).await, "o\n", "{name}");
    world.settle();
}

#[actix_web::test]
async fn a_session_beyond_its_address_s_share_is_told_so_and_far_beyond_it_is_dropped() {
    let mut world = World::new(|limits| limits.sessions_per_address = 1);
    let server = serve(&world);
    open(&mut world, &server, "within").await;
    open(&mut world, &server, "beyond").await;
    let told = "c[1013,\"Too many sessions from this address (limits.sessions_per_address)\"]\n";
    assert_eq!(poll(&server, "beyond").await, told);
    let _another = world.chassis.addresses.enter(PEER).expect("room to be told so");
    open(&mut world, &server, "far-beyond").await;
    assert_eq!(poll(&server, "far-beyond").await, "c[3000,\"Go away!\"]\n");

    let reason = "sessions_per_address";
    let failed = world.chassis.metrics.connections_failed.get_or_create(&ReasonLabels { reason }).get();
    assert_eq!(failed, 1, "of which the operator is told");
}

#[actix_web::test]
async fn there_are_at_most_two_sessions_for_each_connection_that_there_may_be() {
    let mut world = World::new(|limits| limits.connections = 1);
    let server = serve(&world);
    open(&mut world, &server, "left-behind").await;
    open(&mut world, &server, "come-again").await;
    assert_eq!(poll(&server, "another").await, "Too many sessions.\n");
}
