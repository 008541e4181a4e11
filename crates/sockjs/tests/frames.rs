//! Every frame, by every transport, is read back by a browser as what it was.

mod browser;

use hub_sockjs::framing::Framing;
use hub_sockjs::{Callback, Messages, frame, receive};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text out of everything that has a meaning somewhere on its way.
fn hostile() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "\"",
        "\\",
        "\n",
        "\r",
        "\r\n\r\n",
        "\0",
        "%",
        "%25",
        "%2",
        "<",
        "</script>",
        "<!--",
        "data: ",
        "'",
        "\u{2028}",
        "\u{2029}",
        "\u{feff}",
        "\u{ffff}",
        "\u{200c}",
        "\u{7f}",
        "é",
        "\u{1f600}",
        "\\u0041",
        "a[",
        "]",
        ",",
    ]);
    let any = any::<char>().prop_map(String::from);
    vec(prop_oneof![3 => special.prop_map(str::to_owned), 1 => any], 0..10).prop_map(|parts| parts.concat())
}

fn framings() -> [Framing; 5] {
    let callback = || Callback::from_query("callback=_jp.a-1").unwrap();
    [
        Framing::Xhr,
        Framing::XhrStreaming,
        Framing::EventSource,
        Framing::HtmlFile(callback()),
        Framing::Jsonp(callback()),
    ]
}

fn array(messages: &[String]) -> Vec<u8> {
    let mut frame = Messages::default();
    for message in messages {
        frame.push(message);
    }
    frame.finish()
}

proptest! {
    #[test]
    fn every_frame_comes_out_of_every_transport(
        messages in vec(hostile(), 0..4),
        code in 1000..5000u16,
        reason in hostile(),
    ) {
        let array = String::from_utf8(array(&messages)).unwrap();
        let close = frame::close(code, &reason);
        for framing in framings() {
            for frame in [frame::OPEN, frame::HEARTBEAT, &array, &close] {
                let read = browser::frames(&framing, &framing.encode(frame.as_bytes()));
                prop_assert_eq!(read, [frame], "{:?}", framing);
            }
        }
        prop_assert_eq!(&serde_json::from_str::<Vec<String>>(&array[1..]).unwrap(), &messages);
        prop_assert_eq!(serde_json::from_str::<(u16, String)>(&close[1..]).unwrap(), (code, reason));
    }

    #[test]
    fn a_stream_of_frames_comes_out_in_order(batches in vec(vec(hostile(), 1..4), 0..5)) {
        let mut frames: Vec<Vec<u8>> = batches.iter().map(|messages| array(messages)).collect();
        frames.insert(0, frame::OPEN.into());
        frames.push(frame::close(3000, "Go away!").into());
        for framing in framings().iter().filter(|framing| !framing.is_polling()) {
            let mut body = framing.prelude().unwrap_or_default().to_vec();
            body.extend(frames.iter().flat_map(|frame| framing.encode(frame)));
            let read: Vec<Vec<u8>> = browser::frames(framing, &body).into_iter().map(Vec::from).collect();
            prop_assert_eq!(&read, &frames, "{:?}", framing);
        }
    }

    #[test]
    fn what_a_client_sends_is_what_is_received(messages in vec(hostile(), 0..4)) {
        let json = serde_json::to_string(&messages).unwrap();
        prop_assert_eq!(&receive::messages(&json).unwrap(), &messages);
        prop_assert_eq!(&receive::payload(json.as_bytes()).unwrap(), &messages);
        prop_assert_eq!(&receive::jsonp_payload(json.as_bytes(), false).unwrap(), &messages);
        let escaped = json.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        prop_assert_eq!(&receive::jsonp_payload(format!("d={escaped}").as_bytes(), true).unwrap(), &messages);
    }
}
