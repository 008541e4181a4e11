//! Frames for several subscribers: made once for each framing, of a template
//! that is made once for each family of them.

use std::collections::HashMap;

use super::framing::Framing;
use super::framings::{FamilyId, FramingId, Framings, InUse};
use crate::shard::wire::{Frames, Template};

/// Bytes kept, over all framings; beyond, a framing is encoded again when it
/// comes again.
const ENCODED_BYTES_MAX: usize = 8 << 20;

/// The frames of one content. Neighbours mostly share a framing, so the last
/// one used is at hand, and nothing is kept elsewhere before there is another.
#[derive(Default)]
pub(super) struct Encoded {
    last: Option<(FramingId, Frames)>,
    frames: HashMap<FramingId, Frames>,
    templates: HashMap<FamilyId, Template>,
    bytes: usize,
    /// There is one subscriber: nothing is shared.
    alone: bool,
}

impl Encoded {
    /// For so many subscribers.
    pub(super) fn for_subscribers(subscribers: usize) -> Encoded {
        Encoded { alone: subscribers == 1, ..Encoded::default() }
    }

    /// The frames for a framing; `encode` makes them of the framing, or of its
    /// family where others of it may come.
    pub(super) fn get(
        &mut self,
        id: FramingId,
        framings: &Framings,
        encode: impl Fn(&Framing) -> Template,
    ) -> &Frames {
        if let Some((last, frames)) = self.last.take_if(|(last, _)| *last != id)
            && framings.is_shared(last)
            && self.admits(frames.len())
        {
            self.frames.insert(last, frames);
        }
        let frames = match self.last.take() {
            Some((_, frames)) => frames,
            None => self.find(id, framings, encode),
        };
        &self.last.insert((id, frames)).1
    }

    fn find(&mut self, id: FramingId, framings: &Framings, encode: impl Fn(&Framing) -> Template) -> Frames {
        if let Some(frames) = self.frames.get(&id) {
            return frames.clone();
        }
        let InUse { framing, family, name, .. } = framings.in_use(id);
        let shared = framings.family(*family);
        if self.alone || shared.members == 1 {
            return encode(framing).frames(name);
        }
        let template = self.templates.entry(*family).or_insert_with(|| encode(&shared.framing));
        if template.is_better_whole() { encode(framing).frames(name) } else { template.frames(name) }
    }

    /// Says whether so many bytes more may be kept; counts them if so.
    fn admits(&mut self, bytes: usize) -> bool {
        let fits = self.bytes + bytes <= ENCODED_BYTES_MAX;
        if fits {
            self.bytes += bytes;
        }
        fits
    }
}
