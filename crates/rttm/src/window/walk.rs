//! A window as it is walked: its buckets. The totals follow.

use serde::{Deserialize, Serialize, Serializer};

use super::{Count, Window};

/// A [`Window`] that was walked.
#[derive(Deserialize)]
pub(super) struct Walked<C> {
    width_millis: i64,
    back: i64,
    current: i64,
    buckets: Vec<Vec<(u16, C)>>,
    totals: u32,
}

/// The number of keys in place of their totals.
pub(super) fn keys<S: Serializer>(totals: &[u64], to: S) -> Result<S::Ok, S::Error> {
    (totals.len() as u32).serialize(to)
}

impl<C: Count> TryFrom<Walked<C>> for Window<C> {
    type Error = &'static str;

    fn try_from(walked: Walked<C>) -> Result<Window<C>, &'static str> {
        let Walked { width_millis, back, current, buckets, totals: keys } = walked;
        let last = i64::MAX.checked_div(width_millis).unwrap_or(-1);
        if back <= 0 || Ok(back) != buckets.len().try_into() || !(0..=last).contains(&current) {
            return Err("a window is none");
        }
        if keys > u32::from(u16::MAX) + 1 {
            return Err("a window has more keys than there are");
        }
        let mut totals = vec![0_u64; keys as usize];
        for bucket in &buckets {
            if !bucket.is_sorted_by(|(one, _), (next, _)| one < next) {
                return Err("a bucket is in disorder");
            }
            for (key, count) in bucket {
                let total = totals.get_mut(usize::from(*key)).ok_or("a bucket counts what is none")?;
                *total = total.checked_add((*count).into()).ok_or("a window counts too much")?;
            }
        }
        Ok(Window { width_millis, back, current, buckets, totals })
    }
}
