//! One page of keys.

use hub_fanout::RowKey;

/// Appends to `keys` the first `limit` of `found` that are greater than
/// `from`, ascending. Returns whether there are more.
pub(crate) fn extend_page(
    keys: &mut Vec<RowKey>,
    found: Vec<RowKey>,
    from: Option<RowKey>,
    limit: usize,
) -> bool {
    let start = keys.len();
    keys.extend(found.into_iter().filter(|key| from.is_none_or(|from| *key > from)));
    keys[start..].sort_unstable();
    let more = keys.len() - start > limit;
    keys.truncate(start.saturating_add(limit));
    more
}
