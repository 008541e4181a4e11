//! An item's members, by the fields of its kind.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::Item;
use super::field::Field;
use super::json_object::JsonObject;
use super::raw::Raw;
use super::unread::Unread;
use crate::parameters::is_ignored;
use crate::{Rejection, Timestamp};

/// Characters of a key that are told.
const KEY_CHARS: usize = 64;

/// Treatment of members that nobody reads, and of a field that is given more than once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A fact: it is another's, who may say more than the hub reads. Two values of one field contradict each other.
    Fact,
    /// Somebody's evidence: the first value counts, and nothing is refused.
    Evidence,
    /// A command does what all of it says or nothing.
    Command,
}

/// Fields that an item gives, and what of it nobody reads.
pub(super) struct RawObject<'a> {
    given: Vec<Given<'a>>,
    unread: Vec<(Cow<'a, str>, &'a RawValue)>,
}

struct Given<'a> {
    raw: Raw<'a>,
    spelled: Cow<'a, str>,
}

impl<'a> RawObject<'a> {
    /// The object of a fact: a member that nobody reads is noted, and a field with two values refused by name.
    pub(super) fn parse(item: &Item<'a>, fields: &[&'static Field]) -> Result<RawObject<'a>, Rejection> {
        Self::read(item, fields, Manner::Fact)
    }

    /// The object of a report of what is known to be bad: of two values of a field the first counts.
    pub(super) fn parse_evidence(
        item: &Item<'a>,
        fields: &[&'static Field],
    ) -> Result<RawObject<'a>, Rejection> {
        Self::read(item, fields, Manner::Evidence)
    }

    /// The object of a command: a member that nobody reads, or that is given twice, is refused by name.
    pub(super) fn parse_command(
        item: &Item<'a>,
        fields: &[&'static Field],
    ) -> Result<RawObject<'a>, Rejection> {
        Self::read(item, fields, Manner::Command)
    }

    fn read(item: &Item<'a>, fields: &[&'static Field], manner: Manner) -> Result<RawObject<'a>, Rejection> {
        let not_json = || Rejection::whole(format!("is not JSON: {}", item.fault()));
        let json = item.json.ok_or_else(not_json)?;
        let members = JsonObject::of(json).ok_or_else(|| Rejection::whole("must be a JSON object"))?;
        let mut object = RawObject { given: Vec::with_capacity(fields.len()), unread: Vec::new() };
        for (key, value) in members {
            object.add(key, value, fields, manner)?;
        }
        Ok(object)
    }

    fn add(
        &mut self,
        key: Cow<'a, str>,
        value: &'a RawValue,
        fields: &[&'static Field],
        manner: Manner,
    ) -> Result<(), Rejection> {
        if let Some(field) = fields.iter().find(|field| field.is_called(&key)) {
            let is_given = value.get() != "null";
            return if is_given { self.give(Raw::new(field.name, value), key, manner) } else { Ok(()) };
        }
        if fields.iter().any(|field| field.may_be_in(&key))
            && let Some(inner) = JsonObject::of(value)
        {
            for (name, value) in inner {
                self.add(Cow::Owned(format!("{key}.{name}")), value, fields, manner)?;
            }
            return Ok(());
        }
        match manner {
            Manner::Command if !is_ignored(&key) => Err(no_member(&key, fields)),
            Manner::Command => Ok(()),
            Manner::Fact | Manner::Evidence => {
                self.unread.push((key, value));
                Ok(())
            }
        }
    }

    fn give(&mut self, raw: Raw<'a>, spelled: Cow<'a, str>, manner: Manner) -> Result<(), Rejection> {
        let Some(first) = self.given.iter_mut().find(|given| given.raw.field() == raw.field()) else {
            self.given.push(Given { raw, spelled });
            return Ok(());
        };
        let twice = || format!("is given twice, as {} and {}", shown(&first.spelled), shown(&spelled));
        match manner {
            Manner::Command => Err(raw.reject(twice())),
            // What protobuf sends for a field that was not set contradicts nothing.
            _ if first.raw.is_blank() => {
                *first = Given { raw, spelled };
                Ok(())
            }
            Manner::Fact if !raw.is_blank() && !first.raw.means(raw) => {
                Err(raw.reject(format!("{}, with different values", twice())))
            }
            Manner::Fact => Ok(()),
            Manner::Evidence => {
                if let Some(value) = raw.value().filter(|_| !first.raw.means(raw)) {
                    self.unread.push((spelled, value));
                }
                Ok(())
            }
        }
    }

    /// Members that nobody reads.
    pub(super) fn unread(&self) -> Unread {
        Unread::of(&self.unread)
    }

    /// The value of a field, if it is there and not null.
    pub(super) fn get(&self, field: &Field) -> Option<Raw<'a>> {
        self.given.iter().map(|given| given.raw).find(|raw| raw.field() == field.name)
    }

    /// The value of a field that has to be there.
    pub(super) fn require(&self, field: &Field) -> Result<Raw<'a>, Rejection> {
        self.get(field).ok_or_else(|| Rejection::of(field.name, "is required"))
    }

    /// The time that a sender claims, if it does.
    pub(super) fn time(&self, field: &Field) -> Result<Option<Timestamp>, Rejection> {
        self.get(field).map(Raw::timestamp).transpose()
    }

    /// A time as it is shown: to the millisecond.
    pub(super) fn shown_time(&self, field: &Field) -> Result<Option<Timestamp>, Rejection> {
        let time = self.get(field).map(Raw::any_time).transpose()?;
        Ok(time.and_then(|time| Timestamp::from_millis(time.millis())))
    }
}

fn no_member(key: &str, fields: &[&Field]) -> Rejection {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    Rejection::of(shown(key), format!("is no member here; there are {}", names.join(", ")))
}

/// The beginning of a key, as it is told.
pub(super) fn shown(key: &str) -> String {
    key.chars().take(KEY_CHARS).collect()
}
