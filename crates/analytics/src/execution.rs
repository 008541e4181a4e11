//! Events of `/topic/transactions`.

use hub_core::dto::Execution;
use hub_fanout::{EventJson, WriteJson};

/// An execution's JSON, written when somebody is sent it: of a replay's thousands, hardly any is.
pub(crate) fn json(execution: Execution) -> EventJson {
    EventJson::later(Executed(execution))
}

struct Executed(Execution);

impl WriteJson for Executed {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.0.write_json(out);
    }

    fn json_bytes(&self) -> usize {
        USUAL_BYTES
    }
}

/// With numbers of usual size.
const USUAL_BYTES: usize = 256;
