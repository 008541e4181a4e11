//! Master data as it is walked.

/// Portfolios' master data, by id: all of each, for a walk leaves nothing out.
pub(super) mod portfolio_infos {
    use std::sync::Arc;

    use hub_core::event::PortfolioInfo;
    use hub_core::{Offset, PortfolioId};
    use hub_rows::{Elements, read_elements};
    use rpds::RedBlackTreeMapSync;
    use serde::ser::SerializeSeq as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::Described;

    type Infos = RedBlackTreeMapSync<PortfolioId, Arc<Described>>;

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "PortfolioInfo")]
    struct Walked {
        portfolio_id: PortfolioId,
        name: String,
        phone_number: Option<String>,
        address: Option<String>,
    }

    #[derive(Serialize)]
    struct Ref<'a>(#[serde(serialize_with = "write")] &'a PortfolioInfo, Offset);

    #[derive(Deserialize)]
    struct Owned(#[serde(with = "Walked")] PortfolioInfo, Offset);

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "of serde's making")]
    fn write<S: Serializer>(info: &&PortfolioInfo, to: S) -> Result<S::Ok, S::Error> {
        Walked::serialize(info, to)
    }

    pub(in crate::state::reference) fn serialize<S: Serializer>(
        infos: &Infos,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(infos.size()))?;
        infos.values().try_for_each(|it| sequence.serialize_element(&Ref(&it.info, it.offset)))?;
        sequence.end()
    }

    #[derive(Default)]
    struct Restored(Infos);

    impl Elements for Restored {
        type Element = Owned;

        fn add(&mut self, Owned(info, offset): Owned) -> Result<(), &'static str> {
            self.0.insert_mut(info.portfolio_id, Arc::new(Described { info, offset }));
            Ok(())
        }
    }

    pub(in crate::state::reference) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Infos, D::Error> {
        read_elements(from).map(|Restored(infos)| infos)
    }
}
