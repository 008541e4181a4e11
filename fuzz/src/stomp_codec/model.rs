//! A plain reader of STOMP frames: it has all bytes at once, and stops at what it does not understand.

use hub_stomp::{Command, Limits, Version};

use super::Owned;

/// The frames, and `None` for each heart-beat, up to the end or the first fault.
pub(super) fn read(stream: &[u8], from_server: bool, version: Version) -> Vec<Option<Owned>> {
    let (mut items, mut rest) = (Vec::new(), stream);
    while let Some(line) = take_line(&mut rest) {
        if line.is_empty() {
            items.push(None);
            continue;
        }
        let named = |command: &Command| command.as_str().as_bytes() == line;
        let Some(command) = Command::ALL.into_iter().find(named) else { break };
        if command.is_from_client() == from_server {
            break;
        }
        let Some(frame) = frame(command, version, &mut rest) else { break };
        items.push(Some(frame));
    }
    items
}

/// Frame that follows a command. `None`: it is not all there, or wrong.
fn frame(command: Command, version: Version, rest: &mut &[u8]) -> Option<Owned> {
    let (mut headers, mut announced) = (Vec::new(), None);
    loop {
        let line = take_line(rest)?;
        if line.is_empty() {
            break;
        }
        if headers.len() == Limits::default().max_headers || line.contains(&0) {
            return None;
        }
        let (name, value) = str::from_utf8(line).ok()?.split_once(':')?;
        let (name, raw, value) = (text(command, version, name)?, value, text(command, version, value)?);
        if name.is_empty() {
            return None;
        }
        if name == "content-length" {
            announced = announced.or(Some(raw));
        }
        headers.push((name, value));
    }
    let length = match announced {
        // As it came: no escape is a digit. `parse` takes a sign, the specification doesn't.
        Some(value) if !value.contains('+') => value.trim_ascii().parse::<u32>().ok()? as usize,
        Some(_) => return None,
        None => rest.iter().position(|byte| *byte == 0)?,
    };
    if announced.is_none() && !may_have_body(command) && begins_a_frame(rest, command.is_from_client()) {
        return None;
    }
    let (body, after) = (rest.get(..length)?, rest.get(length + 1..)?);
    if rest[length] != 0 {
        return None;
    }
    *rest = after;
    Some(Owned { command, headers, body: body.to_vec() })
}

fn may_have_body(command: Command) -> bool {
    matches!(command, Command::Send | Command::Message | Command::Error)
}

/// True if the first line with something in it is a command, where 64 octets show it.
fn begins_a_frame(body: &[u8], from_client: bool) -> bool {
    let mut head = body.get(..64).unwrap_or(body);
    while let [b'\r' | b'\n', after @ ..] = head {
        head = after;
    }
    let line = take_line(&mut head);
    let commands = Command::ALL.into_iter().filter(|command| command.is_from_client() == from_client);
    line.is_some_and(|line| commands.into_iter().any(|command| command.as_str().as_bytes() == line))
}

/// A line without its LF or CR LF.
fn take_line<'s>(rest: &mut &'s [u8]) -> Option<&'s [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// A name or a value, unescaped. `None`: it holds an escape that means nothing.
fn text(command: Command, version: Version, raw: &str) -> Option<String> {
    if matches!(command, Command::Connect | Command::Stomp | Command::Connected) {
        return Some(raw.to_owned());
    }
    if version == Version::V1_0 {
        return Some(raw.trim_matches([' ', '\t']).to_owned());
    }
    let mut text = String::new();
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'c' => ':',
                '\\' => '\\',
                'r' if version == Version::V1_2 => '\r',
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(text)
}
