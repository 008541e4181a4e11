//! JSON of an event, written when somebody is first sent it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A value that becomes JSON when somebody is sent it.
pub trait WriteJson: Send + Sync {
    /// Appends its JSON.
    fn write_json(&self, out: &mut Vec<u8>);

    /// Bytes of its JSON, about: what a window reckons with, whether it was written or not.
    fn json_bytes(&self) -> usize;
}

/// JSON that is there, or that the first who asks writes for all. Cheap to clone.
#[derive(Clone)]
pub struct EventJson(Form);

#[derive(Clone)]
enum Form {
    Written(Bytes),
    Later(Arc<Later<dyn WriteJson>>),
}

struct Later<V: ?Sized> {
    json: OnceLock<Bytes>,
    value: V,
}

impl EventJson {
    /// JSON of `value`, to be written when it is asked for.
    pub fn later(value: impl WriteJson + 'static) -> EventJson {
        EventJson(Form::Later(Arc::new(Later { json: OnceLock::new(), value })))
    }

    /// The JSON, the same bytes for all who ask.
    pub fn get(&self) -> Bytes {
        match &self.0 {
            Form::Written(json) => json.clone(),
            Form::Later(later) => later.json.get_or_init(|| later.value.written()).clone(),
        }
    }

    /// Bytes of the JSON: about, where it may not be written yet, and always the same.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Form::Written(json) => json.len(),
            Form::Later(later) => later.value.json_bytes(),
        }
    }
}

impl dyn WriteJson {
    fn written(&self) -> Bytes {
        let mut json = Vec::with_capacity(self.json_bytes());
        self.write_json(&mut json);
        json.into()
    }
}

impl From<Bytes> for EventJson {
    fn from(json: Bytes) -> EventJson {
        EventJson(Form::Written(json))
    }
}

impl PartialEq for EventJson {
    fn eq(&self, other: &EventJson) -> bool {
        self.get() == other.get()
    }
}

impl Eq for EventJson {}

impl fmt::Debug for EventJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counted(Arc<AtomicUsize>);

    impl WriteJson for Counted {
        fn write_json(&self, out: &mut Vec<u8>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            out.extend_from_slice(b"{}");
        }

        fn json_bytes(&self) -> usize {
            100
        }
    }

    #[test]
    fn it_is_written_once_when_it_is_first_asked_for() {
        let count = Arc::new(AtomicUsize::new(0));
        let json = EventJson::later(Counted(Arc::clone(&count)));
        let (other, before) = (json.clone(), json.bytes());
        assert_eq!(count.load(Ordering::Relaxed), 0, "nobody asked");
        let (first, second) = (json.get(), other.get());
        assert_eq!((&*first, first.as_ptr()), (&b"{}"[..], second.as_ptr()));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert_eq!(json.bytes(), before, "a window lets go of as much as it took");
        assert_eq!(before, 100);
    }
}
