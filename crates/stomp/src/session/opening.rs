//! Reading CONNECT (STOMP 1.2, "Connecting").

use std::borrow::Cow;

use super::Connect;
use crate::error::excerpt;
use crate::{Headers, HeartBeat, ProtocolError, Version};

/// Agrees on a version and reads what the client declares.
pub(super) fn read(headers: Headers<'_>) -> Result<(Connect<'_>, HeartBeat), ProtocolError> {
    let accept_version = headers.get("accept-version");
    let Some(version) = Version::negotiate(accept_version.as_deref()) else {
        let asked = excerpt(accept_version.unwrap_or_default().as_bytes());
        return Err(ProtocolError::NoCommonVersion { asked });
    };
    let heart_beat = heart_beat(headers, version)?;
    let field = |name: &str| headers.get(name).map(|value| unpadded(value, version));
    let connect =
        Connect { version, login: field("login"), passcode: field("passcode"), host: field("host"), headers };
    Ok((connect, heart_beat))
}

/// 1.0 has no heart-beats, whatever its client sends.
fn heart_beat(headers: Headers<'_>, version: Version) -> Result<HeartBeat, ProtocolError> {
    match headers.get("heart-beat") {
        Some(value) if version > Version::V1_0 => HeartBeat::parse(&value)
            .ok_or_else(|| ProtocolError::BadHeartbeat { value: excerpt(value.as_bytes()) }),
        _ => Ok(HeartBeat::NONE),
    }
}

/// 1.0 clients pad, as the examples of that specification do. CONNECT is read before the version
/// is known, so its headers come untrimmed.
fn unpadded(value: Cow<'_, str>, version: Version) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(value) if version == Version::V1_0 => Cow::Borrowed(value.trim_matches([' ', '\t'])),
        value => value,
    }
}
